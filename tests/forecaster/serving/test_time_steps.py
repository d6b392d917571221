"""Times inside the graph: forecasts continue the grid, bad times are refused in words."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tapeline.forecaster.serving.request_rules import enforce
from tapeline.forecaster.serving.time_steps import TimeSteps
from tapeline.series.time_grid import TimeGrid


def seconds(times: Any, zone: str = "UTC") -> Any:
    return pd.DatetimeIndex(pd.to_datetime(times)).tz_localize(zone).asi8 // 10**9


def check(grid: Any, timestamps: Any) -> None:
    @tf.function
    def run(times: Any) -> Any:
        with tf.control_dependencies([enforce(TimeSteps(grid).rules(times, 1))]):
            return tf.identity(times)

    run(tf.constant(np.atleast_2d(timestamps)))


@pytest.mark.parametrize(
    ("frequency", "zone", "first"),
    [
        ("15min", "UTC", "2024-03-31 00:00"),
        ("H", "Europe/Berlin", "2024-03-30 12:00"),
        ("D", "UTC", "2024-02-27"),
        ("D", "Europe/Berlin", "2024-03-29"),
        ("W-SAT", "America/New_York", "2024-03-02"),
        ("B", "UTC", "2024-03-01"),
        ("MS", "Australia/Melbourne", "2024-01-01"),
        ("M", "UTC", "1999-11-30"),
        ("QS", "UTC", "2024-01-01"),
        ("A", "UTC", "2022-12-31"),
    ],
)
def test_forecast_times_continue_the_grid(frequency: str, zone: str, first: str) -> None:
    grid = TimeGrid(frequency, zone)
    start = grid.ordinals(seconds([first], zone))[0]
    times = grid.timestamps(start + np.arange(12))
    check(grid, times[:5])
    ahead = TimeSteps(grid).ahead(tf.constant(times[4:5]), 7)
    np.testing.assert_array_equal(ahead, times[np.newaxis, 5:])


def test_hourly_times_step_over_a_clock_change_without_a_jump() -> None:
    times = seconds(["2024-03-31 00:00"]) + 3600 * np.arange(4)
    np.testing.assert_array_equal(
        TimeSteps(TimeGrid("H", "Europe/Berlin")).ahead(tf.constant(times[:1]), 3), [times[1:]]
    )


@pytest.mark.parametrize("frequency", ["D", "B"])
def test_times_out_of_order_are_refused(frequency: str) -> None:
    times = seconds(["2024-03-04", "2024-03-06", "2024-03-05"])
    with pytest.raises(tf.errors.InvalidArgumentError, match="must ascend in steps of"):
        check(TimeGrid(frequency), times)


@pytest.mark.parametrize("frequency", ["D", "B"])
def test_a_step_left_out_is_refused(frequency: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="none left out"):
        check(TimeGrid(frequency), seconds(["2024-03-04", "2024-03-06"]))


@pytest.mark.parametrize(
    ("frequency", "time"),
    [("H", "2024-03-04 00:30"), ("W-SAT", "2024-03-03"), ("MS", "2024-03-02"), ("B", "2024-03-03")],
)
def test_a_time_off_the_frequency_is_refused(frequency: str, time: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="must lie on the grid of frequency"):
        check(TimeGrid(frequency), seconds([time]))


def test_the_offending_row_is_shown() -> None:
    good, bad = seconds(["2024-03-04", "2024-03-05"]), seconds(["2024-03-05", "2024-03-04"])
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"\[1\] \[{bad[0]} {bad[1]}\]"):
        check(TimeGrid("D"), np.stack([good, bad]))


def test_times_beyond_the_table_are_refused_rather_than_wrong() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="must lie on the grid"):
        check(TimeGrid("MS"), seconds(["2101-01-01"]))


def test_a_forecast_beyond_the_table_is_refused_rather_than_wrong() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="would reach beyond 2100"):
        check(TimeGrid("MS"), seconds(["2099-12-01"]))


def test_an_offset_moves_the_grid() -> None:
    grid = TimeGrid("H", "UTC", 1800)
    check(grid, seconds(["2024-03-04 00:30", "2024-03-04 01:30"]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="must lie on the grid"):
        check(grid, seconds(["2024-03-04 00:00"]))
