"""Callbacks that decide: when to stop, and when to slow down.

Both are subclasses of `keras.callbacks.Callback`, look at `val_loss`, and decide as Keras' own do, epoch by epoch (a
property test feeds both the same losses). In addition their memory survives a crash: it is part of the checkpoint of
every epoch.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf


class OutOfTimeError(Exception):
    """Ends an epoch, and training with it, without a trace of that epoch; raised by a callback."""


class ResumableCallback(keras.callbacks.Callback):
    """A callback whose memory is part of a checkpoint.

    Attributes:
        remembered: Names of the attributes that must be known to carry on after an epoch: JSON values and arrays.
    """

    remembered: tuple[str, ...] = ()

    def state_dict(self) -> dict[str, Any]:
        """Returns the memory as it is after an epoch."""
        return {name: getattr(self, name) for name in self.remembered}

    def load_state(self, state: dict[str, Any]) -> None:
        """Takes up what `state_dict` gave; called after `on_train_begin`."""
        for name in self.remembered:
            value = state[name]
            setattr(self, name, list(value) if isinstance(value, list) else value)


class EarlyStopping(ResumableCallback):
    """Ends training when the validation error has stopped falling.

    The loop reads `model.stop_training` after each epoch. At the end of training the model has the weights of its best
    epoch again: the last ones are `patience` epochs past it.

    Args:
        patience: Epochs in a row without improvement after which training ends.
        min_delta: Least fall of the error that counts as an improvement.
        warm_up: Epochs at the start that are not looked at. With a sampling schedule the first epochs train an easier
            task; their error may be lower than that of the epochs after them.
    """

    remembered = ("untrained", "untrained_weights", "best", "best_epoch", "best_weights", "wait")

    def __init__(self, *, patience: int, min_delta: float = 0.0, warm_up: int = 0) -> None:
        super().__init__()
        self.patience = patience
        self.min_delta = min_delta
        self.warm_up = warm_up
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.untrained: float | None = None
        self.untrained_weights: list[npt.NDArray[Any]] = []
        self.best: float | None = None
        self.best_epoch: int | None = None
        self.best_weights: list[npt.NDArray[Any]] = []
        self.wait = 0

    def note_untrained(self, error: float) -> None:
        """Remembers the model as it is before the first epoch.

        A model that starts from a good baseline may never get better than it; then `on_train_end` brings the start
        back. Patience does not count from there: the first epochs are often worse than such a start, and lead on.

        Args:
            error: The validation error before training.
        """
        self.untrained = error
        self.untrained_weights = self.model.get_weights()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if epoch < self.warm_up:
            return
        error = (logs or {})["val_loss"]
        if improves(error, self.best, self.min_delta):
            self.best, self.best_epoch, self.wait = error, epoch, 0
            self.best_weights = self.model.get_weights()
            return
        self.wait += 1
        if self.wait >= self.patience:
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        if self.best is None:
            return
        if self.untrained is not None and not self.best < self.untrained:
            self.best_epoch = None
            self.model.set_weights(self.untrained_weights)
        else:
            self.model.set_weights(self.best_weights)


class ReduceLROnPlateau(ResumableCallback):
    """Lowers the learning rate when the validation error has stopped falling.

    A large rate finds the valley and then jumps from wall to wall; each reduction lets the weights settle deeper. The
    rates themselves are variables of the optimizers, so they are in the checkpoint already.

    Args:
        optimizers: Whose rates are lowered, all at once; None: that of `model.optimizer`.
        factor: What a rate is multiplied by, above 0 and below 1.
        patience: Epochs in a row without improvement before a reduction.
        min_delta: Least fall of the error that counts as an improvement.
        cooldown: Epochs after a reduction in which none is counted.
        min_learning_rate: Where a rate stops falling.
    """

    remembered = ("best", "wait", "cooling")

    def __init__(
        self,
        optimizers: Sequence[keras.optimizers.Optimizer] | None = None,
        *,
        factor: float,
        patience: int,
        min_delta: float = 0.0,
        cooldown: int = 0,
        min_learning_rate: float = 0.0,
    ) -> None:
        super().__init__()
        if not 0.0 < factor < 1.0:
            raise ValueError(f"factor: got {factor}, must lie between 0 and 1 for the rate to fall.")
        self._optimizers = optimizers
        self.factor = factor
        self.patience = patience
        self.min_delta = min_delta
        self.cooldown = cooldown
        self.min_learning_rate = min_learning_rate
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.best: float | None = None
        self.wait = 0
        self.cooling = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        error = (logs or {})["val_loss"]
        if self.cooling:
            self.cooling -= 1
            self.wait = 0
        if improves(error, self.best, self.min_delta):
            self.best, self.wait = error, 0
        elif not self.cooling:
            self.wait += 1
            if self.wait >= self.patience and self._reduce():
                self.cooling, self.wait = self.cooldown, 0

    def _reduce(self) -> bool:
        """Lowers every rate that is above the floor; returns whether there was one."""
        reduced = False
        for optimizer in [self.model.optimizer] if self._optimizers is None else self._optimizers:
            rate = learning_rate_of(optimizer)
            # Rates are float32: a floor such as 1e-5 is not the same number in double precision.
            if rate > np.float32(self.min_learning_rate):
                optimizer.learning_rate = max(rate * self.factor, self.min_learning_rate)
                reduced = True
        return reduced


def improves(error: float, best: float | None, min_delta: float) -> bool:
    """Returns whether `error` lies more than `min_delta` under the best so far. The first one does; NaN never does.

    >>> improves(0.5, None, 0.1), improves(0.45, 0.5, 0.1), improves(0.3, 0.5, 0.1)
    (True, False, True)
    """
    return best is None or error + min_delta < best


def learning_rate_of(optimizer: keras.optimizers.Optimizer) -> float:
    """Returns an optimizer's present rate, whether its variable lies on one device or on several."""
    return float(tf.convert_to_tensor(optimizer.learning_rate))
