"""Errors summed over batches, against sums by hand and in any batching."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.components.report.window_errors import ErrorCollector, ScoredBatch
from tapeline.schemas.served_model import BASELINES, INTERVALS
from tapeline.series.cycles import HOUR, MONTH, WEEKDAY, cycles_of
from tapeline.series.time_grid import TimeGrid
from tapeline.series.window_sums import STATISTICS, WindowSums

HOURLY = TimeGrid("H")


def batch(target: Any, forecast: Any, *, series: Any = None, start: Any = None, scale: Any = None) -> ScoredBatch:
    target, forecast = np.asarray(target, np.float64), np.asarray(forecast, np.float64)
    size = len(target)
    return ScoredBatch(
        series_id=np.array(series or [b"a"] * size, object),
        forecast_start=np.asarray(start if start is not None else np.arange(size) * 3600, np.int64),
        target=target,
        forecasts={"forecast": forecast, **{name: target + 0.5 for name in BASELINES}},
        scale=np.asarray(scale if scale is not None else np.ones(size), np.float64),
        usual_error=np.full(size, 0.25),
    )


def collect(*batches: Any, grid: Any = HOURLY) -> Any:
    collector = ErrorCollector(grid=grid)
    for each in batches:
        collector.add(each)
    return collector.result()


def test_errors_by_hand() -> None:
    # Two windows of two steps; one target unobserved. |errors|: 0.1, 0.2, 0.4 over 3 observed targets.
    errors = collect(batch([[1.0, 1.0], [np.nan, 1.0]], [[1.1, 0.8], [7.0, 1.4]], scale=[10.0, 10.0]))
    assert errors.mae_scaled == pytest.approx(0.7 / 3)
    assert errors.mae == pytest.approx(7.0 / 3)
    assert errors.lead_step["forecast"] == pytest.approx([0.1, 0.3])
    assert errors.lead_step["persistence"] == pytest.approx([0.5, 0.5])
    assert errors.window_mae == pytest.approx([0.15, 0.4])
    assert sorted(errors.residuals) == pytest.approx([-0.2, 0.1, 0.4])
    assert errors.first_residual == pytest.approx([0.1, np.nan], nan_ok=True)


def test_errors_by_lead_step_are_kept_apart_for_each_series_of_a_small_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    first = batch([[0.0, 0.0], [0.0, np.nan]], [[1.0, 2.0], [3.0, 9.0]], series=[b"b", b"a"])
    second = batch([[0.0, 0.0]], [[5.0, 6.0]], series=[b"b"])
    errors = collect(first, second)
    np.testing.assert_array_equal(errors.series_lead_step["forecast"], [[3.0, np.nan], [3.0, 4.0]])
    assert errors.series_lead_step["ridge"][1] == pytest.approx([0.5, 0.5])
    monkeypatch.setattr("tapeline.components.report.window_errors.MOST_APART", 1)
    assert collect(first, second).series_lead_step == {}


def test_every_series_keeps_its_own_scale() -> None:
    errors = collect(batch([[0.0], [0.0]], [[1.0], [3.0]], series=[b"b", b"a"], scale=[100.0, 10.0]))
    assert errors.series_ids == (b"a", b"b")
    assert errors.series_mae.tolist() == [3.0, 1.0]
    assert errors.scale.tolist() == [10.0, 100.0]
    assert errors.mae == pytest.approx((100.0 + 30.0) / 2)


def test_a_forecast_that_is_not_finite_spoils_its_window_and_the_mae_but_no_other_window() -> None:
    errors = collect(batch([[0.0], [0.0]], [[np.nan], [0.25]]))
    assert np.isnan(errors.mae_scaled)
    assert errors.window_mae.tolist() == [np.inf, 0.25]
    assert errors.residuals.tolist() == [0.25]


def test_a_window_without_observed_target_has_no_mae() -> None:
    errors = collect(batch([[np.nan], [0.0]], [[1.0], [0.25]]))
    assert np.isnan(errors.window_mae[0])
    assert errors.mae_scaled == 0.25


def test_errors_are_grouped_by_the_hour_of_each_target_in_the_zone_of_the_data() -> None:
    # Starts at 22:00 UTC, midnight in Helsinki (+2): targets lie at hours 0 and 1.
    grid = TimeGrid("H", "Europe/Helsinki")
    errors = collect(batch([[0.0, 0.0]], [[0.1, 0.3]], start=[22 * 3600]), grid=grid)
    assert errors.cycles[HOUR][:2] == pytest.approx([0.1, 0.3])
    assert np.isnan(errors.cycles[HOUR][2:]).all()
    # 1970-01-02 was a Friday.
    assert errors.cycles[WEEKDAY][4] == pytest.approx(0.2)


def test_cycles_fit_the_frequency() -> None:
    assert cycles_of(TimeGrid("15min")) == (HOUR, WEEKDAY, MONTH)
    assert cycles_of(TimeGrid("D")) == (WEEKDAY, MONTH)
    assert cycles_of(TimeGrid("B")) == (WEEKDAY, MONTH)
    assert cycles_of(TimeGrid("W-SAT")) == (MONTH,)
    assert cycles_of(TimeGrid("MS")) == (MONTH,)
    assert cycles_of(TimeGrid("A")) == ()


def test_the_same_numbers_as_the_gate_computes() -> None:
    rng = np.random.default_rng(0)
    target = rng.normal(size=(40, 6))
    target[rng.random(target.shape) < 0.2] = np.nan
    one = batch(target, rng.normal(size=target.shape), scale=np.full(40, 3.0))
    errors = collect(one)
    sums = WindowSums()
    for row in range(40):
        forecasts = {name: values[row] for name, values in one.forecasts.items()}
        forecasts |= {end: forecasts["forecast"] for ends in INTERVALS for end in ends}
        sums = sums.merge(
            WindowSums.of(target=target[row], forecasts=forecasts, scale=3.0, offset=0.0, naive_error=1.0)
        )
    assert errors.mae_scaled == pytest.approx(STATISTICS["mae_scaled"](sums), rel=1e-12)
    assert errors.mae == pytest.approx(STATISTICS["mae"](sums), rel=1e-12)
    assert errors.lead_step["forecast"] == pytest.approx(STATISTICS["mae_scaled_by_lead_step"](sums), rel=1e-12)


@given(st.lists(st.integers(1, 30), max_size=4), st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_batching_changes_nothing(cuts: Any, seed: Any) -> None:
    rng = np.random.default_rng(seed)
    target, forecast = rng.normal(size=(31, 3)), rng.normal(size=(31, 3))
    series = [b"%d" % number for number in rng.integers(0, 4, 31)]
    edges = [0, *sorted({min(cut, 31) for cut in cuts}), 31]
    parts = [
        batch(target[a:b], forecast[a:b], series=series[a:b], start=np.arange(a, b) * 3600)
        for a, b in itertools.pairwise(edges)
        if b > a
    ]
    whole = collect(batch(target, forecast, series=series))
    pieces = collect(*parts)
    assert pieces.mae_scaled == pytest.approx(whole.mae_scaled)
    assert pieces.series_ids == whole.series_ids
    assert pieces.series_mae == pytest.approx(whole.series_mae)
    assert pieces.cycles[HOUR] == pytest.approx(whole.cycles[HOUR], nan_ok=True)
    assert np.array_equal(pieces.residuals, whole.residuals)


def test_no_windows_are_refused() -> None:
    with pytest.raises(ValueError, match="none were added"):
        ErrorCollector(grid=HOURLY).result()


def test_a_forecast_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"forecast has shape \(1, 3\)"):
        batch([[0.0, 0.0]], [[1.0, 2.0, 3.0]])
