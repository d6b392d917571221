"""What a person sees of training: one line an epoch, and on a terminal a bar inside it.

epoch   7/150  loss 0.01021  val_loss 0.01013  learning_rate 0.001  9,310 windows/s
"""

import sys
import time
from collections.abc import Callable, Mapping
from typing import TextIO

import keras

_BAR_WIDTH = 30
_REDRAW_SECONDS = 0.1


def epoch_line(epoch: int, epochs: int, logs: Mapping[str, float]) -> str:
    """Returns what is printed after an epoch.

    Args:
        epoch: Number of the epoch, from 0.
        epochs: Most epochs there will be.
        logs: `loss`, `val_loss`, `learning_rate` and `windows_per_second`.
    """
    width = len(str(epochs))
    return (
        f"epoch {epoch + 1:{width}d}/{epochs}  loss {logs['loss']:.5f}  val_loss {logs['val_loss']:.5f}  "
        f"learning_rate {logs['learning_rate']:<8.3g}  {logs['windows_per_second']:,.0f} windows/s"
    )


def bar(done: int, steps: int, loss: float) -> str:
    """Returns the bar inside an epoch.

    Args:
        done: Steps made.
        steps: Steps of the epoch.
        loss: Mean loss so far.
    """
    filled = _BAR_WIDTH * done // steps
    return f"  [{'=' * filled}{'.' * (_BAR_WIDTH - filled)}] {done}/{steps}  loss {loss:.5f}"


class ProgressLines(keras.callbacks.Callback):
    """Prints a line an epoch; on a terminal a bar is drawn over it while the epoch runs.

    Args:
        epochs: Most epochs there will be.
        stream: Where to print; None: standard output as it is when training begins.
        clock: Seconds; replaced in tests.
    """

    def __init__(
        self, epochs: int, *, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._epochs = epochs
        self._given = stream
        self._clock = clock
        self._drawn = 0
        self._redraw_at = 0.0

    @property
    def _stream(self) -> TextIO:
        return self._given or sys.stdout

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        if not logs or not self._stream.isatty() or self._clock() < self._redraw_at:
            return
        self._redraw_at = self._clock() + _REDRAW_SECONDS
        self._draw(bar(batch + 1, int(logs["steps"]), logs["loss"]))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._clear()
        print(epoch_line(epoch, self._epochs, logs or {}), file=self._stream, flush=True)

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        self._clear()

    def _draw(self, text: str) -> None:
        self._clear()
        self._stream.write(text)
        self._stream.flush()
        self._drawn = len(text)

    def _clear(self) -> None:
        if self._drawn:
            self._stream.write("\r" + " " * self._drawn + "\r")
            self._drawn = 0
