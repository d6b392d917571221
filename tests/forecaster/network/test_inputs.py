"""What encoder and decoder see at each step."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.network.inputs import decoder_inputs, decoder_size, encoder_inputs, encoder_size, lag_positions
from tapeline.schemas.features_config import RollingConfig
from tapeline.schemas.window_spec import WindowShape

SHAPE = WindowShape(context_length=3, horizon=2, past=1, future=1, static=1)
WINDOW = {
    "context": np.array([[6.0, 2.0, 4.0]], np.float32),
    "context_observed": np.array([[1.0, 0.0, 1.0]], np.float32),
    "past_covariates": np.array([[[10.0], [11.0], [12.0]]], np.float32),
    "future_covariates": np.array([[[20.0], [21.0], [22.0], [23.0], [24.0]]], np.float32),
    "static_covariates": np.array([[30.0]], np.float32),
}
UNIT = tf.constant(2.0)


def test_the_encoder_sees_all_that_is_known_of_each_context_step() -> None:
    rolling = (RollingConfig(window=2),)
    found = encoder_inputs(WINDOW, shape=SHAPE, rolling=rolling, length=3, unit=UNIT)
    # (value - 4) / 2, measured, past, future, mean and deviation of the last two relative values 1, -1, 0, static
    expected = [
        [1.0, 1.0, 10.0, 20.0, 1.0, 0.0, 30.0],
        [-1.0, 0.0, 11.0, 21.0, 0.0, 1.0, 30.0],
        [0.0, 1.0, 12.0, 22.0, -0.5, 0.5, 30.0],
    ]
    np.testing.assert_allclose(found[0], expected, atol=1e-6)
    assert encoder_size(SHAPE, rolling) == 7


def test_a_short_encoder_sees_the_end_with_statistics_of_the_whole() -> None:
    rolling = (RollingConfig(window=3),)
    whole = encoder_inputs(WINDOW, shape=SHAPE, rolling=rolling, length=3, unit=UNIT)
    short = encoder_inputs(WINDOW, shape=SHAPE, rolling=rolling, length=1, unit=UNIT)
    np.testing.assert_array_equal(short, whole[:, 2:])


def test_the_decoder_sees_its_step_the_same_step_a_lag_ago_and_the_line() -> None:
    linear = tf.constant([[5.0, 7.0]])
    found = decoder_inputs(WINDOW, linear, shape=SHAPE, lags=(2,), unit=UNIT)
    # future; one lag (2 steps) ago: (value - 4) / 2, past, future; line / 2
    np.testing.assert_allclose(found[0], [[23.0, -1.0, 11.0, 21.0, 2.5], [24.0, 0.0, 12.0, 22.0, 3.5]])
    assert decoder_size(SHAPE, (2,), highway=True) == 5


def test_a_decoder_that_knows_nothing_gets_no_columns() -> None:
    shape = WindowShape(context_length=3, horizon=2)
    assert decoder_inputs(WINDOW, None, shape=shape, lags=(), unit=UNIT).shape == (1, 2, 0)


@pytest.mark.parametrize(
    ("lag", "expected"), [(2, [4, 5, 4, 5]), (6, [0, 1, 2, 3]), (3, [3, 4, 5, 3]), (1, [5, 5, 5, 5])]
)
def test_a_lag_shorter_than_the_horizon_looks_at_the_last_season_again(lag: int, expected: Any) -> None:
    shape = WindowShape(context_length=6, horizon=4)
    np.testing.assert_array_equal(lag_positions(lag, shape), expected)
