"""Files on any file system that Beam knows, without TensorFlow: its import takes a worker seconds."""

import os
from typing import Any

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems


def open_read(path: str) -> Any:
    """Opens a file for reading; its bytes are left as they are."""
    return FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)


def open_write(path: str) -> Any:
    """Opens a new file for writing, in a folder that is made where it is missing."""
    return FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED)


def rename(path: str, target: str) -> None:
    """Gives a file its final name, in place of what bears it."""
    if FileSystems.get_scheme(target) is None:
        os.makedirs(os.path.dirname(target), exist_ok=True)
    elif FileSystems.exists(target):
        # HDFS refuses a name that is taken.
        FileSystems.delete([target])
    FileSystems.rename([path], [target])


def matching(pattern: str) -> list[str]:
    """Returns the files that a pattern matches, sorted."""
    (found,) = FileSystems.match([pattern])
    return sorted(metadata.path for metadata in found.metadata_list)
