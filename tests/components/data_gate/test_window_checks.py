import dataclasses
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tapeline.components.data_gate.series_rules import Rules
from tapeline.components.data_gate.totals import SplitTotal
from tapeline.components.data_gate.window_checks import count_windows, find_no_window
from tapeline.schemas.features import TARGET
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.checks.findings import SeriesFindings
from tapeline.series.time_grid import TimeGrid
from tests.components.data_gate.checked_rows import Table, check


def rules(context_length: int, horizon: int, min_observed: float = 0.5, min_context: int | None = None) -> Rules:
    spec = WindowSpec(context_length=context_length, horizon=horizon, min_context=min_context)
    return Rules(grid=TimeGrid("H"), spec=spec, min_observed=min_observed)


def windows_of(observed: Any, *, start: int, first: int, last: int, rules: Rules) -> int:
    """Windows of one split of one series, whose first step of all is `start`."""
    # The first column is a split that holds the series' start, the second the split in question.
    extent = {"first": np.array([[start, first]]), "last": np.array([[start, last]])}
    whole, padded = count_windows(np.zeros(len(observed), int), np.asarray(observed, int), **extent, rules=rules)
    assert not (whole & padded).any()
    return int((whole + padded)[0, 1])


def test_gapless_train_rows_make_as_many_windows_as_the_formula_says() -> None:
    # 100 steps, windows of 10 + 5: 100 - 15 + 1 = 86.
    assert windows_of(np.arange(100), start=0, first=0, last=99, rules=rules(10, 5)) == 86


def test_a_context_reaches_back_over_the_border_of_a_split() -> None:
    # Steps 100..109: forecasts of 5 start at 100..105.
    assert windows_of(np.arange(110), start=0, first=100, last=109, rules=rules(10, 5)) == 6


def test_a_forecast_does_not_leave_its_split() -> None:
    assert windows_of(np.arange(110), start=0, first=100, last=103, rules=rules(10, 5)) == 0


@given(
    st.sets(st.integers(0, 40), min_size=1),
    st.integers(1, 50),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(1, 50),
)
def test_windows_count_as_in_brute_force(
    measured: Any, context: Any, horizon: Any, min_observed: Any, one: Any, other: Any, least: Any
) -> None:
    first, last = sorted((one, other))
    # Where no whole context fits, a shorter one is padded.
    fits = max(first, context) + horizon - 1 <= last
    shortest = context if fits else min(context, least)
    expected = 0
    for forecast in range(41):
        context_steps = range(forecast - context, forecast)
        forecast_steps = range(forecast, forecast + horizon)
        inside = forecast >= shortest and forecast_steps[0] >= first and forecast_steps[-1] <= last
        seen = len(measured.intersection(context_steps))
        enough = seen >= 1 and seen >= min_observed * shortest
        expected += inside and enough and bool(measured.intersection(forecast_steps))
    limits = rules(context, horizon, min_observed, least)
    assert windows_of(sorted(measured), start=0, first=first, last=last, rules=limits) == expected


def table(hours: Any, splits: Any) -> Table:
    size = len(hours)
    seconds = np.array(hours) * 3600
    return Table(np.array([b"load"] * size, object), seconds, np.arange(size), np.array(splits), np.c_[np.arange(size)])


def test_extents_hold_rows_times_and_steps_of_each_split() -> None:
    totals = check(table([0, 1, 2, 4, 5, 6], [0, 0, 0, 0, 1, 1]), rules(2, 1))
    # Train spans steps 0..4, one without a row: 5 steps; a window of 2 + 1 starts its forecast at 2, 3 or 4, and at
    # 3 nothing was measured.
    assert totals.splits == (
        SplitTotal(rows=4, first=0, last=14_400, windows=2, longest=5, measured={TARGET: 4}),
        SplitTotal(rows=2, first=18_000, last=21_600, windows=2, longest=2, measured={TARGET: 2}),
        SplitTotal(),
    )


def length(split: str, *, rows: int, steps: int, in_all: int = 200) -> tuple[str, str, str]:
    found = SeriesFindings(np.array([b"load"], object))
    limits = rules(104, 24, min_context=36)
    extent = {"short": np.array([rows > 0]), "hopeless": np.array([in_all < 36])}
    find_no_window(found, split, np.array([rows]), np.array([steps]), limits, **extent)
    ((finding,),) = (group.shown for group in found.groups.values())
    return finding.kind, finding.severity, finding.message


def test_a_series_that_nobody_could_forecast_is_an_error() -> None:
    assert length("train", rows=35, steps=35, in_all=35) == (
        "too_short",
        "error",
        "35 steps; a forecast needs 36 (window.min_context) before it.",
    )


def test_a_series_that_nothing_is_learned_from_is_a_warning() -> None:
    assert length("train", rows=35, steps=35, in_all=60) == (
        "too_short",
        "warning",
        "35 steps, the shortest window takes 36 (window.min_context) + 24 (window.horizon): it is forecast by what "
        "others show.",
    )


def test_a_series_that_ends_before_the_test_split_is_a_warning() -> None:
    assert length("test", rows=0, steps=0) == ("no_rows", "warning", "no rows.")
    assert length("test", rows=5, steps=5) == (
        "too_short",
        "warning",
        "5 steps; a forecast takes window.horizon, 24.",
    )


def test_a_series_without_train_rows_is_a_warning() -> None:
    assert length("train", rows=0, steps=0) == ("no_rows", "warning", "no rows: the model never sees this series.")


def test_only_splits_without_a_window_are_named() -> None:
    totals = check(table(range(20), [0] * 17 + [1] * 3), rules(4, 2))
    assert {(kind, split) for _, kind, _, split in totals.groups} == {("no_rows", "test")}


def test_windows_that_were_not_counted_are_not_judged() -> None:
    # A gap of 40 steps is an error: of the 5 steps after it, no more is said.
    broken = table([*range(30), *range(70, 75)], [0] * 30 + [1] * 5)
    totals = check(broken, dataclasses.replace(rules(10, 4), max_gap=3))
    assert [extent.windows for extent in totals.splits] == [None, None, 0]
    assert {(kind, split) for _, kind, _, split in totals.groups} == {("gap", None), ("no_rows", "test")}
