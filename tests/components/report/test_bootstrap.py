"""The moving-block bootstrap of the MAE, against values by hand and a brute-force oracle."""

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.components.report.bootstrap import StartErrors, block_length, errors_by_start, mae_interval


def single(values: Any) -> StartErrors:
    values = np.asarray(values, np.float64)
    return StartErrors(absolute=values, observed=np.ones(len(values)))


def test_windows_of_one_start_are_summed_over_series() -> None:
    errors = errors_by_start(np.array([20, 10, 20]), absolute=np.array([1.0, 5.0, 3.0]), observed=np.array([2, 4, 1]))
    assert errors.absolute.tolist() == [5.0, 4.0]
    assert errors.observed.tolist() == [4.0, 3.0]
    assert errors.mae == pytest.approx(9 / 7)


def test_constant_errors_have_an_interval_of_no_width() -> None:
    interval = mae_interval(single([0.25] * 40), block_length=5)
    assert interval.low == pytest.approx(0.25)
    assert interval.high == pytest.approx(0.25)


def test_one_seed_gives_one_interval() -> None:
    errors = single(np.arange(40) % 7)
    assert mae_interval(errors, block_length=3, seed=4) == mae_interval(errors, block_length=3, seed=4)
    assert mae_interval(errors, block_length=3, seed=4) != mae_interval(errors, block_length=3, seed=5)


def test_too_few_starts_give_no_interval() -> None:
    # 4 blocks of 24 starts need 96 starts.
    assert mae_interval(single(np.ones(95)), block_length=24) is None
    assert mae_interval(single(np.ones(96)), block_length=24) is not None


def test_a_forecast_that_is_not_finite_gives_no_interval() -> None:
    assert mae_interval(single([1.0] * 20 + [np.nan]), block_length=1) is None


def test_starts_without_observed_targets_do_not_count() -> None:
    absolute = np.array([2.0, 0.0] * 30)
    errors = StartErrors(absolute=absolute, observed=np.array([1.0, 0.0] * 30))
    interval = mae_interval(errors, block_length=2)
    # Every block of two holds one error of 2 on one observed target.
    assert (interval.low, interval.high) == (pytest.approx(2.0), pytest.approx(2.0))


def test_interval_of_independent_errors_has_the_width_of_the_normal_one() -> None:
    errors = np.abs(np.random.default_rng(3).normal(size=4_000))
    interval = mae_interval(single(errors), block_length=1)
    half_width = 1.96 * errors.std() / np.sqrt(len(errors))
    assert interval.high - interval.low == pytest.approx(2 * half_width, rel=0.1)


def test_interval_widens_when_errors_last() -> None:
    # Each error stays for 25 starts: 40 independent values, not 1,000.
    rng = np.random.default_rng(8)
    values = np.abs(rng.normal(size=40))
    lasting = mae_interval(single(np.repeat(values, 25)), block_length=50)
    shuffled = mae_interval(single(rng.permutation(np.repeat(values, 25))), block_length=50)
    width = lasting.high - lasting.low
    assert width > 3 * (shuffled.high - shuffled.low)
    assert width == pytest.approx(2 * 1.96 * values.std() / np.sqrt(40), rel=0.35)


def test_series_that_err_together_count_once() -> None:
    # 100 series with the same errors know no more than one of them.
    values = np.abs(np.random.default_rng(5).normal(size=200))
    starts = np.tile(np.arange(200), 100)
    panel = errors_by_start(starts, absolute=np.tile(values, 100), observed=np.ones(20_000))
    one, many = mae_interval(single(values), block_length=4), mae_interval(panel, block_length=4)
    assert (many.low, many.high) == (pytest.approx(one.low), pytest.approx(one.high))


def test_block_is_as_long_as_windows_overlap_and_grows_with_the_cube_root() -> None:
    assert block_length(320, overlap=24) == 24
    assert block_length(1_000, overlap=1) == 10
    assert block_length(27_001, overlap=24) == 31
    assert block_length(1, overlap=1) == 1


def exact_distribution(values: Any, length: Any) -> tuple[Any, Any]:
    """Every resampled MAE with its probability: block sums, convolved."""
    starts = len(values)
    count = -(-starts // length)
    last = starts - (count - 1) * length  # Starts that the last block still fills.
    sums: Counter[Any] = Counter({0: 1})
    for filled in [length] * (count - 1) + [last]:
        blocks = [sum(values[i : i + filled]) for i in range(starts - length + 1)]
        longer: Counter[Any] = Counter()
        for (total, ways), block in itertools.product(sums.items(), blocks):
            longer[total + block] += ways
        sums = longer
    totals = np.array(sorted(sums))
    weights = np.array([float(sums[total]) for total in totals])
    return totals / starts, weights / weights.sum()


@given(st.lists(st.integers(0, 8), min_size=12, max_size=30), st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_interval_holds_95_percent_of_all_possible_draws(values: Any, length: Any) -> None:
    possible, probability = exact_distribution(values, length)
    shift = np.mean(values) - possible @ probability
    interval = mae_interval(single(values), block_length=length, resamples=4_000)
    # Slack: the mean of 4,000 draws, and a tail's share of them, are off by chance.
    off_value, off_share = 0.25, 0.012
    moved = possible + shift
    assert probability[moved < interval.low - off_value].sum() <= 0.025 + off_share
    assert probability[moved > interval.high + off_value].sum() <= 0.025 + off_share
    if interval.low > 0:
        assert probability[moved <= interval.low + off_value].sum() >= 0.025 - off_share
    assert probability[moved >= interval.high - off_value].sum() >= 0.025 - off_share


def test_windows_with_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one value a window"):
        errors_by_start(np.arange(3), absolute=np.ones(3), observed=np.ones(2))


def test_block_of_no_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="block_length: got 0"):
        mae_interval(single(np.ones(9)), block_length=0)
