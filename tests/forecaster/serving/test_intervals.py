"""Intervals inside the graph: as wide as the half-widths say, and wider beyond the trained horizon."""

import numpy as np
import tensorflow as tf

from tapeline.forecaster.serving.intervals import Intervals


def test_intervals_reach_as_far_in_the_unit_as_the_scale_says() -> None:
    intervals = Intervals(np.array([[1.0, 2.0], [3.0, 4.0]]))
    ends = intervals.around(tf.constant([[10.0, 20.0]], tf.float64), tf.constant([[5.0]], tf.float64))
    np.testing.assert_array_equal(ends["lower"], [[5, 10]])
    np.testing.assert_array_equal(ends["upper_95"], [[25, 40]])


def test_beyond_the_trained_horizon_squares_add_up() -> None:
    widths = Intervals(np.array([[3.0, 4.0], [5.0, 12.0]])).half_widths(tf.constant(5))
    # Steps 0, 1 as they are; 2 = H + 0: sqrt(4^2 + 3^2), 3: sqrt(4^2 + 4^2), 4 = 2 H + 0: sqrt(2 * 4^2 + 3^2).
    np.testing.assert_allclose(widths[0], [3, 4, 5, np.sqrt(32), np.sqrt(41)], rtol=1e-6)
    assert widths[1, 2] == 13


def test_infinite_half_widths_stay_infinite() -> None:
    widths = Intervals(np.full((2, 2), np.inf)).half_widths(tf.constant(5))
    assert np.isinf(widths).all()
