"""Files here and on the stores that Arrow knows (`gs://`, `s3://`, `hdfs://`), without TensorFlow.

TensorFlow's own way to them takes each worker of Beam seconds to import.
"""

import os

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


def _located(path: str) -> tuple[fs.FileSystem, str]:
    if "://" in path:
        store, name = fs.FileSystem.from_uri(path)
        return store, name
    return fs.LocalFileSystem(), path
