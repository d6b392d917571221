"""What a person sees of training: lines and a bar while it runs, JSON and TensorBoard's files for later looks.

`HistoryLines` and `TensorBoardLogs` are resumable: a run that was killed and carries on in a new folder has the epochs
from before the crash in its records as well.

>>> print(epoch_line(6, 150, {"loss": 0.0102, "val_loss": 0.0101, "learning_rate": 0.001, "windows_per_second": 9310}))
epoch   7/150  loss 0.01020  val_loss 0.01010  rate 0.001     9,310 windows/s
>>> print(bar(1, 3, 0.5))
  [==========....................] 1/3  loss 0.50000
"""

import json
import math
import os
import pathlib
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import keras
import tensorflow as tf

from tapeline.components.trainer.callbacks import ResumableCallback
from tapeline.schemas import features as names
from tapeline.schemas.window_spec import WindowShape

_BAR_WIDTH = 30
_REDRAW_SECONDS = 0.1
_CANDIDATE_SECONDS = 10.0
"""Between two lines of one candidate: six of them would write hundreds."""


def epoch_line(epoch: int, epochs: int, logs: Mapping[str, float], *, candidate: str = "") -> str:
    """Returns what is printed after an epoch.

    Args:
        epoch: Number of the epoch, from 0.
        epochs: Most epochs there will be.
        logs: `loss`, `val_loss`, `learning_rate` and `windows_per_second`.
        candidate: Name of the candidate that the epoch belongs to; none where there is only one network.
    """
    width = len(str(epochs))
    errors = f"epoch {epoch + 1:{width}d}/{epochs}  loss {logs['loss']:.5f}  val_loss {logs['val_loss']:.5f}"
    speed = f"{logs['windows_per_second']:,.0f} windows/s"
    # A line fits into 80 columns.
    return f"{candidate}  {errors}  {speed}" if candidate else f"{errors}  rate {logs['learning_rate']:<8.3g}  {speed}"


def bar(done: int, steps: int, loss: float) -> str:
    """Returns the bar inside an epoch: steps made, steps of the epoch, mean loss so far."""
    filled = _BAR_WIDTH * done // steps
    return f"  [{'=' * filled}{'.' * (_BAR_WIDTH - filled)}] {done}/{steps}  loss {loss:.5f}"


