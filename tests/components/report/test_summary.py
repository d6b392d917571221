"""Choice of windows and series, and the autocorrelation of residuals."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.components.report.summary import (
    MOST_CHOICES,
    MOST_VALUES,
    autocorrelation,
    newest_windows,
    overall_interval,
    pick_windows,
    worst_series,
)
from tapeline.components.report.window_errors import SplitErrors
from tapeline.series.time_grid import TimeGrid

HOURLY = TimeGrid("H")


def errors_of(
    absolute: Any,
    *,
    series: Any = None,
    start: Any = None,
    observed: Any = None,
    first: Any = None,
    scale: Any = None,
    naive: Any = None,
) -> SplitErrors:
    absolute = np.asarray(absolute, np.float64)
    size = len(absolute)
    series = np.asarray(series if series is not None else np.zeros(size), np.int64)
    count = int(series.max(initial=0)) + 1
    return SplitErrors(
        series_ids=tuple(b"%d" % number for number in range(count)),
        scale=np.asarray(scale if scale is not None else np.ones(count), np.float64),
        series=series,
        forecast_start=np.asarray(start if start is not None else np.arange(size), np.int64) * 3600,
        usual_error=np.ones(count),
        absolute=absolute,
        naive=np.asarray(naive if naive is not None else np.ones((size, 2)), np.float64),
        observed=np.asarray(observed if observed is not None else np.ones(size), np.int64),
        first_residual=np.asarray(first if first is not None else absolute, np.float64),
        lead_step={},
        series_lead_step={},
        cycles={},
        residuals=np.zeros(0, np.float32),
        residual_stride=1,
    )


def test_windows_lie_at_their_percentiles() -> None:
    # 101 windows with the errors 0..100 in some order: the p-th percentile is the window of error p.
    values = np.random.default_rng(1).permutation(101)
    picks = {pick.name: pick for pick in pick_windows(errors_of(values))}
    assert {name: pick.mae_scaled for name, pick in picks.items()} == {
        "typical": 50.0,
        "good": 5.0,
        "best": 0.0,
        "poor": 95.0,
        "worst": 100.0,
    }
    assert values[picks["poor"].window] == 95


def test_equal_windows_are_chosen_by_series_and_start() -> None:
    errors = errors_of([1.0, 1.0, 1.0], series=[1, 0, 0], start=[0, 5, 3])
    assert [(pick.name, pick.window) for pick in pick_windows(errors)] == [("typical", 1), ("best", 2), ("worst", 0)]


def test_no_window_is_shown_twice() -> None:
    assert len(pick_windows(errors_of([0.1]))) == 1
    assert len(pick_windows(errors_of([0.1, 0.2]))) == 2


def test_windows_without_observed_target_are_not_shown_and_unfinite_ones_are_the_worst() -> None:
    errors = errors_of([0.0, np.nan, 0.1, 0.2], observed=[0, 4, 1, 1])
    picks = {pick.name: pick.window for pick in pick_windows(errors)}
    assert picks == {"typical": 3, "best": 2, "worst": 1}


def test_without_a_judged_window_nothing_is_shown() -> None:
    assert pick_windows(errors_of([0.0], observed=[0])) == ()


def test_interval_needs_four_horizons_of_starts() -> None:
    found = overall_interval(errors_of(np.ones(40)), horizon=10, stride=1)
    assert (found.starts, found.block_length) == (40, 10)
    assert found.scaled is not None
    assert overall_interval(errors_of(np.ones(39)), horizon=10, stride=1).scaled is None
    # Every second start is scored: a horizon of 10 steps spans 5 of them.
    assert overall_interval(errors_of(np.ones(39)), horizon=10, stride=2).block_length == 5


def test_interval_stands_in_both_spaces() -> None:
    errors = errors_of(np.random.default_rng(0).random(200), scale=[30.0])
    found = overall_interval(errors, horizon=4, stride=1)
    assert found.in_unit.low == pytest.approx(30 * found.scaled.low)
    assert found.scaled.low < errors.mae_scaled < found.scaled.high


def test_each_series_shows_its_newest_window_the_least_skill_first() -> None:
    # Two windows a series, not in order of time; series 1 errs most.
    errors = errors_of([1, 1, 9, 9, 4, 4], series=[0, 0, 1, 1, 2, 2], start=[7, 3, 3, 7, 7, 3])
    assert newest_windows(errors, horizon=2).tolist() == [3, 4, 0]


def test_of_a_large_panel_series_evenly_spaced_by_skill_are_shown() -> None:
    errors = errors_of(np.arange(3_000.0) + 1.0, series=np.arange(3_000))
    shown = newest_windows(errors, horizon=200)
    assert len(shown) == MOST_VALUES // (2 * 200 + 8 * 200)
    assert (shown[0], shown[-1]) == (2_999, 0)
    assert np.ptp(np.diff(shown)) <= 1
    assert len(newest_windows(errors, horizon=1)) == MOST_CHOICES


def test_series_are_ranked_from_the_worst() -> None:
    errors = errors_of([0.2, 0.5, 0.3, np.nan, 0.0], series=[0, 1, 2, 3, 4], observed=[1, 1, 1, 1, 0])
    assert worst_series(errors, most=3).tolist() == [3, 1, 2]
    # The last series has no observed target: there is nothing to rank.
    assert worst_series(errors, most=10).tolist() == [3, 1, 2, 0]


def test_a_small_series_that_is_forecast_badly_comes_before_a_large_one_that_is_forecast_well() -> None:
    # The first one errs by a hundred times as much, and half of what its naive forecasts err by.
    errors = errors_of([0.5, 0.005], series=[0, 1], naive=[[1.0, 1.5], [0.004, 0.002]])
    assert errors.series_relative_mae.tolist() == [0.5, 2.5]
    assert worst_series(errors, most=2).tolist() == [1, 0]


def brute_force(residual: Any, series: Any, step: Any, lags: Any) -> Any:
    centred = residual - residual.mean()
    at = {(s, t): value for s, t, value in zip(series, step, centred, strict=True)}
    values = []
    for lag in lags:
        products = [value * at[s, t + lag] for (s, t), value in at.items() if (s, t + lag) in at]
        values.append(np.mean(products) / np.mean(centred**2) if products else np.nan)
    return values


@given(st.integers(0, 10_000), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_autocorrelation_equals_that_over_all_pairs(seed: Any, stride: Any) -> None:
    rng = np.random.default_rng(seed)
    places = [(s, t * stride) for s in range(3) for t in range(20) if rng.random() < 0.7]
    places = [places[i] for i in rng.permutation(len(places))]
    series, step = np.array(places).T
    residual = rng.normal(size=len(places))
    found = autocorrelation(
        errors_of(np.abs(residual), series=series, start=step, first=residual), grid=HOURLY, stride=stride
    )
    assert found.value == pytest.approx(brute_force(residual, series, step, found.lag), nan_ok=True)


def test_autocorrelation_of_one_gapless_series_equals_that_of_statsmodels() -> None:
    from statsmodels.tsa.stattools import acf

    residual = np.cumsum(np.random.default_rng(2).normal(size=200))
    found = autocorrelation(errors_of(np.abs(residual), first=residual), grid=HOURLY, stride=1)
    assert found.lag.tolist() == list(range(1, 51))
    assert found.value == pytest.approx(acf(residual, nlags=50, adjusted=True, fft=False)[1:])
    assert found.bound[0] == pytest.approx(1.96 / np.sqrt(199))


def test_residuals_that_do_not_vary_or_are_too_few_have_no_autocorrelation() -> None:
    assert autocorrelation(errors_of(np.ones(50)), grid=HOURLY, stride=1) is None
    assert autocorrelation(errors_of([1.0, 2.0, 3.0]), grid=HOURLY, stride=1) is None
