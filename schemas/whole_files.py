"""Files and folders that appear whole or not at all: written under another name, then renamed.

`write_whole` takes the content; `replacing` is for those who write to a path.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     with replacing(f"{folder}/forecast.csv") as part:
...         _ = part.write_text("step,value")
...         os.listdir(folder) == [part.name]
...     os.listdir(folder)
True
['forecast.csv']
"""

import contextlib
import os
import pathlib
import shutil
import uuid
from collections.abc import Iterator


def write_whole(path: str | os.PathLike[str], content: str | bytes, *, durable: bool = False) -> None:
    """Writes a file in one step; text is written as UTF-8.

    Args:
        path: The file; folders above it are made.
        content: All that it shall hold.
        durable: Whether it must survive a power cut from here on.
    """
    with replacing(path, durable=durable) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], *, durable: bool = False) -> Iterator[pathlib.Path]:
    """Gives a path beside the one asked for, with the same suffix; what is written there takes its place at the end.

    Args:
        path: The file or folder; folders above it are made.
        durable: Whether it must survive a power cut from here on.
    """
    target = pathlib.Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Two who write at once must not write into one file.
    part = _beside(target)
    try:
        yield part
        if durable:
            sync_tree(part)
        put_in_place(part, target)
        if durable:
            # The rename itself must survive as well.
            sync(target.parent)
    finally:
        _remove(part)


def parts_of(path: pathlib.Path) -> list[pathlib.Path]:
    """Returns what writers of a file left behind when they were killed."""
    return sorted(path.parent.glob(f".{path.name}.*{path.suffix}"))


def put_in_place(made: pathlib.Path, target: pathlib.Path) -> None:
    """Renames what is whole to its name; a folder that bore it is gone only when the new one is there."""
    if not target.is_dir():
        os.replace(made, target)
        return
    before = _beside(target)
    target.rename(before)
    try:
        made.rename(target)
    except OSError:
        before.rename(target)
        raise
    _remove(before)


def sync(path: pathlib.Path) -> None:
    """Forces a file, or the names in a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(path: pathlib.Path) -> None:
    """Forces a file, or a folder with all that is in it, to disk."""
    for each in (*path.rglob("*"), path):
        sync(each)


def _beside(target: pathlib.Path) -> pathlib.Path:
    return target.with_name(f".{target.name}.{uuid.uuid4().hex}{target.suffix}")


def _remove(path: pathlib.Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