class ProgressLines(keras.callbacks.Callback):
    """Prints a line for each epoch; on a terminal a bar is drawn over it while the epoch runs.

    Where candidates train side by side, each prints a line now and then and none draws a bar; the history has all epochs.

    Args:
        epochs: Most epochs there will be.
        candidate: Name of the candidate; none where there is only one network.
        stream: Where to print; None: standard output as it is when training begins.
        clock: Seconds; replaced in tests.
    """

    def __init__(
        self,
        epochs: int,
        *,
        candidate: str = "",
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._epochs = epochs
        self._candidate = candidate
        self._given = stream
        self._clock = clock
        self._drawn = 0
        self._redraw_at = 0.0
        self._next_line_at = -math.inf

    @property
    def _stream(self) -> TextIO:
        return self._given or sys.stdout

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        if self._candidate or not logs or not self._stream.isatty() or self._clock() < self._redraw_at:
            return
        self._redraw_at = self._clock() + _REDRAW_SECONDS
        self._clear()
        self._drawn = self._stream.write(bar(batch + 1, int(logs["steps"]), logs["loss"]))
        self._stream.flush()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        if self._candidate:
            now = self._clock()
            if now < self._next_line_at:
                return
            self._next_line_at = now + _CANDIDATE_SECONDS
        self._clear()
        # One write: lines of threads do not mix.
        self._stream.write(epoch_line(epoch, self._epochs, logs or {}, candidate=self._candidate) + "\n")
        self._stream.flush()

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        self._clear()

    def _clear(self) -> None:
        if self._drawn:
            self._stream.write("\r" + " " * self._drawn + "\r")
            self._drawn = 0


class HistoryFile:
    """A file with one JSON object a line, one line an epoch, which all candidates of a pool write to.

    Args:
        path: The file; its folder is made.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = pathlib.Path(path)
        self._lock = threading.Lock()
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def append(self, candidate: str, row: dict[str, Any]) -> None:
        """Adds a line.

        Args:
            candidate: Whose epoch it is.
            row: What to write.
        """
        with self._lock:
            self._rows[candidate].append(row)
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")

    def put(self, candidate: str, rows: list[dict[str, Any]]) -> None:
        """Replaces the lines of a candidate, and sorts the file: candidate by candidate, epoch by epoch.

        Args:
            candidate: Whose epochs they are.
            rows: All of them.
        """
        with self._lock:
            self._rows[candidate] = list(rows)
            # The file may hold epochs that are about to be repeated, or half a line.
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lines = [json.dumps(row) + "\n" for name in sorted(self._rows, key=_by_number) for row in self._rows[name]]
            self._path.write_text("".join(lines), encoding="utf-8")


def _by_number(candidate: str) -> tuple[int, str]:
    return len(candidate), candidate


class HistoryLines(ResumableCallback):
    """Writes the logs of each epoch as one line of JSON.

    Args:
        file: Where to; a path for a single network.
        candidate: Name of the candidate, which then stands in each line; none where there is only one network.
    """

    remembered = ("rows",)

    def __init__(self, file: HistoryFile | str | os.PathLike[str], *, candidate: str = "") -> None:
        super().__init__()
        self._file = file if isinstance(file, HistoryFile) else HistoryFile(file)
        self._candidate = candidate

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self.load_state({"rows": []})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        whose = {"candidate": self._candidate} if self._candidate else {}
        self.rows.append({**whose, "epoch": epoch + 1, **(logs or {})})
        self._file.append(self._candidate, self.rows[-1])

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        self._file.put(self._candidate, self.rows)

    def load_state(self, state: dict[str, Any]) -> None:
        self.rows: list[dict[str, Any]] = list(state["rows"])
        self._file.put(self._candidate, self.rows)


class TensorBoardLogs(ResumableCallback):
    """Writes scalars, the graph of the model and histograms of its weights for TensorBoard.

    Args:
        directory: TensorBoard's log folder.
        histograms_every: Epochs between two histograms of each weight.
    """

    remembered = ("rows",)

    def __init__(self, directory: str | os.PathLike[str], *, histograms_every: int = 5) -> None:
        super().__init__()
        self._directory = os.fspath(directory)
        self._every = histograms_every

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self.rows: list[dict[str, float]] = []
        self._writer = tf.summary.create_file_writer(self._directory)
        with self._writer.as_default():
            tf.summary.graph(_graph_of(self.model))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self.rows.append(dict(logs or {}))
        self._write_scalars(epoch)
        if epoch % self._every == 0:
            with self._writer.as_default(step=epoch):
                for variable in self.model.trainable_variables:
                    tf.summary.histogram(variable.path, variable.numpy())
        self._writer.flush()

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        self._writer.close()

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        for epoch in range(len(self.rows)):
            self._write_scalars(epoch)

    def _write_scalars(self, epoch: int) -> None:
        with self._writer.as_default(step=epoch):
            for name, value in self.rows[epoch].items():
                tf.summary.scalar(name, value)


def _graph_of(model: keras.Model) -> tf.Graph:
    """Returns the graph that forecasts a batch free-running."""
    shape: WindowShape = model.shape
    steps = shape.context_length
    sizes = {
        names.CONTEXT: [steps],
        names.CONTEXT_OBSERVED: [steps],
        names.PAST_COVARIATES: [steps, shape.past],
        names.FUTURE_COVARIATES: [steps + shape.horizon, shape.future],
        names.STATIC_COVARIATES: [shape.static],
    }
    window = {name: tf.TensorSpec([None, *size], tf.float32, name=name) for name, size in sizes.items()}
    window[names.SERIES_INDEX] = tf.TensorSpec([None], tf.int32, name=names.SERIES_INDEX)
    return tf.function(lambda window: model(window), autograph=False).get_concrete_function(window).graph
