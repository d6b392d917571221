"""One checkpoint an epoch, written so that a crash at any point leaves a whole one.

    store = CheckpointStore(directory, fingerprint=digest)
    store.save(Snapshot(epoch=3, arrays=[...], state={...}), best=True)
    snapshot = store.load()             # None where there is nothing to resume

A checkpoint is one file: everything that the next epoch depends on, or nothing.
It is written beside its place, forced to the disk, and renamed: a rename either
happens or does not. There is no random state in it, because there is none:
every draw is made anew from the seed, the epoch and the step.
"""

import contextlib
import dataclasses
import fcntl
import io
import json
import os
import pathlib
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from tapeline.schemas.whole_files import parts_of, write_whole

LAST, BEST = "last.npz", "best.npz"
_META = "snapshot.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What training depends on after an epoch.

    Attributes:
        epoch: Epochs done; the next one has this number.
        arrays: Every variable, and the arrays in the callbacks' memory, by name.
        state: JSON values: the callbacks' memory, the history.
    """

    epoch: int
    arrays: dict[str, np.ndarray]
    state: dict[str, Any]


class CheckpointMismatchError(ValueError):
    """A checkpoint cannot be taken up: it belongs to another run, or is damaged."""


class CheckpointStore:
    """A folder with the last and the best checkpoint of one training run.

    Args:
        directory: Made when the first checkpoint is written.
        fingerprint: A digest of everything that the result depends on (the
            configuration, the data, the code). A checkpoint with another one is
            never taken up.
    """

    def __init__(self, directory: str | os.PathLike[str], *, fingerprint: str) -> None:
        self.directory = pathlib.Path(directory)
        self.fingerprint = fingerprint

    def save(self, snapshot: Snapshot, *, best: bool) -> None:
        """Writes the last checkpoint, and makes it the best one as well where it is.

        Args:
            snapshot: What to write.
            best: Whether no epoch before was better.
        """
        meta = {"epoch": snapshot.epoch, "state": snapshot.state, "fingerprint": self.fingerprint}
        content = _encode(meta, snapshot.arrays)
        if best:
            write_whole(self.directory / BEST, content, durable=True)
        write_whole(self.directory / LAST, content, durable=True)

    def load(self, name: str = LAST) -> Snapshot | None:
        """Reads a checkpoint.

        Args:
            name: `LAST` or `BEST`.

        Returns:
            The snapshot, or None where none was written.

        Raises:
            CheckpointMismatchError: It was written under another fingerprint,
                or its bytes are damaged; the message says which, and how to
                get on.
        """
        path = self.directory / name
        try:
            with np.load(path, allow_pickle=False) as file:
                meta = json.loads(bytes(file[_META]))
                arrays = {key: file[key] for key in file.files if key != _META}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise CheckpointMismatchError(
                f"checkpoint {path}: cannot be read ({error}). Delete the folder to train from the start."
            ) from error
        if meta["fingerprint"] != self.fingerprint:
            raise CheckpointMismatchError(
                f"checkpoint {path}: was written with another configuration, other data or other code "
                f"(fingerprint {meta['fingerprint'][:12]}, this run has {self.fingerprint[:12]})."
            )
        return Snapshot(epoch=meta["epoch"], arrays=arrays, state=meta["state"])

    def remove(self) -> None:
        """Deletes the checkpoints, and the folder where nothing else is in it."""
        for path in (self.directory / LAST, self.directory / BEST):
            for left in (path, *parts_of(path)):
                left.unlink(missing_ok=True)
        if self.directory.is_dir() and not any(self.directory.iterdir()):
            self.directory.rmdir()


@contextlib.contextmanager
def own_folder(root: str | os.PathLike[str], *, otherwise: str) -> Iterator[pathlib.Path]:
    """Gives the folder for checkpoints and holds it, or one beside it while another training holds that.

    What was interrupted is carried on in the same folder by whoever comes next;
    two trainings at once would take each other's files away.

    Args:
        root: The folder.
        otherwise: What the name of the one beside it ends with.
    """
    folder = pathlib.Path(root)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_name(f".{folder.name}.lock"), "a") as lock:
        try:
            # The lock goes with the process, however that ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            folder = folder.with_name(f"{folder.name}-{otherwise}")
        yield folder


def _encode(meta: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{_META: np.frombuffer(json.dumps(meta).encode(), np.uint8)}, **arrays)
    return buffer.getvalue()
