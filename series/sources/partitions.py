"""Partitioned folders: columns that stand in the names of folders, as Hive, Spark and pandas write them.

    partition_of("load/region=VIC/year=2021/part-0.parquet", root="load")
    # {"region": "VIC", "year": "2021"}

Such a column is text, the same in every row of a file.
"""

import os
import pathlib
import urllib.parse
from collections.abc import Iterator

_MISSING = "__HIVE_DEFAULT_PARTITION__"


def partition_of(file: str | os.PathLike[str], *, root: str | os.PathLike[str]) -> dict[str, str]:
    """Returns the columns that the folders between a root and a file name; "" where a value is missing.

    Args:
        file: A path below `root`.
        root: Folder that the partitions begin in; folders above it name no columns.
    """
    columns = {}
    for folder in pathlib.PurePath(os.path.relpath(file, root)).parts[:-1]:
        name, equals, value = folder.partition("=")
        if name and equals:
            # Writers escape what a folder's name may not hold.
            text = urllib.parse.unquote(value)
            columns[urllib.parse.unquote(name)] = "" if text == _MISSING else text
    return columns


def files_below(folder: pathlib.Path, suffixes: tuple[str, ...]) -> Iterator[pathlib.Path]:
    """Yields the files of a partitioned folder; those that begin with `_` or `.` are markers of the writer's.

    Args:
        folder: Where to look.
        suffixes: Endings of the files that can be read.
    """
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(("_", ".")))
        for name in sorted(files):
            if name.endswith(suffixes) and not name.startswith(("_", ".")):
                yield pathlib.Path(parent, name)
