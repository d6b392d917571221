"""What training leaves behind for later looks: a line of JSON an epoch, and TensorBoard's files.

    train(model, ..., callbacks=[HistoryLines(run / "history.jsonl"), TensorBoardLogs(run)])

Both are resumable: a run that was killed and carries on in a new folder has
the epochs from before the crash in its records as well.
"""

import json
import os
import pathlib
from collections.abc import Mapping

import keras
import tensorflow as tf

from tapeline.components.trainer.callbacks import ResumableCallback, State
from tapeline.schemas import features as names
from tapeline.schemas.window_spec import WindowShape


class HistoryLines(ResumableCallback):
    """Writes the logs of each epoch as one line of JSON.

    Args:
        path: The file; its folder is made.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self._path = pathlib.Path(path)
        self._rows: list[dict[str, float]] = []

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self._rows = []
        self._rewrite()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._rows.append({"epoch": epoch + 1, **(logs or {})})
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps(self._rows[-1]) + "\n")

    def state_dict(self) -> State:
        return {"rows": self._rows}

    def load_state(self, state: State) -> None:
        self._rows = list(state["rows"])
        self._rewrite()

    def _rewrite(self) -> None:
        """The file may hold epochs that are about to be repeated, or half a line."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text("".join(json.dumps(row) + "\n" for row in self._rows), encoding="utf-8")


class TensorBoardLogs(ResumableCallback):
    """Writes scalars, the graph of the model and histograms of its weights for TensorBoard.

    Args:
        directory: TensorBoard's log folder.
        histograms_every: Epochs between two histograms of each weight.
    """

    def __init__(self, directory: str | os.PathLike[str], *, histograms_every: int = 5) -> None:
        super().__init__()
        self._directory = os.fspath(directory)
        self._every = histograms_every
        self._rows: list[dict[str, float]] = []

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self._rows = []
        self._writer = tf.summary.create_file_writer(self._directory)
        with self._writer.as_default():
            tf.summary.graph(_graph_of(self.model))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._rows.append({"epoch": epoch, **(logs or {})})
        with self._writer.as_default(step=epoch):
            _write_scalars(logs or {})
            if epoch % self._every == 0:
                for variable in self.model.trainable_variables:
                    tf.summary.histogram(variable.path, variable.numpy())
        self._writer.flush()

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        self._writer.close()

    def state_dict(self) -> State:
        return {"rows": self._rows}

    def load_state(self, state: State) -> None:
        self._rows = list(state["rows"])
        for row in self._rows:
            with self._writer.as_default(step=int(row["epoch"])):
                _write_scalars({name: value for name, value in row.items() if name != "epoch"})


def _write_scalars(logs: Mapping[str, float]) -> None:
    for name, value in logs.items():
        tf.summary.scalar(name, value)


def _graph_of(model: keras.Model) -> tf.Graph:
    """The graph that forecasts a batch free-running."""
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
    return tf.function(lambda window: model(window), autograph=False).get_concrete_function(window).graph
