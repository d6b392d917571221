"""Moving averages of the weights: what is validated, kept and served.

    with averaged(groups):
        errors = validate(data)      # the model has its averaged weights
    # and its own again: training goes on from these

At a constant learning rate the weights never come to rest, they circle about
a minimum. Their average lies near its middle (Polyak and Juditsky 1992). The
optimizers keep it, a variable beside each weight, so a checkpoint holds it too.
"""

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np

from tapeline.components.trainer.gradients import VariableGroup


@contextlib.contextmanager
def averaged(groups: Sequence[VariableGroup]) -> Iterator[None]:
    """Gives the variables their moving averages for a while; does nothing for optimizers that keep none.

    Args:
        groups: Variables and their optimizers, after at least one step.
    """
    kept = [
        (variable, np.array(variable.numpy()))
        for group in groups
        if group.optimizer.use_ema
        for variable in group.variables
    ]
    for group in groups:
        group.optimizer.finalize_variable_values(list(group.variables))
    try:
        yield
    finally:
        for variable, value in kept:
            variable.assign(value)
