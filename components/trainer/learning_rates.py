"""How the learning rate changes from epoch to epoch: when the error stops falling, or along half a cosine."""

import math
from collections.abc import Sequence

import keras

from tapeline.components.trainer.callbacks import ReduceLROnPlateau, ResumableCallback, learning_rate_of
from tapeline.schemas.training_config import TrainingConfig


def rate_callback(config: TrainingConfig, optimizers: Sequence[keras.optimizers.Optimizer]) -> ResumableCallback:
    """Returns the callback that a configuration asks for.

    Args:
        config: The section `training`.
        optimizers: Whose rates it changes, all at once.
    """
    if config.rate_schedule == "cosine":
        return CosineDecay(optimizers, epochs=config.epochs, warm_up=config.warm_up)
    return ReduceLROnPlateau(optimizers, **config.reduce_on_plateau.model_dump())


class CosineDecay(ResumableCallback):
    """Lets the rates rise for some epochs, then fall along half a cosine (Loshchilov and Hutter 2017, no restarts).

    It depends on the number of the epoch alone, so there is nothing to remember. It reaches 0 one epoch after the last:
    `training.epochs` should be what training takes, not more than it could ever take.

    Args:
        optimizers: Their rates at the start are the top of the cosine.
        epochs: Epochs of the training.
        warm_up: Epochs before the top is reached.
    """

    def __init__(self, optimizers: Sequence[keras.optimizers.Optimizer], *, epochs: int, warm_up: int = 0) -> None:
        super().__init__()
        self._tops = [(optimizer, learning_rate_of(optimizer)) for optimizer in optimizers]
        self._epochs = epochs
        self._warm_up = warm_up

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        share = cosine_share(epoch, epochs=self._epochs, warm_up=self._warm_up)
        for optimizer, top in self._tops:
            optimizer.learning_rate = top * share


def cosine_share(epoch: int, *, epochs: int, warm_up: int = 0) -> float:
    """Returns the share of the top rate in an epoch.

    >>> [round(cosine_share(epoch, epochs=6, warm_up=2), 2) for epoch in range(6)]
    [0.33, 0.67, 1.0, 0.85, 0.5, 0.15]

    Args:
        epoch: Number of the epoch, from 0.
        epochs: Epochs of the training.
        warm_up: Epochs in which the rate rises.
    """
    if epoch < warm_up:
        return (epoch + 1) / (warm_up + 1)
    return 0.5 * (1.0 + math.cos(math.pi * (epoch - warm_up) / (epochs - warm_up)))
