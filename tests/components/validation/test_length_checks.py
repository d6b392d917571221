import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from components.validation.findings import SplitTotal
from components.validation.length_checks import check_length, count_windows, split_extents
from components.validation.series import Rules, Series
from schemas.features import SPLITS, TARGET
from schemas.time_grid import TimeGrid
from schemas.window_spec import WindowSpec


def rules(context_length: int, horizon: int, min_observed: float = 0.5) -> Rules:
    spec = WindowSpec(context_length=context_length, horizon=horizon)
    return Rules(grid=TimeGrid("H"), spec=spec, min_observed=min_observed)


def test_gapless_train_rows_make_as_many_windows_as_the_formula_says():
    # 100 steps, windows of 10 + 5: 100 - 15 + 1 = 86.
    assert count_windows(np.arange(100), start=0, first=0, last=99, rules=rules(10, 5)) == 86


def test_a_context_reaches_back_over_the_border_of_a_split():
    # Steps 100..109: forecasts of 5 start at 100..105.
    assert count_windows(np.arange(110), start=0, first=100, last=109, rules=rules(10, 5)) == 6


def test_a_forecast_does_not_leave_its_split():
    assert count_windows(np.arange(110), start=0, first=100, last=103, rules=rules(10, 5)) == 0


@given(
    st.sets(st.integers(0, 40), min_size=1),
    st.integers(1, 6),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.integers(0, 40),
    st.integers(0, 40),
)
def test_windows_count_as_in_brute_force(measured, context, horizon, min_observed, one, other):
    first, last = sorted((one, other))
    expected = 0
    for forecast in range(41):
        context_steps = range(forecast - context, forecast)
        forecast_steps = range(forecast, forecast + horizon)
        inside = context_steps[0] >= 0 and forecast_steps[0] >= first and forecast_steps[-1] <= last
        seen = len(measured.intersection(context_steps))
        enough = seen >= 1 and seen >= min_observed * context
        expected += inside and enough and bool(measured.intersection(forecast_steps))
    limits = rules(context, horizon, min_observed)
    assert count_windows(np.array(sorted(measured)), start=0, first=first, last=last, rules=limits) == expected


def test_extents_hold_rows_times_and_steps_of_each_split():
    hours = np.array([0, 1, 2, 4, 5, 6])
    data = Series(
        series_id="load",
        timestamps=hours * 3600,
        rows=np.arange(6),
        splits=np.array([0, 0, 0, 0, 1, 1], np.int8),
        values={TARGET: np.arange(6.0)},
    )
    # Train spans steps 0..4, one without a row: 5 steps; a window of 2 + 1 starts its forecast at 2, 3 or 4, and at
    # 3 nothing was measured.
    assert split_extents(data, rules(2, 1), countable=True) == (
        SplitTotal(rows=4, first=0, last=14_400, windows=2, longest=5, measured={TARGET: 4}),
        SplitTotal(rows=2, first=18_000, last=21_600, windows=2, longest=2, measured={TARGET: 2}),
        SplitTotal(),
    )


def lengths(*extents: SplitTotal) -> dict[str, tuple[str, str]]:
    findings = check_length(extents, rules(104, 24))
    return {str(finding.split): (finding.severity, finding.message) for finding in findings}


def test_train_rows_too_few_for_a_window_are_an_error():
    assert lengths(*(SplitTotal(35, 0, 1, 0, 35),) * 3)["train"] == (
        "error",
        "35 steps; one window takes 128 (window.context_length 104 + window.horizon 24).",
    )


def test_a_series_that_ends_before_the_test_split_is_a_warning():
    long = SplitTotal(500, 0, 1, 300, 500)
    assert lengths(long, long, SplitTotal()) == {"test": ("warning", "no rows.")}
    assert lengths(long, long, SplitTotal(5, 0, 1, 0, 5)) == {
        "test": ("warning", "5 steps; a forecast takes window.horizon, 24.")
    }


def test_a_series_without_train_rows_is_a_warning():
    long = SplitTotal(500, 0, 1, 300, 500)
    assert lengths(SplitTotal(), long, long)["train"] == ("warning", "no rows: the model never sees this series.")


def test_windows_that_were_not_counted_are_not_judged():
    assert lengths(*(SplitTotal(35, 0, 1, None, 35),) * len(SPLITS)) == {}
