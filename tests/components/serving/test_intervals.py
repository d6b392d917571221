"""Conformal half-widths, against quantiles counted by hand."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from components.serving.intervals import Intervals, absolute_residuals, conformal_half_widths

NAN = float("nan")


def test_the_quantile_is_that_of_n_plus_one():
    # 9 residuals: ceil(10 * 0.8) = 8th smallest; 19: ceil(20 * 0.8) = 16th and ceil(20 * 0.95) = 19th.
    nine, nineteen = (np.arange(1.0, n + 1)[::-1, None] for n in (9, 19))
    assert conformal_half_widths(nine)[0, 0] == 8
    np.testing.assert_array_equal(conformal_half_widths(nineteen)[:, 0], [16, 19])


def test_whole_numbers_are_not_rounded_up_by_floating_point():
    # 59 residuals at 95 %: 0.95 * 60 = 57 exactly, though not in floating point.
    assert conformal_half_widths(np.arange(1.0, 60)[:, None])[1, 0] == 57


def test_with_too_few_residuals_the_largest_stands_in():
    # 95 % of 4 asks for the 5th smallest of 4.
    np.testing.assert_array_equal(conformal_half_widths(np.array([[1.0], [4.0], [2.0], [3.0]]))[:, 0], [4, 4])


def test_targets_that_were_not_measured_are_left_out():
    residuals = absolute_residuals(np.array([[1.0], [NAN], [5.0]]), np.array([[2.0], [9.0], [3.0]]))
    np.testing.assert_array_equal(residuals, [[1], [NAN], [2]])
    assert conformal_half_widths(residuals)[1, 0] == 2


def test_a_forecast_that_is_no_number_makes_the_interval_infinite():
    residuals = absolute_residuals(np.array([[1.0], [NAN]]), np.array([[NAN], [NAN]]))
    np.testing.assert_array_equal(residuals, [[np.inf], [NAN]])


def test_no_step_is_surer_than_the_step_before_it():
    residuals = np.array([[1.0, 3.0, 2.0, 4.0]])
    np.testing.assert_array_equal(conformal_half_widths(residuals), [[1, 3, 3, 4]] * 2)


def test_a_step_without_residuals_takes_a_neighbours_half_width():
    residuals = np.array([[NAN, 2.0, NAN, 5.0]])
    np.testing.assert_array_equal(conformal_half_widths(residuals), [[2, 2, 2, 5]] * 2)


def test_without_a_single_residual_the_interval_is_infinite():
    assert np.isinf(conformal_half_widths(np.full((3, 2), NAN))).all()


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match=r"forecast has shape \(2, 1\), target \(2,\)"):
        absolute_residuals(np.zeros(2), np.zeros((2, 1)))


@given(residuals=st.lists(st.floats(0, 100), min_size=19, max_size=60, unique=True), percent=st.sampled_from([80, 95]))
def test_of_the_residuals_themselves_at_least_the_share_lies_inside(residuals, percent):
    width = conformal_half_widths(np.array(residuals)[:, None])[(80, 95).index(percent), 0]
    inside = np.mean(np.float32(residuals) <= width)
    assert percent / 100 <= inside <= percent / 100 + 2 / len(residuals) + 0.05


def test_intervals_reach_as_far_in_the_unit_as_the_scale_says():
    intervals = Intervals(np.array([[1.0, 2.0], [3.0, 4.0]]))
    ends = intervals.around(tf.constant([[10.0, 20.0]], tf.float64), tf.constant([[5.0]], tf.float64))
    np.testing.assert_array_equal(ends["lower"], [[5, 10]])
    np.testing.assert_array_equal(ends["upper_95"], [[25, 40]])


def test_beyond_the_trained_horizon_squares_add_up():
    widths = Intervals(np.array([[3.0, 4.0], [5.0, 12.0]])).half_widths(tf.constant(5))
    # Steps 0, 1 as they are; 2 = H + 0: sqrt(4^2 + 3^2), 3: sqrt(4^2 + 4^2), 4 = 2 H + 0: sqrt(2 * 4^2 + 3^2).
    np.testing.assert_allclose(widths[0], [3, 4, 5, np.sqrt(32), np.sqrt(41)], rtol=1e-6)
    assert widths[1, 2] == 13


def test_infinite_half_widths_stay_infinite():
    widths = Intervals(np.full((2, 2), np.inf)).half_widths(tf.constant(5))
    assert np.isinf(widths).all()
