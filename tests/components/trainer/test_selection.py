"""Greedy selection and the protection of single series, on numbers that can be checked by hand."""

from typing import Any

import numpy as np
import pytest

from tapeline.components.trainer.selection import overlapping, select, served_instead

TRUTH = np.array([[1.0, 2.0], [3.0, 4.0]])
NAN = float("nan")


def shifted(*shifts: Any) -> Any:
    return np.stack([TRUTH + shift for shift in shifts])


def test_the_best_comes_first_and_errors_that_cancel_join_it() -> None:
    # -0.2 alone has 0.2; with 0.3 it has 0.05. A third pick: -0.2 again gives -0.1 / 3, 0.3 again gives 0.4 / 3.
    choice = select(shifted(0.3, -0.2, 1.0), TRUTH, most_picks=3)
    assert choice.picks == (1, 0, 1)
    assert choice.weights == {1: pytest.approx(2 / 3), 0: pytest.approx(1 / 3)}
    assert choice.error == pytest.approx(0.1 / 3)
    assert choice.errors == pytest.approx((0.3, 0.2, 1.0))


def test_no_more_are_picked_than_asked_for() -> None:
    assert select(shifted(0.3, -0.2, 1.0), TRUTH, most_picks=1).picks == (1,)
    assert select(shifted(0.3, -0.2, 1.0), TRUTH, most_picks=2).picks == (1, 0)


def test_a_pick_must_make_the_average_better() -> None:
    # All err to the same side: the average with another one is worse, with itself it is the same.
    choice = select(shifted(0.3, 0.2, 0.5), TRUTH, most_picks=3)
    assert choice.picks == (1,)
    assert choice.weights == {1: 1.0}


def test_of_two_equal_ones_the_simpler_is_picked() -> None:
    assert select(shifted(0.5, 0.25, 0.25), TRUTH, most_picks=1).picks == (1,)


def test_unobserved_steps_do_not_count() -> None:
    target = TRUTH.copy()
    target[1, 1] = NAN
    forecasts = shifted(0.1, 0.2)
    forecasts[0, 1, 1] = 1e9
    choice = select(forecasts, target, most_picks=1)
    assert choice.picks == (0,)
    assert choice.error == pytest.approx(0.1)


def test_without_anything_observed_there_is_nothing_to_select_by() -> None:
    with pytest.raises(ValueError, match="no observed value"):
        select(shifted(0.1), np.full((2, 2), NAN), most_picks=1)


def blocks_of(*gains: float) -> Any:
    """Two forecasts of zeros, a window a block: the first errs by 1, the second by 1 less the gain of the window."""
    target = np.zeros((len(gains), 2))
    second = 1.0 - np.repeat(np.array(gains)[:, np.newaxis], 2, axis=1)
    return np.stack([np.ones_like(target), second]), target, np.arange(len(gains))


def test_with_few_blocks_the_trusted_forecast_stays_where_a_gain_is_not_clear() -> None:
    # Mean gain 0.1, standard error 0.2: luck.
    forecasts, target, blocks = blocks_of(0.6, -0.2, 0.4, -0.4)
    assert select(forecasts, target, most_picks=1).picks == (1,)
    assert select(forecasts, target, most_picks=1, blocks=blocks, trusted=0).picks == (0,)


def test_with_few_blocks_a_clear_gain_counts() -> None:
    forecasts, target, blocks = blocks_of(0.3, 0.2, 0.4, 0.3)
    assert select(forecasts, target, most_picks=3, blocks=blocks, trusted=0).picks == (1,)


def test_with_few_blocks_a_gain_that_may_be_luck_joins_the_trusted_forecast_and_does_not_replace_it() -> None:
    # Mean gain 0.2, standard error 0.13: more than one of these, and less than the 3.2 that four blocks ask for.
    forecasts, target, blocks = blocks_of(0.5, 0.1, -0.1, 0.3)
    assert select(forecasts, target, most_picks=2).picks == (1,)
    assert select(forecasts, target, most_picks=2, blocks=blocks, trusted=0).picks == (0, 1)


def test_with_few_blocks_the_trusted_forecast_keeps_half_of_the_weight() -> None:
    forecasts, target, blocks = blocks_of(0.5, 0.1, -0.1, 0.3)
    assert select(forecasts, target, most_picks=5, blocks=blocks, trusted=0).picks == (0, 1)
    assert select(np.tile(forecasts, (1, 5, 1)), np.tile(target, (5, 1)), most_picks=5, trusted=0).picks == (1,)


