import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeline.components.data_gate.series_rules import Rules
from tapeline.schemas.stack import modern
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.checks.findings import Finding
from tapeline.series.checks.grid_checks import check_times, duration_text
from tapeline.series.checks.grid_suggestion import neighbouring_times, suggest_grid
from tapeline.series.time_grid import TimeGrid
from tests.components.data_gate.checked_rows import Table, check

HOUR = 3600
DAY = 86_400


def seconds(*hours: float) -> npt.NDArray[Any]:
    return np.array([round(hour * HOUR) for hour in hours], np.int64)


def rows_of(times: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.arange(len(times))


def check_duplicates(times: npt.NDArray[Any], *, rows: npt.NDArray[Any]) -> list[Finding]:
    found = check_times(times, rows=rows, grid=TimeGrid("H"))
    return [finding for finding in found if finding.kind == "duplicate_timestamps"]


def check_frequency(times: npt.NDArray[Any], *, rows: npt.NDArray[Any], grid: TimeGrid) -> list[Finding]:
    found = check_times(times, rows=rows, grid=grid)
    return [finding for finding in found if finding.kind != "duplicate_timestamps"]


def check_order(times: npt.NDArray[Any], *, rows: npt.NDArray[Any]) -> list[Finding]:
    if not len(times):
        return []
    table = Table(
        np.array([b"a"] * len(times), object), times, rows, np.zeros(len(times), int), np.ones((len(times), 1))
    )
    totals = check(table, Rules(grid=TimeGrid("H"), spec=WindowSpec(context_length=2, horizon=1)))
    shown = [finding for group in totals.groups.values() for finding in group.shown]
    return [finding for finding in shown if finding.kind == "unordered_timestamps"]


def test_a_repeated_time_is_found_at_its_later_row() -> None:
    times = seconds(0, 1, 1, 2)
    (finding,) = check_duplicates(times, rows=rows_of(times))
    assert finding.kind == "duplicate_timestamps"
    assert finding.count == 1
    assert finding.message == "1 row with the time of an earlier row: row 2 (1970-01-01T01:00:00Z)."


def test_a_time_given_three_times_has_two_offenders() -> None:
    times = seconds(5, 5, 5)
    (finding,) = check_duplicates(times, rows=np.array([10, 20, 30]))
    assert finding.count == 2
    assert "row 20" in finding.message
    assert "row 30" in finding.message
    assert "row 10" not in finding.message


def test_only_the_first_five_offenders_are_named() -> None:
    times = seconds(*[0] * 8)
    (finding,) = check_duplicates(times, rows=rows_of(times))
    assert finding.count == 7
    assert finding.message.endswith("row 5 (1970-01-01), ....")


@given(st.lists(st.integers(0, 8), max_size=30))
def test_duplicates_count_as_in_brute_force(hours: Any) -> None:
    times = seconds(*hours)
    findings = list(check_duplicates(times, rows=rows_of(times)))
    expected = len(hours) - len(set(hours))
    assert sum(finding.count for finding in findings) == expected
    assert len(findings) == bool(expected)


@given(st.lists(st.integers(0, 8), max_size=30))
def test_unordered_rows_count_as_in_brute_force(hours: Any) -> None:
    times = seconds(*hours)
    findings = list(check_order(times, rows=rows_of(times)))
    in_time = sorted(range(len(hours)), key=lambda row: (hours[row], row))
    expected = sum(later < row for row, later in itertools.pairwise(in_time))
    assert sum(finding.count for finding in findings) == expected
    # None exactly where the source is in the order of time.
    assert bool(expected) == any(late < early for early, late in itertools.pairwise(hours))


def test_a_row_below_one_of_a_later_time_is_named() -> None:
    times = seconds(0, 2, 1, 3)
    (finding,) = check_order(times, rows=rows_of(times))
    assert finding.message == "1 row below the row that comes next in time: row 2 (1970-01-01T01:00:00Z)."


def test_regular_times_pass() -> None:
    times = seconds(*range(48))
    assert not list(check_frequency(times, rows=rows_of(times), grid=TimeGrid("H")))


def test_missing_steps_are_not_a_wrong_frequency() -> None:
    times = seconds(0, 1, 2, 6, 7, 8, 9)
    assert not list(check_frequency(times, rows=rows_of(times), grid=TimeGrid("H")))


@pytest.mark.parametrize(("step", "configured"), [(DAY, "H"), (HOUR, "D"), (1800, "H"), (900, "30min")])
def test_a_wrong_frequency_is_named_and_the_right_one_suggested(step: Any, configured: str) -> None:
    times = np.arange(200, dtype=np.int64) * step
    (finding,) = check_frequency(times, rows=rows_of(times), grid=TimeGrid(configured))
    assert finding.kind == "wrong_frequency"
    assert f"the median step between times is {duration_text(step)}; data.frequency '{configured}'" in finding.message
    suggestion = suggest_grid(times, TimeGrid(configured))
    assert suggestion is not None
    assert suggestion[0].fixed_step_seconds == step
    assert finding.fix == f"set data.frequency: {modern(suggestion[0].frequency)}, which fits 100%."


def test_an_offset_is_suggested_for_values_taken_at_half_past() -> None:
    times = seconds(*range(48)) + 1800
    (finding,) = check_frequency(times, rows=rows_of(times), grid=TimeGrid("H"))
    assert finding.fix == "set data.frequency: h and data.offset: 30min, which fits 100%."


def test_the_weekday_of_weekly_data_is_suggested() -> None:
    # 1970-01-04 was a Sunday: three days after the epoch.
    times = np.arange(60, dtype=np.int64) * 7 * DAY + 3 * DAY
    suggestion = suggest_grid(times, TimeGrid("W-SAT"))
    assert suggestion is not None
    assert suggestion[0].on_grid(times).all()


def test_of_a_long_series_a_sample_is_enough_for_a_suggestion() -> None:
    times = np.arange(20_000, dtype=np.int64) * 1800
    times = times[np.random.default_rng(0).random(len(times)) > 0.01]
    assert max(map(len, neighbouring_times(times))) == 12
    suggestion = suggest_grid(times, TimeGrid("D"))
    assert suggestion is not None
    assert suggestion[0].fixed_step_seconds == 1800


def test_the_median_step_is_that_of_all_steps() -> None:
    # Steps of 1, 2, ..., 20,000 seconds: the middle ones are 10,000 and 10,001.
    times = np.cumsum(np.arange(20_001))
    (finding,) = check_frequency(times, rows=rows_of(times), grid=TimeGrid("H"))
    assert f"the median step between times is {duration_text(10_000.5)}; " in finding.message


def test_month_starts_are_told_from_month_ends() -> None:
    times = TimeGrid("MS").timestamps(np.arange(120, 200))
    (finding,) = check_frequency(times, rows=rows_of(times), grid=TimeGrid("M"))
    assert finding.fix == "set data.frequency: MS, which fits 100%."


def test_irregular_times_have_no_suggestion() -> None:
    times = np.cumsum(np.random.default_rng(0).integers(1000, 9000, size=300))
    (finding,) = check_frequency(times, rows=rows_of(times), grid=TimeGrid("H"))
    assert finding.kind == "wrong_frequency"
    assert "resample" in finding.fix


def test_a_few_times_beside_the_grid_are_named_with_their_rows() -> None:
    times = seconds(0, 1, 2, 3.25, 4, 5, 6, 7, 8)
    (finding,) = check_frequency(times, rows=rows_of(times), grid=TimeGrid("H"))
    assert finding.kind == "off_grid"
    assert finding.message == "1 row between the times of data.frequency 'H': row 3 (1970-01-01T03:15:00Z)."


def test_duplicates_do_not_change_the_frequency() -> None:
    times = np.repeat(seconds(*range(20)), 3)
    assert not list(check_frequency(times, rows=rows_of(times), grid=TimeGrid("H")))


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0s"), (90, "1min 30s"), (7 * DAY, "7D"), (DAY + 6 * HOUR, "1D 6h"), (1800.0, "30min")]
)
def test_durations_read_as_pandas_writes_them(value: Any, text: str) -> None:
    assert duration_text(value) == text


