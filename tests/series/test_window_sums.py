"""Sums over windows and their statistics, against numbers one can compute by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeline.series.window_sums import OUTPUTS, STATISTICS, WindowSums

NAN = float("nan")


def window(
    target: Any,
    forecast: Any,
    *,
    persistence: Any = None,
    seasonal_naive: Any = None,
    ridge: Any = None,
    reach: Any = (1.0, 2.0),
    offset: float = 0.0,
    scale: float = 1.0,
    naive_error: float = 1.0,
) -> Any:
    zeros = np.zeros(len(target))
    forecasts = {
        "forecast": np.asarray(forecast, np.float32),
        "persistence": zeros if persistence is None else np.asarray(persistence, np.float32),
        "seasonal_naive": zeros if seasonal_naive is None else np.asarray(seasonal_naive, np.float32),
        "ridge": zeros if ridge is None else np.asarray(ridge, np.float32),
    }
    for level, ends in zip(reach, (("lower", "upper"), ("lower_95", "upper_95")), strict=True):
        forecasts |= {
            end: forecasts["forecast"] + way * np.float32(level) for end, way in zip(ends, (-1, 1), strict=True)
        }
    return WindowSums.of(
        target=np.asarray(target, np.float32), forecasts=forecasts, offset=offset, scale=scale, naive_error=naive_error
    )


def statistic(name: Any, *windows: Any) -> Any:
    sums = WindowSums()
    for one in windows:
        sums = sums.merge(one)
    return STATISTICS[name](sums)


def test_mae_is_the_mean_over_windows_and_lead_steps() -> None:
    # |1-2| + |2-2| + |4-1| + |0-0| = 4 over 4 targets.
    assert statistic("mae_scaled", window([1, 2], [2, 2]), window([4, 0], [1, 0])) == 1.0


def test_mask_leaves_unobserved_targets_out() -> None:
    # |1-2| + |4-1| = 4 over the 2 observed targets.
    assert statistic("mae_scaled", window([1, NAN], [2, 9]), window([4, NAN], [1, 9])) == 2.0


def test_a_window_without_observed_targets_changes_no_error() -> None:
    assert statistic("mae_scaled", window([1, 2], [2, 2]), window([NAN, NAN], [7, 7])) == 0.5


def test_without_any_observed_target_there_is_no_error() -> None:
    assert np.isnan(statistic("mae_scaled", window([NAN], [1])))


def test_rmse_squares_before_the_mean() -> None:
    # sqrt((9 + 16) / 2) = sqrt(12.5)
    assert statistic("rmse_scaled", window([3, 4], [0, 0])) == pytest.approx(np.sqrt(12.5))


def test_mae_in_unit_takes_each_windows_own_scale() -> None:
    # (1 * 10 + 3 * 2) / 2 targets = 8
    assert statistic("mae", window([1], [0], scale=10.0), window([3], [0], scale=2.0)) == 8.0


def test_mae_by_lead_step_keeps_the_steps_apart() -> None:
    by_step = statistic("mae_scaled_by_lead_step", window([1, 5], [0, 0]), window([3, NAN], [0, 0]))
    np.testing.assert_array_equal(by_step, [2.0, 5.0])


def test_skill_is_one_minus_the_ratio_of_errors() -> None:
    # The forecast misses by 1, persistence by 4: 1 - 1/4.
    assert statistic("skill_over_persistence", window([4], [3])) == 0.75


def test_the_baseline_itself_has_no_skill() -> None:
    one = window([4, 2], [1, 1], seasonal_naive=[1, 1])
    assert statistic("skill_over_seasonal_naive", one) == 0.0


def test_over_a_baseline_without_error_there_is_no_skill() -> None:
    assert statistic("skill_over_ridge", window([4], [3], ridge=[4])) == float("-inf")
    assert statistic("skill_over_ridge", window([4], [4], ridge=[4])) == 0.0


def test_one_nan_forecast_makes_every_error_nan() -> None:
    windows = [window([1, 2], [1, 2]), window([1, 2], [NAN, 2])]
    for name in ("mae_scaled", "mae", "rmse_scaled", "skill_over_persistence"):
        assert np.isnan(statistic(name, *windows)), name


def test_an_infinite_forecast_makes_the_error_infinite() -> None:
    assert statistic("mae_scaled", window([1], [np.inf])) == np.inf


def test_finite_share_counts_forecasts_also_where_no_target_was_observed() -> None:
    # 3 of 4 forecasts are finite; the NaN stands over an unobserved target, where no error can see it.
    assert statistic("finite_share", window([1, NAN], [1, NAN]), window([1, 1], [1, 1])) == 0.75


def test_finite_share_of_nothing_is_not_one() -> None:
    assert np.isnan(statistic("finite_share"))


def test_windows_are_counted() -> None:
    assert statistic("window_count", window([1], [1]), window([NAN], [1])) == 2.0


def test_an_error_of_exactly_the_limit_is_exact() -> None:
    # 4 * 0.015 cut into three float32 parts that add up to it without rounding.
    limit, rest, parts = 0.015, 4 * 0.015, []
    for _ in range(3):
        part = np.float32(rest)
        part = part if float(part) <= rest else np.nextafter(part, np.float32(0))
        parts.append(part)
        rest -= float(part)
    assert rest == 0.0
    assert statistic("mae_scaled", window([*parts, 0], [0, 0, 0, 0])) == limit


def test_shapes_that_would_broadcast_are_refused() -> None:
    forecasts = dict.fromkeys(OUTPUTS, np.zeros((3, 1)))
    with pytest.raises(ValueError, match=r"forecast has shape \(3, 1\), target \(3,\)"):
        WindowSums.of(target=np.zeros(3), forecasts=forecasts, offset=0.0, scale=1.0, naive_error=1.0)


def test_a_missing_output_is_named() -> None:
    with pytest.raises(ValueError, match="lack 'persistence'"):
        WindowSums.of(target=np.zeros(1), forecasts={"forecast": np.zeros(1)}, offset=0.0, scale=1.0, naive_error=1.0)


def test_rmse_weighs_large_errors_more_and_is_in_the_unit() -> None:
    # Errors 3 and 1 scaled, 30 and 10 in the unit: sqrt((900 + 100) / 2).
    one = window([0, 0], [3, 1], scale=10.0)
    assert statistic("rmse", one) == pytest.approx(np.sqrt(500))
    assert statistic("rmse_scaled", one) == pytest.approx(np.sqrt(5))


def test_mase_divides_each_error_by_the_naive_error_of_its_series() -> None:
    # 2 / 4 and 4 / 4, 1 / 0.5 twice: (0.5 + 1 + 2 + 2) / 4.
    both = window([0, 0], [2, 4], naive_error=4.0), window([0, 0], [1, 1], naive_error=0.5)
    assert statistic("mase", *both) == 1.375


def test_mase_leaves_out_series_without_a_naive_error() -> None:
    without = [window([0, 0], [9, 9], naive_error=none) for none in (0.0, NAN)]
    # 2 / 4 and 6 / 4.
    assert statistic("mase", window([0, 0], [2, 6], naive_error=4.0), *without) == 1.0
    assert np.isnan(statistic("mase", *without))


def test_smape_is_in_percent_of_values_in_the_unit() -> None:
    # Forecast 30, truth 10: 200 * 20 / 40; forecast 10, truth 10: 0.
    assert statistic("smape", window([0, 0], [2, 0], offset=10.0, scale=10.0)) == 50.0


def test_smape_of_zero_forecast_as_zero_is_no_error() -> None:
    assert statistic("smape", window([0, 0], [0, 1])) == 100.0


def test_errors_of_baselines_are_in_the_unit_too() -> None:
    assert statistic("mae_ridge", window([0, 0], [0, 0], ridge=[1, 2], scale=10.0)) == 15.0


@pytest.mark.parametrize("name", ["mae", "rmse", "mase", "smape"])
def test_one_forecast_that_is_no_number_spoils_every_error(name: str) -> None:
    assert np.isnan(statistic(name, window([1, 2], [1, NAN]), window([1, 2], [1, 2])))


def test_coverage_is_the_share_of_observed_targets_inside_the_interval() -> None:
    # 1 and the very end 2 are inside [0, 2], 3 is outside, the unobserved one does not count.
    one = window([1, 2, 3, NAN], [1, 1, 1, 1], reach=(1.0, 2.0))
    assert statistic("interval_coverage_80", one) == pytest.approx(2 / 3)
    assert statistic("interval_coverage_95", one) == 1.0


def test_coverage_by_lead_step_keeps_the_steps_apart() -> None:
    by_step = statistic("interval_coverage_80_by_lead_step", window([1, 5], [1, 1]), window([9, NAN], [1, 1]))
    np.testing.assert_array_equal(by_step, [0.5, 0.0])


def test_width_is_in_scaled_space_and_in_the_unit() -> None:
    # Widths 2 and 6 on scales 10 and 100, one observed target each.
    both = window([0, NAN], [0, 0], reach=(1.0, 9.0), scale=10.0), window([0], [0], reach=(3.0, 9.0), scale=100.0)
    alone = [window([0], [0], reach=(1.0, 9.0), scale=10.0), both[1]]
    assert statistic("interval_width_80_scaled", *alone) == 4.0
    assert statistic("interval_width_80", *alone) == (2 * 10 + 6 * 100) / 2
    assert statistic("interval_width_95_scaled", both[0]) == 18.0


def test_an_interval_without_an_end_covers_nothing() -> None:
    assert statistic("interval_coverage_80", window([1], [1], reach=(NAN, NAN))) == 0.0
    assert np.isnan(statistic("interval_width_80_scaled", window([1], [1], reach=(NAN, NAN))))


def test_an_infinite_interval_covers_everything() -> None:
    one = window([1], [5], reach=(np.inf, np.inf))
    assert statistic("interval_coverage_80", one) == 1.0
    assert statistic("interval_width_80_scaled", one) == np.inf


values = st.floats(-4, 4, width=16)
windows = st.lists(
    st.tuples(st.lists(values | st.just(NAN), min_size=2, max_size=2), st.lists(values, min_size=2, max_size=2)),
    min_size=1,
    max_size=6,
)


@given(windows=windows, order=st.randoms(use_true_random=False), cut=st.integers(0, 6))
def test_neither_order_nor_grouping_changes_the_sums(windows: Any, order: Any, cut: int) -> None:
    one_by_one = WindowSums()
    for target, forecast in windows:
        one_by_one = one_by_one.merge(window(target, forecast))
    shuffled = list(windows)
    order.shuffle(shuffled)
    left, right = WindowSums(), WindowSums()
    for position, (target, forecast) in enumerate(shuffled):
        if position < cut:
            left = left.merge(window(target, forecast))
        else:
            right = right.merge(window(target, forecast))
    merged = right.merge(left)
    assert merged.windows == one_by_one.windows
    assert merged.sums.keys() == one_by_one.sums.keys()
    for name, row in one_by_one.sums.items():
        np.testing.assert_allclose(merged.sums[name], row, rtol=1e-12)


@given(windows=windows)
def test_statistics_equal_a_recomputation_over_all_windows(windows: Any) -> None:
    targets = np.array([target for target, _ in windows], np.float32)
    forecasts = np.array([forecast for _, forecast in windows], np.float32)
    sums = [window(target, forecast) for target, forecast in windows]
    errors = np.abs(targets - forecasts)
    if np.isnan(errors).all():
        assert np.isnan(statistic("mae_scaled", *sums))
    else:
        assert statistic("mae_scaled", *sums) == pytest.approx(np.nanmean(errors))
        assert statistic("rmse_scaled", *sums) == pytest.approx(np.sqrt(np.nanmean(errors**2)))


def test_the_error_is_told_in_units_of_the_better_naive_forecast() -> None:
    # |2-1| + |2-2| = 1; the last value errs by 2 + 2, the last season by 1 + 1.
    one = window([1, 2], [2, 2], persistence=[3, 4], seasonal_naive=[2, 3])
    assert statistic("relative_mae", one) == 0.5
    assert statistic("skill_over_best_naive", one) == 0.5


def test_what_an_interval_does_not_hold_is_missed() -> None:
    # Errors 0.5 and 3 under a reach of 1 and 2.
    assert statistic("interval_coverage_80", window([0.5, 3.0], [0, 0])) == 0.5
    assert statistic("interval_missed_80", window([0.5, 3.0], [0, 0])) == 0.5
    assert np.isnan(statistic("interval_missed_80", window([NAN], [0])))
