"""Forecasts in the target's unit show the digits that they have."""

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.serving.unit_rounding import round_to_scale


def rounded(value: float, scale: float) -> float:
    (found,) = round_to_scale(tf.constant([[value]], tf.float64), tf.constant([[scale]], tf.float64)).numpy().ravel()
    return float(found)


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        (371.23456789012, 17.0, 371.234568),
        (100_000_001.23456789, 22.0, 100_000_001.234568),
        (0.000123456789012, 0.0002, 0.00012345679),
        (123456789012345.0, 3e12, 123456789000000.0),
        (1e8, 1e-30, 1e8),
        (5e300, 1e300, 5e300),
    ],
)
def test_a_step_is_at_most_a_ten_millionth_of_the_scale(value: float, scale: float, expected: float) -> None:
    assert rounded(value, scale) == expected
    assert abs(expected - value) <= 1e-7 * scale


def test_what_is_not_finite_stays() -> None:
    assert rounded(np.inf, 1.0) == np.inf
    assert np.isnan(rounded(np.nan, 1.0))
