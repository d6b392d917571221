"""Files here and on the stores that Arrow knows (`gs://`, `s3://`, `hdfs://`), without TensorFlow.

TensorFlow's own way to them takes each worker of Beam seconds to import.
"""

import os
from collections.abc import Iterator

import pyarrow as pa
from pyarrow import fs


def open_read(path: str) -> pa.NativeFile:
    """Opens a file for reading, at any place in it."""
    store, name = _located(path)
    return store.open_input_file(name)


def open_write(path: str) -> pa.NativeFile:
    """Opens a new file for writing, in a folder that is made where it is missing."""
    store, name = _located(path)
    store.create_dir(os.path.dirname(name))
    return store.open_output_stream(name, compression=None)


def rename(path: str, target: str) -> None:
    """Gives a file its final name, in place of what bears it; the folder is made where it is missing."""
    store, name = _located(target)
    store.create_dir(os.path.dirname(name))
    store.move(_located(path)[1], name)


def contents(folder: str, *, ending: str) -> Iterator[bytes]:
    """Yields what the files of a folder hold whose names have an ending; a missing folder has none."""
    store, name = _located(folder)
    for found in store.get_file_info(fs.FileSelector(name, allow_not_found=True)):
        if found.is_file and found.path.endswith(ending):
            with store.open_input_file(found.path) as file:
                yield file.read()


def _located(path: str) -> tuple[fs.FileSystem, str]:
    if "://" in path:
        store, name = fs.FileSystem.from_uri(path)
        return store, name
    return fs.LocalFileSystem(), path
