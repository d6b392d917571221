"""Conformal half-widths, against quantiles counted by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeline.series.conformal import absolute_residuals, conformal_half_widths

NAN = float("nan")


def test_the_quantile_is_that_of_n_plus_one() -> None:
    # 9 residuals: ceil(10 * 0.8) = 8th smallest; 19: ceil(20 * 0.8) = 16th and ceil(20 * 0.95) = 19th.
    nine, nineteen = (np.arange(1.0, n + 1)[::-1, None] for n in (9, 19))
    assert conformal_half_widths(nine)[0, 0] == 8
    np.testing.assert_array_equal(conformal_half_widths(nineteen)[:, 0], [16, 19])


def test_whole_numbers_are_not_rounded_up_by_floating_point() -> None:
    # 59 residuals at 95 %: 0.95 * 60 = 57 exactly, though not in floating point.
    assert conformal_half_widths(np.arange(1.0, 60)[:, None])[1, 0] == 57


def test_with_too_few_residuals_the_largest_stands_in() -> None:
    # 95 % of 4 asks for the 5th smallest of 4.
    np.testing.assert_array_equal(conformal_half_widths(np.array([[1.0], [4.0], [2.0], [3.0]]))[:, 0], [4, 4])


def test_targets_that_were_not_measured_are_left_out() -> None:
    residuals = absolute_residuals(np.array([[1.0], [NAN], [5.0]]), np.array([[2.0], [9.0], [3.0]]))
    np.testing.assert_array_equal(residuals, [[1.0], [NAN], [2.0]])
    assert conformal_half_widths(residuals)[1, 0] == 2


def test_a_forecast_that_is_no_number_makes_the_interval_infinite() -> None:
    residuals = absolute_residuals(np.array([[1.0], [NAN]]), np.array([[NAN], [NAN]]))
    np.testing.assert_array_equal(residuals, [[np.inf], [NAN]])


def test_no_step_is_surer_than_the_step_before_it() -> None:
    residuals = np.array([[1.0, 3.0, 2.0, 4.0]])
    np.testing.assert_array_equal(conformal_half_widths(residuals), [[1, 3, 3, 4]] * 2)


def test_a_step_without_residuals_takes_a_neighbours_half_width() -> None:
    residuals = np.array([[NAN, 2.0, NAN, 5.0]])
    np.testing.assert_array_equal(conformal_half_widths(residuals), [[2, 2, 2, 5]] * 2)


def test_without_a_single_residual_the_interval_is_infinite() -> None:
    assert np.isinf(conformal_half_widths(np.full((3, 2), NAN))).all()


def test_shapes_that_would_broadcast_are_refused() -> None:
    with pytest.raises(ValueError, match=r"forecast has shape \(2, 1\), target \(2,\)"):
        absolute_residuals(np.zeros(2), np.zeros((2, 1)))


@given(residuals=st.lists(st.floats(0, 100), min_size=19, max_size=60, unique=True), percent=st.sampled_from([80, 95]))
def test_of_the_residuals_themselves_at_least_the_share_lies_inside(residuals: Any, percent: Any) -> None:
    width = conformal_half_widths(np.array(residuals)[:, None])[(80, 95).index(percent), 0]
    inside = np.mean(np.float32(residuals) <= width)
    assert percent / 100 <= inside <= percent / 100 + 2 / len(residuals) + 0.05
