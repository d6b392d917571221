"""Tells what went wrong first when a loss or a gradient is no longer finite.

It runs once, after the fact: the step itself only looks at the loss and at one norm, and makes no update when either is
not finite, so the weights are still those that led there.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tapeline.components.trainer.train_step import StepResult, TrainStep
from tapeline.schemas.errors import TrainingError
from tapeline.schemas.training_config import TrainingConfig


class NotFiniteError(TrainingError):
    """The loss or a gradient of one network is no longer finite."""


def not_finite_error(
    step: TrainStep,
    window: Mapping[str, npt.NDArray[np.float32]],
    result: StepResult,
    *,
    epoch: int,
    number: int,
    config: TrainingConfig,
) -> NotFiniteError:
    """Returns the error that ends training, with what usually helps.

    Args:
        step: The step that failed.
        window: The batch that it was given, before it went to the replicas.
        result: What it returned.
        epoch: Number of the epoch, from 0.
        number: Number of the step in its epoch, from 0.
        config: The section `training`.
    """
    clip = "is off: set it to 1.0" if config.clip_norm is None else f"is {config.clip_norm:g}: try a tenth of it"
    return NotFiniteError(
        f"training stopped in epoch {epoch + 1}, step {number + 1}: {first_not_finite(step, window, result)} is no "
        f"longer finite. No update was made; the checkpoint of epoch {epoch} is kept. "
        f"training.learning_rate is {config.learning_rate:g}: try a tenth of it. training.clip_norm {clip}. "
        "If an input is not finite, look for extreme values in the data."
    )


def first_not_finite(step: TrainStep, window: Mapping[str, npt.NDArray[np.float32]], result: StepResult) -> str:
    """Names the first thing that is not finite, in the order of cause and effect.

    Args:
        step: The step that failed.
        window: The batch that it was given, before it went to the replicas.
        result: What it returned.

    Returns:
        A phrase such as "the gradient of 'encoder_lstm/lstm_cell/kernel'".
    """
    for name, values in window.items():
        if not np.isfinite(values).all():
            row = int(np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))[0])
            return f"the input {name!r} (row {row} of the batch)"
    for variable in step.model.variables:
        if not np.isfinite(variable.numpy()).all():
            return f"the variable {variable.path!r}"
    if not np.isfinite(result.loss):
        return f"the loss ({result.loss})"
    bad = np.flatnonzero(~np.isfinite(result.squares))
    if not len(bad):
        return f"the norm of all gradients together ({result.gradient_norm})"
    others = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
    return f"the gradient of {step.variables[bad[0]].path!r}{others}"
