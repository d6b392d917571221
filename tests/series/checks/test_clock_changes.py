"""Local times that are read as UTC are told as what they are."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tapeline.components.data_gate.series_rules import Rules
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.checks.clock_changes import ClockChanges
from tapeline.series.checks.findings import Finding
from tapeline.series.time_grid import TimeGrid
from tests.components.data_gate.checked_rows import Table, check

FREQUENCY = {"H": 3600, "15min": 900}


def local(zone: str, frequency: str = "H", start: str = "2021-11-15", end: str = "2023-06-01") -> Any:
    """What the clocks of a zone show at regular times, as if it were UTC."""
    times = pd.date_range(start, end, freq=frequency, tz="UTC").tz_convert(zone).tz_localize(None)
    return times.to_numpy().astype("datetime64[s]").astype(np.int64)


def findings(times: Any, frequency: str = "H", *, wall_clock: bool = True) -> dict[str, Finding]:
    size = len(times)
    table = Table(np.array([b"a"] * size, object), times, np.arange(size), np.zeros(size, int), np.ones((size, 1)))
    spec = WindowSpec(context_length=2, horizon=1)
    totals = check(table, Rules(grid=TimeGrid(frequency), spec=spec, wall_clock=wall_clock, max_constant=10**6))
    return {finding.kind: finding for group in totals.groups.values() for finding in group.shown}


@pytest.mark.parametrize("frequency", ["H", "15min"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Europe/London"])
def test_an_hour_left_out_and_one_repeated_name_the_zone(zone: str, frequency: str) -> None:
    found = findings(local(zone, frequency), frequency)
    assert found["duplicate_timestamps"].fix.startswith(f"set data.timezone: {zone}")
    assert found["clock_changes"].severity == "warning"
    assert found["clock_changes"].fix.startswith(f"set data.timezone: {zone}")


def test_the_rows_are_named() -> None:
    message = findings(local("Europe/Berlin"))["clock_changes"].message
    assert "skip an hour before row 3169 (2022-03-27 03:00), row 11905 (2023-03-26 03:00)" in message
    assert "repeat the hour of row 8377 (2022-10-30 02:00)" in message


def test_where_the_repeated_hour_was_dropped_the_one_left_out_tells() -> None:
    found = findings(np.unique(local("Europe/Berlin")))
    assert "duplicate_timestamps" not in found
    assert "skip an hour before row 3169 (2022-03-27 03:00)" in found["clock_changes"].message


def test_other_gaps_and_repeats_are_not_told_as_clock_changes() -> None:
    regular = local("UTC")
    holes = np.delete(regular, [100, 2_000, 5_000])
    repeats = np.sort(np.append(regular, regular[[300, 4_000]]))
    for times in (regular, holes, repeats):
        assert "clock_changes" not in findings(times)
    assert findings(repeats)["duplicate_timestamps"].fix.startswith("remove the duplicates")
    # One of two springs: no clock does that.
    assert "clock_changes" not in findings(np.delete(regular, 3169))


def test_times_that_carry_a_zone_are_taken_at_their_word() -> None:
    found = findings(local("Europe/Berlin"), wall_clock=False)
    assert "clock_changes" not in found
    assert found["duplicate_timestamps"].fix.startswith("remove the duplicates")


def test_no_zone_is_looked_for_without_a_sign() -> None:
    assert ClockChanges.of(np.arange(100) * 3600, repeated=(), step_seconds=3600) is None