def test_where_another_one_is_clearly_better_the_selection_goes_on_as_with_many() -> None:
    target = np.zeros((4, 1))
    trusted, one = np.full((4, 1), 2.0), np.full((4, 1), 0.3)
    other = np.array([[-0.9], [0.25], [-0.6], [0.25]])
    picks = select(np.stack([trusted, one, other]), target, most_picks=2, blocks=np.arange(4), trusted=0).picks
    assert picks == select(np.stack([trusted, one, other]), target, most_picks=2).picks == (1, 2)


def test_with_one_block_nothing_is_clear() -> None:
    forecasts, target, _ = blocks_of(0.3, 0.2, 0.4, 0.3)
    assert select(forecasts, target, most_picks=3, blocks=np.zeros(4, int), trusted=0).picks == (0,)


def test_with_many_blocks_the_best_comes_first() -> None:
    forecasts, target, blocks = blocks_of(*[0.6, -0.2, 0.4, -0.4] * 5)
    assert select(forecasts, target, most_picks=1, blocks=blocks, trusted=0).picks == (1,)


def test_with_few_blocks_a_pick_must_make_the_average_clearly_better() -> None:
    # The second errs to the other side, by so different amounts that the better average is luck.
    target = np.zeros((4, 1))
    forecasts = np.stack([np.full((4, 1), 0.2), np.array([[-3.0], [-0.2], [-0.2], [-0.2]])])
    assert select(forecasts, target, most_picks=2, blocks=np.arange(4), trusted=0).picks == (0,)
    forecasts[1, 0] = -0.2
    assert select(forecasts, target, most_picks=2, blocks=np.arange(4), trusted=0).picks == (0, 1)


def test_windows_of_one_series_that_overlap_belong_together() -> None:
    assert overlapping(np.array([3, 3, 5, 3, 5]), 2).tolist() == [0, 0, 1, 2, 1]


def panel(*errors: Any, windows: int = 8, horizon: int = 2, wobble: float = 0.0) -> Any:
    """Series of zeros; the selection errs by `errors`, and by `wobble` more or less in every other window."""
    series = np.repeat(np.arange(len(errors)), windows)
    sign = np.where(np.arange(len(series)) % 2, 1.0, -1.0)
    selected = (np.repeat(errors, windows) + wobble * sign)[:, None] * np.ones(horizon)
    return selected, np.zeros_like(selected), series


def others(target: Any, *errors: Any) -> Any:
    return np.stack([np.full_like(target, error) for error in errors])


def test_a_series_that_is_worse_off_than_with_a_naive_forecast_is_served_the_best_simple_one() -> None:
    selected, target, series = panel(0.1, 0.5)
    # Naive forecasts err by 0.4 and 0.3, ridge by 0.2: the second series gets ridge.
    found = served_instead(selected, others(target, 0.4, 0.3, 0.2), target, naive=2, series=series, block=2)
    assert found == {1: 2}


def test_a_ridge_alone_hurts_nobody() -> None:
    selected, target, series = panel(0.1, 0.5)
    assert served_instead(selected, others(target, 0.6, 0.2), target, naive=1, series=series, block=2) == {}


def test_a_difference_within_noise_changes_nothing() -> None:
    # Block means of 1.1, 0.3, 1.1, 0.3 ... around 0.7: against 0.65 the t value of 8 is 0.33.
    selected, target, series = panel(0.7, wobble=0.4)
    assert served_instead(selected, others(target, 0.65), target, naive=1, series=series, block=1) == {}
    assert served_instead(selected, others(target, 0.1), target, naive=1, series=series, block=1) == {0: 0}


def test_overlapping_windows_count_as_one_piece() -> None:
    # Eight windows in blocks of four are two pieces: too few to tell.
    selected, target, series = panel(0.5)
    assert served_instead(selected, others(target, 0.1), target, naive=1, series=series, block=4) == {}


def test_short_series_are_judged_together_in_units_of_their_own_error() -> None:
    # Four series of a block each. Three are a little worse, one of another magnitude is a little worse as well.
    selected, target, series = panel(0.5, 0.52, 0.51, 500.0)
    naive = np.repeat([0.4, 0.4, 0.4, 400.0], 8)[:, None] * np.ones(2)
    found = served_instead(selected, naive[None], target, naive=1, series=series, block=8)
    assert found == {0: 0, 1: 0, 2: 0, 3: 0}


def test_unknown_series_and_series_without_a_measured_value_are_left_alone() -> None:
    selected, target, series = panel(0.5, 0.5)
    series[:8] = -1
    target[8:] = NAN
    assert served_instead(selected, others(target, 0.1), target, naive=1, series=series, block=2) == {}
