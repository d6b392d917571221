"""The files that a folder or a glob names. A file or folder that holds rows is read or refused, never passed over.

Passed over are files and folders that begin with `.` or `_` (hidden ones, and markers such as `_SUCCESS`), and texts
about the data: `README.md`, `LICENSE`.
"""

import glob
import os
import pathlib
import re

from tapeline.schemas.errors import DataError

SUFFIXES = (".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zst", ".parquet")
"""Endings of files that can be read, in lower case."""

_ABOUT_THE_DATA = re.compile(
    r"(read_?me|licen[cs]e|copying|notice|changelog|citation)[^.]*(\.(md|txt|rst|html|pdf|cff))?", re.I
)
_SHOWN = 5


def is_readable(name: str) -> bool:
    """Whether a file's name ends like those that can be read, in small letters or capitals."""
    return name.lower().endswith(SUFFIXES)


def files_below(folder: pathlib.Path) -> list[pathlib.Path]:
    """Returns the files of a folder and of those in it, folder by folder, sorted by name.

    Raises:
        DataError: A folder cannot be listed or is a link, or a file is of another kind.
    """
    found, others = [], []
    for parent, folders, files in os.walk(folder, onerror=_refuse_locked):
        folders[:] = sorted(name for name in folders if not name.startswith(("_", ".")))
        for path in (pathlib.Path(parent, name) for name in folders):
            if path.is_symlink():
                raise DataError(
                    f"data.source: {str(path)!r} is a link to a folder, which is not followed. Put the files themselves "
                    "there, or remove the link."
                )
        for name in sorted(files):
            if is_readable(name) and not name.startswith(("_", ".")):
                found.append(pathlib.Path(parent, name))
            elif not name.startswith(("_", ".")) and not _ABOUT_THE_DATA.fullmatch(name):
                others.append(pathlib.Path(parent, name))
    if found and others:
        shown = ", ".join(repr(str(path)) for path in others[:_SHOWN]) + (
            f" and {len(others) - _SHOWN:,} more" * (len(others) > _SHOWN)
        )
        raise DataError(
            f"data.source: the folder {str(folder)!r} holds files of a kind that cannot be read: {shown} (known are "
            f"{', '.join(SUFFIXES)}). Convert them, move them out of the folder, or name the others by a glob."
        )
    return found


def _refuse_locked(error: OSError) -> None:
    raise DataError(
        f"data.source: the folder {str(error.filename)!r} cannot be listed: {error.strerror}. Make it readable, or "
        "move it elsewhere."
    ) from error


def files_matching(pattern: str) -> list[pathlib.Path]:
    """Returns the files that a glob matches, sorted by name.

    Raises:
        DataError: It matches a folder, and not the files in it.
    """
    found = [pathlib.Path(name) for name in sorted(glob.glob(pattern, recursive=True))]
    files = [path for path in found if not path.is_dir()]
    taken = set(files)
    for folder in (path for path in found if path.is_dir()):
        if not taken.issuperset(files_below(folder)):
            raise DataError(
                f"data.source: {pattern!r} matches the folder {str(folder)!r}, and not the files in it. Name its files "
                "as well (with ** for folders of any depth), or match files only."
            )
    return files
