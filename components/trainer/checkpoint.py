"""One checkpoint an epoch, written so that a crash at any point leaves a whole one.

A checkpoint is one file: everything that the next epoch depends on, or nothing. It is written beside its place, forced
to the disk, and renamed: a rename either happens or does not. It holds no random state, because there is none: every
draw is made anew from the seed, the epoch and the step.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     store = CheckpointStore(folder, fingerprint="digest of configuration, data and code")
...     store.save(Snapshot(epoch=3, arrays={"kernel": np.zeros(2)}, state={"wait": 1}), best=True)
...     store.load()
Snapshot(epoch=3, arrays={'kernel': array([0., 0.])}, state={'wait': 1})
"""

import contextlib
import dataclasses
import fcntl
import hashlib
import io
import json
import os
import pathlib
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.components.trainer.callbacks import ResumableCallback
from tapeline.components.trainer.optimizers import VariableGroup
from tapeline.schemas.whole_files import parts_of, write_whole

LAST, BEST = "last.npz", "best.npz"
_META = "snapshot.json"
_STATE = "state/"
_BLOCK_BYTES = 2**20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What training depends on after an epoch.

    Attributes:
        epoch: Epochs done; the next one has this number.
        arrays: Every variable, by name.
        state: JSON values, and arrays in lists: the callbacks' memory, the history.
    """

    epoch: int
    arrays: dict[str, npt.NDArray[Any]]
    state: dict[str, Any]


class CheckpointMismatchError(ValueError):
    """A checkpoint cannot be taken up: it belongs to another run, or is damaged."""


class CheckpointStore:
    """A folder with the last and the best checkpoint of one training run.

    Args:
        directory: Made when the first checkpoint is written.
        fingerprint: From `run_fingerprint`. A checkpoint with another one is never taken up.
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
        arrays = dict(snapshot.arrays)

        def put_beside(array: npt.NDArray[Any]) -> dict[str, str]:
            arrays[name := f"{_STATE}{len(arrays)}"] = array
            return {_STATE: name}

        meta = {"epoch": snapshot.epoch, "state": snapshot.state, "fingerprint": self.fingerprint}
        text = json.dumps(meta, default=put_beside)
        buffer = io.BytesIO()
        np.savez(buffer, **{_META: np.frombuffer(text.encode(), np.uint8)}, **arrays)
        content = buffer.getvalue()
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
            CheckpointMismatchError: It was written under another fingerprint, or its bytes are damaged; the message
                says which, and how to go on.
        """
        path = self.directory / name
        try:
            with np.load(path, allow_pickle=False) as file:
                meta = json.loads(
                    bytes(file[_META]), object_hook=lambda found: file[found[_STATE]] if _STATE in found else found
                )
                arrays = {key: file[key] for key in file.files if not key.startswith((_META, _STATE))}
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

    def of(self, candidate: str) -> "CheckpointStore":
        """Returns the store of one candidate of a pool: a folder in this one.

        Args:
            candidate: Its name.
        """
        return CheckpointStore(self.directory / candidate.replace(" ", "_"), fingerprint=self.fingerprint)

    def remove(self) -> None:
        """Deletes the checkpoints, those of candidates too, and the folder where nothing else is in it."""
        for inner in self.directory.glob("*/"):
            if inner.is_dir():
                CheckpointStore(inner, fingerprint=self.fingerprint).remove()
        for path in (self.directory / LAST, self.directory / BEST):
            for left in (path, *parts_of(path)):
                left.unlink(missing_ok=True)
        if self.directory.is_dir() and not any(self.directory.iterdir()):
            self.directory.rmdir()


@dataclasses.dataclass(frozen=True)
class TrainingState:
    """All that the next epoch depends on: variables of the model and its optimizers, and the memory of callbacks.

    Attributes:
        model: Its variables, not only the trainable ones.
        groups: Their optimizers' variables: moments, step counts, learning rates.
        callbacks: Those that are resumable are asked for their memory.
    """

    model: keras.Model
    groups: Sequence[VariableGroup]
    callbacks: Sequence[keras.callbacks.Callback]

    def _variables(self) -> Iterator[tuple[str, keras.Variable]]:
        # By number: Keras counts up the names of layers within a process, so a path may differ after a restart.
        for number, variable in enumerate(self.model.variables):
            yield f"model/{number}", variable
        for group in self.groups:
            for number, variable in enumerate(group.optimizer.variables):
                yield f"optimizer/{group.name}/{number}", variable

    def _resumable(self) -> dict[str, ResumableCallback]:
        resumable = [callback for callback in self.callbacks if isinstance(callback, ResumableCallback)]
        return {f"{number}/{type(callback).__name__}": callback for number, callback in enumerate(resumable)}

    def snapshot(self, *, epoch: int, history: list[dict[str, float]]) -> Snapshot:
        """Returns a copy of everything.

        Args:
            epoch: Epochs done.
            history: What was logged in each of them.
        """
        return Snapshot(
            epoch=epoch,
            # Copies, since on a CPU NumPy may look into the very memory that the next step changes.
            arrays={name: np.array(variable.numpy()) for name, variable in self._variables()},
            state={
                "callbacks": {name: callback.state_dict() for name, callback in self._resumable().items()},
                "history": history,
                "stopped": bool(self.model.stop_training),
            },
        )

    def restore(self, snapshot: Snapshot) -> list[dict[str, float]]:
        """Puts everything back.

        Args:
            snapshot: From a run with the same configuration.

        Returns:
            What was logged in the epochs that are done.
        """
        for name, variable in self._variables():
            variable.assign(snapshot.arrays[name])
        for name, callback in self._resumable().items():
            callback.load_state(snapshot.state["callbacks"][name])
        self.model.stop_training = snapshot.state["stopped"]
        return list(snapshot.state["history"])


@contextlib.contextmanager
def own_folder(root: str | os.PathLike[str], *, otherwise: str) -> Iterator[pathlib.Path]:
    """Gives the folder for checkpoints and holds it, or one beside it while another training holds that.

    What was interrupted is carried on in the same folder by whoever comes next; two trainings at once would take each
    other's files away.

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


def run_fingerprint(*, settings: Mapping[str, str], files: Iterable[str]) -> str:
    """Returns a SHA-256 digest of a training run: two runs with the same one end with the same weights.

    Args:
        settings: Everything that is not data: sections of the configuration, the code's own fingerprint.
        files: Paths of the data; their content counts, their names do not.
    """
    digest = hashlib.sha256()
    versions = {"tensorflow": tf.__version__, "keras": keras.__version__}
    digest.update(json.dumps({**settings, **versions}, sort_keys=True).encode())
    for path in files:
        digest.update(b"\0file\0")
        with tf.io.gfile.GFile(path, "rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()
