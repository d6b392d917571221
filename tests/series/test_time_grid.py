"""The grid agrees with pandas' own date ranges, whatever the frequency and the zone."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.series.time_grid import TimeGrid

SUB_DAILY = ["s", "15s", "min", "5min", "15min", "30min", "H", "2H", "6H", "12H"]
DAYS = ["D", "2D", "7D", "W", "W-SAT", "W-MON", "2W-WED"]
PERIODS = ["B", "MS", "M", "QS", "QS-FEB", "QS-MAR", "Q", "Q-JAN", "Q-NOV", "AS", "AS-APR", "A", "A-JUN"]
# Sao Paulo's clocks used to change at midnight, Lord Howe's by half an hour, Kolkata's never.
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata"]

moments = st.integers(min_value=0, max_value=2_000_000_000)


def seconds(index: pd.DatetimeIndex) -> npt.NDArray[Any]:
    return index.asi8 // 10**9


@given(frequency=st.sampled_from(SUB_DAILY), start=moments, zone=st.sampled_from(ZONES))
@settings(max_examples=60, deadline=None)
def test_times_under_a_day_apart_are_pandas_date_range_in_utc(frequency: Any, start: Any, zone: Any) -> None:
    offset: Any = pd.tseries.frequencies.to_offset(frequency)
    step = int(pd.Timedelta(offset).total_seconds())
    index = pd.date_range(pd.Timestamp(start // step * step, unit="s", tz="UTC"), periods=50, freq=frequency)
    grid = TimeGrid(frequency, zone)
    steps = grid.ordinals(seconds(index))
    assert (np.diff(steps) == 1).all()
    np.testing.assert_array_equal(grid.timestamps(steps), seconds(index))
    assert grid.on_grid(seconds(index)).all()


@given(frequency=st.sampled_from(DAYS + PERIODS), start=moments, zone=st.sampled_from(ZONES))
@settings(max_examples=60, deadline=None)
def test_days_and_longer_steps_are_pandas_date_range_on_the_wall_clock(frequency: Any, start: Any, zone: Any) -> None:
    day = pd.Timestamp(start, unit="s").normalize()
    grid = TimeGrid(frequency, zone)
    if frequency in ("2D", "7D", "2W-WED"):
        # pandas anchors such ranges at their first day; the grid has one anchor for all, so start from it.
        day = pd.Timestamp(grid.timestamps(grid.ordinals([start]))[0], unit="s", tz="UTC").tz_convert(zone).normalize()
        day = day.tz_localize(None)
    wall = pd.date_range(day, periods=40, freq=frequency)
    index = wall.tz_localize(zone, ambiguous=np.ones(len(wall), bool), nonexistent="shift_forward")
    steps = grid.ordinals(seconds(index))
    assert (np.diff(steps) == 1).all()
    np.testing.assert_array_equal(grid.timestamps(steps), seconds(index))


@given(
    frequency=st.sampled_from(SUB_DAILY + DAYS + PERIODS),
    zone=st.sampled_from(ZONES),
    times=st.lists(moments, min_size=1, max_size=30),
)
@settings(max_examples=60, deadline=None)
def test_every_time_lies_in_the_step_it_is_given(frequency: Any, zone: Any, times: Any) -> None:
    grid = TimeGrid(frequency, zone)
    steps = grid.ordinals(times)
    # Month and year ends are named by the day that closes them, with the time of day cut off.
    if frequency[0] in "MQA" and "S" not in frequency.split("-")[0]:
        assert (grid.timestamps(steps - 1) < times).all()
        assert (grid.timestamps(steps) > np.array(times) - 32 * 12 * 86_400).all()
    elif frequency == "B":
        assert (grid.timestamps(steps) > np.array(times) - 86_400).all()
        assert (grid.timestamps(steps) < np.array(times) + 2 * 86_400 + 7200).all()
    else:
        assert (grid.timestamps(steps) <= times).all()
        assert (grid.timestamps(steps + 1) > times).all()


@pytest.mark.parametrize("frequency", [*SUB_DAILY, *DAYS, *PERIODS])
def test_steps_there_and_back_are_the_same_steps(frequency: Any) -> None:
    for zone in ZONES:
        grid = TimeGrid(frequency, zone, 0)
        steps = grid.ordinals([1_600_000_000])[0] + np.arange(-40, 200)
        np.testing.assert_array_equal(grid.ordinals(grid.timestamps(steps)), steps)


@pytest.mark.parametrize(
    ("old", "new"), [("H", "h"), ("6H", "6h"), ("5T", "5min"), ("M", "ME"), ("Q", "QE"), ("A", "YE")]
)
def test_old_and_new_spellings_are_one_grid(old: str, new: str) -> None:
    steps = [TimeGrid(name).ordinals([0, 1_600_000_000, 1_700_000_000]).tolist() for name in (old, new)]
    assert steps[0] == steps[1]


@pytest.mark.parametrize("zone", ["UTC", "Australia/Melbourne"])
@pytest.mark.parametrize("frequency", [*SUB_DAILY, *DAYS, *PERIODS])
def test_a_single_time_has_the_step_that_it_has_among_others(frequency: Any, zone: Any) -> None:
    grid = TimeGrid(frequency=frequency, timezone=zone)
    times = np.array([1_300_000_000, 1_317_427_200], np.int64)
    assert [int(grid.ordinals(time)) for time in times] == grid.ordinals(times).tolist()


def test_a_day_of_23_hours_is_one_step() -> None:
    # Berlin's clocks went forward on 2021-03-28: from midnight to midnight 23 hours.
    grid = TimeGrid("D", "Europe/Berlin")
    midnights = seconds(pd.date_range("2021-03-27", periods=3, freq="D", tz="Europe/Berlin"))
    assert list(np.diff(midnights)) == [24 * 3600, 23 * 3600]
    assert list(np.diff(grid.ordinals(midnights))) == [1, 1]
    assert grid.fixed_step_seconds is None


def test_an_hour_that_a_clock_change_repeats_is_two_steps() -> None:
    grid = TimeGrid("H", "Europe/Berlin")
    hours = pd.date_range("2021-10-31 00:00", periods=5, freq="H", tz="Europe/Berlin")
    assert [time.hour for time in hours] == [0, 1, 2, 2, 3]
    assert list(np.diff(grid.ordinals(seconds(hours)))) == [1, 1, 1, 1]
    assert grid.fixed_step_seconds == 3600


def test_the_offset_moves_the_grid() -> None:
    half_past = TimeGrid("H", "UTC", 1800)
    assert list(half_past.on_grid([0, 1800, 3600, 5400])) == [False, True, False, True]
    assert list(half_past.timestamps(half_past.ordinals([1800, 5399, 5400]))) == [1800, 1800, 5400]


def test_off_grid_times_belong_to_the_step_before_them() -> None:
    grid = TimeGrid("W-SAT")
    saturday = int(pd.Timestamp("2021-01-02").timestamp())
    assert list(grid.on_grid([saturday, saturday + 1])) == [True, False]
    assert grid.ordinals([saturday + 6 * 86_400])[0] == grid.ordinals([saturday])[0]
    assert grid.ordinals([saturday + 7 * 86_400])[0] == grid.ordinals([saturday])[0] + 1


@pytest.mark.parametrize(
    ("frequency", "zone", "rule"),
    [
        ("fortnight", "UTC", "'fortnight' is not a pandas frequency"),
        ("-1H", "UTC", "'-1H' is not a frequency with a positive step"),
        ("2MS", "UTC", "'2MS': multiples are for fixed steps"),
        ("3B", "UTC", "'3B': multiples are for fixed steps"),
        ("SM", "UTC", "'SM' has no regular grid"),
        ("H", "Mars/Olympus", "'Mars/Olympus' is not an IANA time zone"),
        ("500ms", "UTC", "'500ms' is not a whole number of seconds"),
    ],
)
def test_a_frequency_without_a_grid_is_refused(frequency: str, zone: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        TimeGrid(frequency, zone)


@pytest.mark.parametrize("frequency", ["H", "D", "B", "W-SAT", "MS", "QS-OCT", "YS"])
@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin"])
def test_one_time_has_the_ordinal_that_it_has_among_others(frequency: str, timezone: str) -> None:
    grid = TimeGrid(frequency, timezone)
    times = grid.timestamps(np.arange(40, 46))
    assert [int(grid.ordinals(time)) for time in times] == grid.ordinals(times).tolist()
    assert grid.ordinals(times.reshape(2, 3)).shape == (2, 3)
