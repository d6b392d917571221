"""A folder of numbered model versions that servers watch, changed only in whole steps.

A version is copied into a hidden folder beside its place, made durable, and
renamed: whoever polls sees all of it or nothing. Numbers are seconds since
the epoch, or one more than the newest where the clock says less: they only
grow, and TensorFlow Serving always serves the newest.

A server on this machine marks the version that it answers from with a file
`.in-use-<process id>` beside the versions, which holds the version's number.
As long as that process runs, the version is not removed.

A version carries the hash of its content; `check_content` finds what was
damaged or changed since the push.

>>> import tempfile
>>> base = tempfile.mkdtemp()
>>> push_version(tempfile.mkdtemp(), base, keep=5, clock=lambda: 1763700000.5)
1763700000
>>> versions(base)
[1763700000]
"""

import contextlib
import fcntl
import hashlib
import logging
import os
import pathlib
import shutil
import time
from collections.abc import Callable, Iterator

from tapeline.schemas.errors import DataError
from tapeline.schemas.served_model import CONTENT_FILE
from tapeline.schemas.whole_files import replacing, write_whole

MODEL_FINGERPRINT = "model_fingerprint"
"""Custom property of a ModelBlessing: the `folder_fingerprint` of the model that was judged."""

VERSIONS_FOLDER = "serving_model"
"""In the folder of a configuration's runs: where the Pusher puts versions."""

IN_USE = ".in-use-"
"""Before the process id, in the name of the file that marks a version as in use."""

_UNFINISHED = ".[0-9]*"
_LOCK = ".lock"
_CHUNK = 1 << 20


def push_version(
    source: str | os.PathLike[str],
    base: str | os.PathLike[str],
    *,
    keep: int,
    fingerprint: str | None = None,
    clock: Callable[[], float] = time.time,
) -> int:
    """Copies a model into a new version and removes the oldest.

    Args:
        source: Folder of the SavedModel.
        base: Folder of the versions; made when missing.
        keep: Versions that stay, the new one included; 1 or more. Versions in use stay as well.
        fingerprint: The `folder_fingerprint` that the copy must have; None takes any.
        clock: Seconds since the epoch.

    Returns:
        The new version; the newest that is there where that has the fingerprint already.

    Raises:
        ValueError: `keep` is less than 1, or the copy has another fingerprint.
        OSError: The copy failed; the versions are as they were.
    """
    if keep < 1:
        raise ValueError(f"push.keep: got {keep}, must be 1 or more: the new version stays.")
    folder = pathlib.Path(base)
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        for left_behind in folder.glob(_UNFINISHED):
            shutil.rmtree(left_behind, ignore_errors=True)
        newest = max(versions(folder), default=0)
        if fingerprint is not None and newest and folder_fingerprint(folder / str(newest)) == fingerprint:
            # Pushed already, by a process that was killed before it could say so, or by a run at the same time.
            return newest
        version = max(int(clock()), newest + 1)
        with replacing(folder / str(version), durable=True) as incoming:
            shutil.copytree(source, incoming)
            content = folder_fingerprint(incoming)
            if fingerprint is not None and content != fingerprint:
                raise ValueError(
                    f"model: the content of {os.fspath(source)!r} is not what was blessed; it was changed after the "
                    "Evaluator. Run the pipeline again."
                )
            write_whole(incoming / CONTENT_FILE, content)
        _remove_oldest(folder, keep)
    return version


def versions(base: str | os.PathLike[str]) -> list[int]:
    """Returns the versions in a folder, the oldest first; none where there is no folder."""
    folder = pathlib.Path(base)
    if not folder.is_dir():
        return []
    return sorted(int(entry.name) for entry in folder.iterdir() if entry.name.isdecimal() and entry.is_dir())


def versions_in_use(base: str | os.PathLike[str]) -> set[int]:
    """Returns the versions that processes of this machine have marked as in use; marks of ended ones do not count."""
    used = set()
    for mark in pathlib.Path(base).glob(f"{IN_USE}*"):
        with contextlib.suppress(ValueError, FileNotFoundError):
            if _is_running(int(mark.name.removeprefix(IN_USE))):
                used.add(int(mark.read_text()))
    return used


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # It runs, as another user.
    return True


def folder_fingerprint(folder: str | os.PathLike[str]) -> str:
    """Returns the SHA-256 over the names and contents of all files in a folder, but for the one that holds it."""
    digest = hashlib.sha256()
    root = pathlib.Path(folder)
    for path in sorted(path for path in root.rglob("*") if path.is_file() and path != root / CONTENT_FILE):
        name = path.relative_to(root).as_posix().encode()
        digest.update(b"%d:%b%d:" % (len(name), name, path.stat().st_size))
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def check_content(folder: str | os.PathLike[str]) -> None:
    """Makes sure that a pushed version is what was pushed; a model that was never pushed carries no hash, and passes.

    Raises:
        DataError: A file was damaged, changed, added or removed.
    """
    kept = pathlib.Path(folder) / CONTENT_FILE
    if kept.is_file() and kept.read_bytes().strip() != folder_fingerprint(folder).encode():
        raise DataError(
            f"model: the content of {os.fspath(folder)!r} is not what was pushed; a file in it was damaged or changed. "
            "Remove the folder and run the pipeline again, or use another version."
        )


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    """One push at a time: what lies half-done in the folder then belongs to nobody."""
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_oldest(folder: pathlib.Path, keep: int) -> None:
    used = versions_in_use(folder)
    for version in versions(folder)[:-keep]:
        if version in used:
            continue
        outgoing = folder / f".{version}.outgoing"
        try:
            os.rename(folder / str(version), outgoing)
            shutil.rmtree(outgoing)
        except OSError as error:
            # The new version is in its place: an old one too many is no reason to call the push failed.
            logging.warning("serving: version %d could not be removed: %s", version, error)
