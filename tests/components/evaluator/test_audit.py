"""The audit's arithmetic, on windows that one can put together by hand."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from tapeline.components.evaluator.audit import WindowSample, forecast_change, scale_deviation, window_deviation
from tapeline.schemas.sections import ScalingConfig
from tapeline.series.moments import moments, scale_file
from tapeline.series.scaling import Scaler
from tapeline.series.windowing import fill_gaps

NAN = float("nan")
T, H = 4, 2
# Two series; `b` misses a value. Both are scaled by (value - 10) / 2.
SERIES = {b"a": np.arange(20.0), b"b": np.where(np.arange(20) % 5 == 3, NAN, np.arange(20.0) ** 2)}
SCALER = Scaler.parse(b"\\*\t10.0\t2.0\tall\n")


def sample(*cuts: Any) -> WindowSample:
    """The windows that a correct pipeline cuts at (series, start)."""
    ids = np.empty(len(cuts), object)
    ids[:] = [series for series, _ in cuts]
    scaled = {series: ((values - 10) / 2).astype(np.float32) for series, values in SERIES.items()}
    raw = np.stack([scaled[series][start - T : start] for series, start in cuts])
    context, observed = fill_gaps(raw)
    return WindowSample(
        rank=np.arange(len(cuts), dtype=np.uint64),
        series=ids,
        start=np.array([start for _, start in cuts]),
        context=context,
        observed=observed.astype(np.float32),
        target=np.stack([scaled[series][start : start + H] for series, start in cuts]),
    )


def deviation(windows: Any) -> Any:
    steps = windows.steps()
    ids = np.empty(40, object)
    ids[:] = [series for series in SERIES for _ in range(20)]
    ordinal = np.tile(np.arange(20), 2)
    place = steps.locate(ids, ordinal)
    values = np.full(len(steps.keys), NAN)
    values[place[place >= 0]] = np.concatenate(list(SERIES.values()))[place >= 0]
    return window_deviation(windows, steps, values, scaler=SCALER)


def test_windows_cut_from_the_rows_deviate_by_rounding_only() -> None:
    assert deviation(sample((b"a", 4), (b"a", 18), (b"b", 9), (b"b", 5))) < 1e-6


def test_a_context_one_step_late_deviates_by_a_step() -> None:
    right = sample((b"a", 14))
    late = dataclasses.replace(right, context=right.context + 0.5)
    # The series grows by 1 a step: 0.5 in scaled space, where this context begins at 0.
    assert deviation(late) == pytest.approx(0.5)


def test_a_gap_filled_from_beyond_the_cutoff_is_found() -> None:
    # `b` misses the value at 8, the last one of this context: it is held at 7's, 49.
    right = sample((b"b", 9))
    filled = right.context.copy()
    filled[0, -1] = ((49 + 81) / 2 - 10) / 2
    # (65 - 10) / 2 is 27.5, (49 - 10) / 2 is 19.5: a distance of 8, relative to 19.5.
    assert deviation(dataclasses.replace(right, context=filled)) == pytest.approx(8 / 19.5)


@pytest.mark.parametrize("field", ["observed", "target"])
def test_calling_a_missing_value_measured_is_infinitely_wrong(field: str) -> None:
    # `b` misses 8, in the context of 9 and in the targets of 7.
    right = sample((b"b", 9), (b"b", 7))
    lie = np.nan_to_num(getattr(right, field))
    if field == "observed":
        lie = np.ones_like(lie)
    assert deviation(dataclasses.replace(right, **{field: lie})) == math.inf


def test_a_window_of_steps_that_the_data_do_not_hold_is_infinitely_wrong() -> None:
    right = sample((b"a", 8))
    assert deviation(dataclasses.replace(right, start=right.start + 100)) == math.inf


def test_a_draw_of_windows_does_not_depend_on_how_they_come() -> None:
    windows = dataclasses.replace(
        sample((b"a", 4), (b"a", 5), (b"b", 9), (b"b", 5)), rank=np.array([3, 0, 2, 1], np.uint64)
    )
    forth = WindowSample.join([windows.smallest(2), windows]).smallest(2)
    assert windows.smallest(2).start.tolist() == [5, 5]
    assert set(forth.rank.tolist()) <= {0, 1}


def test_only_steps_of_sampled_windows_are_located() -> None:
    steps = sample((b"a", 4), (b"b", 9)).steps()
    ids = np.empty(5, object)
    ids[:] = [b"a", b"a", b"b", b"b", b"c"]
    # `a` covers 0..5, `b` 5..10.
    assert (steps.locate(ids, np.array([0, 6, 10, 4, 7])) >= 0).tolist() == [True, False, True, False, False]


def fitted(ids: Any, values: Any, **scaling: Any) -> Any:
    series = np.empty(len(ids), object)
    series[:] = ids
    return Scaler.parse(scale_file(moments(series, np.array(values, np.float32)), ScalingConfig(**scaling)))


def test_scales_of_the_same_rows_do_not_deviate() -> None:
    rows = [b"a", b"a", b"b", b"b"], [0, 10, 5, 6]
    for per_series in (False, True):
        for method in ("min_max", "standard"):
            scaler = fitted(*rows, per_series=per_series, method=method)
            assert scale_deviation(scaler, fitted(*rows, per_series=per_series, method=method)) == 0.0


def test_a_scale_stretched_by_another_row_deviates_by_its_share() -> None:
    # 0..12 in place of 0..10.
    assert scale_deviation(fitted([b"a"] * 3, [0, 10, 12]), fitted([b"a"] * 2, [0, 10])) == pytest.approx(0.2)


def test_one_series_scaled_by_other_rows_is_enough() -> None:
    wrong = fitted([b"a", b"a", b"b", b"b"], [0, 10, 5, 7], per_series=True)
    right = fitted([b"a", b"a", b"b", b"b"], [0, 10, 5, 6], per_series=True)
    assert scale_deviation(wrong, right) == pytest.approx(1.0)


@pytest.mark.parametrize("other", [{"per_series": True}, {"per_series": True, "unseen_series": "global"}])
def test_scales_of_another_kind_are_infinitely_far(other: Any) -> None:
    rows = [b"a", b"a"], [0, 10]
    assert scale_deviation(fitted(*rows, **other), fitted(*rows)) == math.inf


def test_a_series_that_train_does_not_hold_has_no_scale() -> None:
    wrong = fitted([b"a", b"a", b"b", b"b"], [0, 10, 5, 6], per_series=True)
    assert scale_deviation(wrong, fitted([b"a", b"a"], [0, 10], per_series=True)) == math.inf


def test_a_change_of_forecasts_is_the_largest_one() -> None:
    before = np.array([[0.0, NAN], [1.0, 2.0]])
    assert forecast_change(before, before) == 0.0
    assert forecast_change(before, np.array([[0.0, NAN], [1.5, 1.0]])) == 1.0


def test_a_forecast_that_becomes_finite_has_changed_infinitely() -> None:
    assert forecast_change(np.array([[NAN]]), np.array([[1.0]])) == math.inf
