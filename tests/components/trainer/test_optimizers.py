"""Groups of variables: their optimizers, and the moving averages of the weights."""

from typing import Any

import keras
import numpy as np
import pytest

from tapeline.components.trainer.optimizers import VariableGroup, averaged, variable_groups
from tapeline.schemas.training_config import TrainingConfig
from tests.components.trainer.small_training import forecaster


def group_of(value: Any, *, momentum: Any) -> VariableGroup:
    variable = keras.Variable(np.array([value], np.float32))
    optimizer = keras.optimizers.SGD(1.0, use_ema=momentum > 0.0, ema_momentum=momentum or 0.99)
    optimizer.build([variable])
    return VariableGroup(name="all", optimizer=optimizer, variables=[variable])


def test_inside_the_weights_are_their_averages_and_outside_their_own() -> None:
    group = group_of(8.0, momentum=0.75)
    (variable,) = group.variables
    # Steps of -4 and -4: 4, then 0. The average starts at the first of them: 0.75 * 4 + 0.25 * 0
    for _ in range(2):
        group.optimizer.apply([np.array([4.0], np.float32)], [variable])
    with averaged([group]):
        assert float(variable[0]) == pytest.approx(3.0)
    assert float(variable[0]) == 0.0


def test_the_own_weights_come_back_after_an_error() -> None:
    group = group_of(8.0, momentum=0.75)
    for _ in range(2):
        group.optimizer.apply([np.array([4.0], np.float32)], list(group.variables))
    with pytest.raises(KeyError), averaged([group]):
        raise KeyError
    assert float(group.variables[0][0]) == 0.0


def test_without_averages_the_weights_stay() -> None:
    group = group_of(8.0, momentum=0.0)
    group.optimizer.apply([np.array([4.0], np.float32)], list(group.variables))
    with averaged([group]):
        assert float(group.variables[0][0]) == 4.0


def test_the_configuration_turns_averages_on_and_off() -> None:
    on, off = (variable_groups(forecaster(), TrainingConfig(average_weights=share)) for share in (0.9, 0.0))
    assert all(group.optimizer.use_ema and group.optimizer.ema_momentum == 0.9 for group in on)
    assert not any(group.optimizer.use_ema for group in off)


def test_adamw_shrinks_weights_apart_from_the_gradient_and_leaves_biases_alone() -> None:
    model = forecaster()
    config = TrainingConfig(
        learning_rate=0.1, highway_learning_rate=None, optimizer={"kind": "adamw", "weight_decay": 0.5}
    )
    for group in variable_groups(model, config):
        before = [np.array(variable.numpy()) for variable in group.variables]
        group.optimizer.apply([np.zeros(variable.shape, np.float32) for variable in group.variables], group.variables)
        for variable, old in zip(group.variables, before, strict=True):
            # Without a gradient what is left is the decay: rate times 0.5 of each weight.
            kept = 1.0 if "bias" in variable.path else 1.0 - 0.1 * 0.5
            np.testing.assert_allclose(variable.numpy(), kept * old, rtol=1e-5)
