"""The version in use of a folder of versions, replaced while requests go on.

A new version is loaded and warmed up whole before the reference to the one in
use is replaced: a request keeps the one it has begun with, and none waits. The
folder's newest version decides, as with TensorFlow Serving, so removing that
version goes back to the one before it.
"""

import contextlib
import gc
import logging
import os
import pathlib
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tapeline.forecaster.versions import IN_USE
from tapeline.forecaster.versions import versions as versions_in
from tapeline.schemas.errors import DataError
from tapeline.schemas.whole_files import write_whole

if TYPE_CHECKING:
    from tapeline.clients.rest.loaded_version import ServedModel

LOADING, AVAILABLE, END = "LOADING", "AVAILABLE", "END"

_POLL_SECONDS = 1.0
_log = logging.getLogger("tapeline.serve")


class ModelVersions:
    """Loads the newest version, and says which one is in use.

    A file `.in-use-<process id>` in the folder holds the version's number, so that the Pusher leaves it in its place.

    Args:
        base: Folder of the versions.
        load: Makes a model of a version's folder; raises `DataError` where it cannot be served.
    """

    def __init__(self, base: str | os.PathLike[str], *, load: Callable[[pathlib.Path], "ServedModel"]) -> None:
        self._base = pathlib.Path(base)
        self._load = load
        self._marker = self._base / f"{IN_USE}{os.getpid()}"
        self._current: ServedModel | None = None
        self._states: dict[int, tuple[str, str]] = {}
        self._broken: dict[int, frozenset[tuple[pathlib.Path, int, int]]] = {}
        self._released: list[weakref.ref[ServedModel]] = []
        self._marks = True

    @property
    def current(self) -> "ServedModel":
        """The version in use.

        Raises:
            DataError: None of the folder can be served.
        """
        if self._current is None:
            problems = [problem for _, problem in self._states.values() if problem]
            raise DataError("; ".join(problems) or f"{self._base}: holds no version of a model.")
        return self._current

    @property
    def states(self) -> dict[int, tuple[str, str]]:
        """What became of each version looked at: `LOADING`, `AVAILABLE` or `END`, and what went wrong."""
        return dict(self._states)

    def refresh(self) -> None:
        """Takes the newest version that can be served into use, unless it is already."""
        self._collect()
        for version in reversed(versions_in(self._base)):
            if self._current is not None and version == self._current.version:
                return
            if self._take(version):
                return

    def close(self) -> None:
        """Says that no version is in use any more."""
        if not self._marks:
            return
        try:
            self._marker.unlink(missing_ok=True)
        except OSError as error:
            # What is left names a process that has ended, which holds back no push.
            _log.warning("cannot take the mark of the version in use away: %s", error)

    @contextlib.contextmanager
    def watched(self, seconds: float = _POLL_SECONDS) -> Iterator[None]:
        """Refreshes, at first here, then from a thread of its own until the block is left, and closes.

        Args:
            seconds: Time between two looks.
        """
        done = threading.Event()

        def watch() -> None:
            while not done.wait(seconds):
                try:
                    self.refresh()
                except Exception:
                    # Serving goes on with what is loaded; a folder out of reach now may be back in a moment.
                    _log.exception("cannot look for new versions in %s", self._base)

        thread = threading.Thread(target=watch, name="versions", daemon=True)
        try:
            self.refresh()
            thread.start()
            yield
        finally:
            done.set()
            if thread.is_alive():
                thread.join()
            self.close()

    def _take(self, version: int) -> bool:
        folder = self._base / str(version)
        content = _content(folder)
        if self._broken.get(version) == content:
            return False
        self._states[version] = (LOADING, "")
        try:
            model = self._load(folder)
        except DataError as error:
            # A copy under way changes, and is then tried again; what stays as it is was logged once.
            self._broken[version] = content
            self._states[version] = (END, str(error))
            _log.error("version %d is skipped: %s", version, error)
            return False
        before = self._current
        self._current = model
        self._states[version] = (AVAILABLE, "")
        self._mark(version)
        if before is not None:
            self._states[before.version] = (END, "")
            self._released.append(weakref.ref(before))
            _log.info("version %d took the place of %d", version, before.version)
        return True

    def _mark(self, version: int) -> None:
        if not self._marks:
            return
        try:
            write_whole(self._marker, f"{version}\n")
        except OSError as error:
            self._marks = False
            _log.warning("cannot mark the version in use: %s; a push may remove its folder", error)

    def _collect(self) -> None:
        """Frees what models no longer in use hold, once their last request is answered: they refer to themselves."""
        if self._released:
            gc.collect()
            self._released = [model for model in self._released if model() is not None]


def _content(folder: pathlib.Path) -> frozenset[tuple[pathlib.Path, int, int]]:
    """Names, sizes and times of the files of a version: what changes while it is copied."""
    found = set()
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            found.add((path, status.st_size, status.st_mtime_ns))
    return frozenset(found)