def test_part_files_out_of_order_are_named_with_their_rows() -> None:
    times = seconds(*range(10, 20), *range(10))
    table = Table(np.array([b"a"] * 20, object), times, rows_of(times), np.zeros(20, int), np.ones((20, 1)))
    files = ((0, "load/part-1.csv"), (10, "load/part-2.csv"))
    rules = Rules(grid=TimeGrid("H"), spec=WindowSpec(context_length=2, horizon=1), files=files)
    shown = [finding for group in check(table, rules).groups.values() for finding in group.shown]
    (finding,) = (one for one in shown if one.kind == "unordered_timestamps")
    assert finding.message == (
        "1 row below the row that comes next in time: row 19 (1970-01-01T09:00:00Z). Row 19 is in 'load/part-2.csv', "
        "and row 0, which comes next in time, in 'load/part-1.csv' before it."
    )
    assert finding.fix.startswith("name the files so that their names are in the order of time")


def test_rows_out_of_order_inside_a_file_are_no_fault_of_its_name() -> None:
    times = seconds(0, 2, 1, 3)
    table = Table(np.array([b"a"] * 4, object), times, rows_of(times), np.zeros(4, int), np.ones((4, 1)))
    files = ((0, "a.csv"), (3, "b.csv"))
    rules = Rules(grid=TimeGrid("H"), spec=WindowSpec(context_length=2, horizon=1), files=files)
    shown = [finding for group in check(table, rules).groups.values() for finding in group.shown]
    (finding,) = (one for one in shown if one.kind == "unordered_timestamps")
    assert "a.csv" not in finding.message
    assert finding.fix.startswith("sort the source by time")
