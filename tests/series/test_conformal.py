"""Conformal quantiles, against ranks counted by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeline.series.conformal import INTERVAL_LEVELS, conformal_quantiles, signed_errors

NAN = float("nan")


def quantiles(errors: Any, *levels: str) -> Any:
    return conformal_quantiles(np.asarray(errors, float), levels)


def column(values: Any) -> Any:
    return np.asarray(values, float)[:, None]


def test_each_side_takes_its_own_rank_of_n_plus_one() -> None:
    # 9 errors: floor(10 * 0.1) = 1st and ceil(10 * 0.9) = 9th smallest; 39: 4th and 36th, 1st and 39th.
    nine, many = column(np.arange(9.0, 0.0, -1.0)), column(np.arange(1.0, 40.0))
    np.testing.assert_array_equal(quantiles(nine, "0.1", "0.9")[:, 0], [1, 9])
    np.testing.assert_array_equal(conformal_quantiles(many, INTERVAL_LEVELS)[:, 0], [4, 36, 1, 39])


def test_errors_to_one_side_reach_to_that_side_only() -> None:
    lower, upper = quantiles(column([0.0] * 30 + [5.0] * 9), "0.1", "0.9")
    assert (lower[0], upper[0]) == (0, 5)


def test_whole_numbers_are_not_rounded_up_by_floating_point() -> None:
    # 59 errors at 0.95: 0.95 * 60 = 57 exactly, though not in floating point.
    assert quantiles(column(np.arange(1.0, 60)), "0.95")[0, 0] == 57


def test_the_middle_is_the_median() -> None:
    np.testing.assert_array_equal(quantiles(column([1.0, 2.0, 4.0, 9.0]), "0.5"), [[3]])


def test_with_too_few_errors_the_outermost_stand_in() -> None:
    np.testing.assert_array_equal(quantiles(column([1.0, 4.0, 2.0, 3.0]), "0.025", "0.975")[:, 0], [1, 4])


def test_targets_that_were_not_measured_are_left_out() -> None:
    errors = signed_errors(np.array([[1.0], [NAN], [5.0]]), np.array([[2.0], [9.0], [3.0]]))
    np.testing.assert_array_equal(errors, [[-1.0], [NAN], [2.0]])
    np.testing.assert_array_equal(quantiles(errors, "0.025", "0.975")[:, 0], [-1, 2])


def test_a_forecast_that_is_no_number_reaches_endlessly_to_both_sides() -> None:
    errors = signed_errors(np.array([[1.0], [NAN]]), np.array([[NAN], [NAN]]))
    np.testing.assert_array_equal(errors, [[np.inf], [NAN]])
    np.testing.assert_array_equal(quantiles(errors, "0.1", "0.5", "0.9")[:, 0], [-np.inf, 0, np.inf])


def test_no_step_is_surer_than_the_step_before_it() -> None:
    errors = [[-1.0, 3.0, 2.0, 4.0]]
    np.testing.assert_array_equal(quantiles(errors, "0.1", "0.9"), [[-1, -1, -1, -1], [-1, 3, 3, 4]])


def test_a_step_without_errors_takes_a_neighbours_quantiles() -> None:
    errors = [[NAN, 2.0, NAN, 5.0]]
    np.testing.assert_array_equal(quantiles(errors, "0.5", "0.9"), [[2, 2, 2, 5]] * 2)


def test_without_a_single_error_the_levels_are_endless_and_the_middle_is_the_forecast() -> None:
    found = quantiles(np.full((3, 2), NAN), "0.1", "0.5", "0.9")
    np.testing.assert_array_equal(found, [[-np.inf] * 2, [0.0] * 2, [np.inf] * 2])


def test_shapes_that_would_broadcast_are_refused() -> None:
    with pytest.raises(ValueError, match=r"forecast has shape \(2, 1\), target \(2,\)"):
        signed_errors(np.zeros(2), np.zeros((2, 1)))


@given(errors=st.lists(st.floats(-100, 100), min_size=39, max_size=90, unique=True), low=st.sampled_from([0, 2]))
def test_of_the_errors_themselves_at_least_the_share_lies_inside(errors: Any, low: Any) -> None:
    lower, upper = conformal_quantiles(column(errors), INTERVAL_LEVELS)[low : low + 2, 0]
    inside = np.mean((lower <= np.array(errors)) & (np.array(errors) <= upper))
    share = float(INTERVAL_LEVELS[low + 1]) - float(INTERVAL_LEVELS[low])
    assert share <= inside <= share + 4 / len(errors)


@given(
    errors=st.lists(
        st.lists(st.one_of(st.floats(-9, 9), st.just(NAN), st.just(np.inf)), min_size=4, max_size=4), max_size=12
    ),
    levels=st.sets(st.integers(1, 19), min_size=2),
)
def test_levels_never_cross(errors: Any, levels: Any) -> None:
    names = [str(level / 20) for level in sorted(levels)]
    found = conformal_quantiles(np.array(errors, float).reshape(-1, 4), names)
    assert (found[1:] >= found[:-1]).all()
