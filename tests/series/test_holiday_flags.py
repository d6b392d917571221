"""Holiday columns follow the local day, count in longer steps, and are the same in NumPy and TensorFlow."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig
from tapeline.series.arrays import Ints
from tapeline.series.holiday_flags import END_SECOND, FIRST_SECOND, HolidayFlags, holiday_days, known_until
from tapeline.series.time_features import TimeFeatures
from tapeline.series.time_grid import TimeGrid

DAY = 86_400


def seconds(*times: str, zone: str = "UTC") -> Ints:
    return np.asarray(pd.DatetimeIndex(times).tz_localize(zone).asi8 // 10**9, np.int64)


def test_a_state_has_its_own_holidays() -> None:
    cup_day = np.datetime64("2024-11-05", "D").astype(np.int64)  # Melbourne
    assert cup_day in holiday_days("AU-VIC")
    assert cup_day not in holiday_days("AU-NSW")


def test_days_are_those_of_the_wall_clock() -> None:
    flags = HolidayFlags(("AU-VIC",), TimeGrid("30min", "Australia/Melbourne"))
    # Christmas begins in Melbourne eleven hours before it does in UTC; Boxing Day follows.
    times = seconds(
        "2024-12-23 23:30", "2024-12-24 00:00", "2024-12-25 00:00", "2024-12-27 12:00", zone="Australia/Melbourne"
    )
    np.testing.assert_array_equal(flags(times), [[0, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]])


def test_daily_rows_stamped_inside_the_day_have_its_holidays() -> None:
    flags = HolidayFlags(("AU-VIC",), TimeGrid("D", "Australia/Melbourne", offset_seconds=9 * 3600))
    np.testing.assert_array_equal(flags(seconds("2024-12-25 09:00", zone="Australia/Melbourne")), [[1, 1, 0]])


def test_weeks_count_their_holidays_and_those_of_their_neighbours() -> None:
    flags = HolidayFlags(("AU-VIC",), TimeGrid("W-SAT"))
    # The weeks that begin on these Saturdays: none; Christmas and Boxing Day; New Year's Day; none.
    times = seconds("2024-12-14", "2024-12-21", "2024-12-28", "2025-01-04")
    np.testing.assert_array_equal(flags(times), [[0, 2, 0], [2, 1, 0], [1, 0, 2], [0, 0, 1]])


@pytest.mark.parametrize(("frequency", "december"), [("MS", "2024-12-01"), ("ME", "2024-12-31")])
def test_months_count_the_same_however_they_are_named(frequency: str, december: str) -> None:
    flags = HolidayFlags(("DE-BY",), TimeGrid(frequency, "Europe/Berlin"))
    # November has All Saints' Day, December two, January New Year's Day and Epiphany.
    np.testing.assert_array_equal(flags(seconds(december, zone="Europe/Berlin")), [[2, 2, 1]])


def test_a_weekend_counts_for_the_business_day_after_it() -> None:
    flags = HolidayFlags(("DE",), TimeGrid("B"))
    # 3 October 2026 is a Saturday.
    np.testing.assert_array_equal(flags(seconds("2026-10-02", "2026-10-05")), [[0, 1, 0], [1, 0, 0]])


def test_several_codes_have_columns_of_their_own() -> None:
    both = HolidayFlags(("AU-VIC", "AU-NSW"), TimeGrid("D"))
    times = DAY * np.arange(19_700, 20_100)
    alone = [HolidayFlags((code,), TimeGrid("D"))(times) for code in ("AU-VIC", "AU-NSW")]
    np.testing.assert_array_equal(both(times), np.concatenate(alone, axis=1))
    assert not np.array_equal(*alone)


@pytest.mark.parametrize("frequency", ["h", "D", "W-SUN", "MS"])
def test_tensorflow_computes_what_numpy_computes(frequency: str) -> None:
    grid = TimeGrid(frequency, "America/New_York")
    flags = HolidayFlags(("US-CA", "DE"), grid)
    times = grid.timestamps(grid.ordinals(seconds("2019-12-01"))[0] + np.arange(600)).reshape(20, 30)
    expected = flags(times)
    assert expected.any()
    np.testing.assert_array_equal(flags(tf.constant(times)), expected)


def test_times_outside_the_table_have_no_holidays() -> None:
    times = np.array([FIRST_SECOND - 1, END_SECOND, -(2**40), 2**40])
    assert not HolidayFlags(("AU-VIC",), TimeGrid("h"))(times).any()


def test_holidays_stand_before_the_calendar() -> None:
    data = DataConfig(frequency="D")
    features = FeaturesConfig(holidays="AU-VIC", calendar=("weekend",))
    of_time = TimeFeatures(data, features)
    assert of_time.size == features.future_size == 4
    boxing_day = seconds("2021-12-26")  # a Sunday
    np.testing.assert_array_equal(of_time(boxing_day), [[1, 1, 1, 1]])
    np.testing.assert_array_equal(of_time(tf.constant(boxing_day)), [[1, 1, 1, 1]])


@pytest.mark.parametrize(
    ("first", "last", "end"),
    [
        ("2012-01-01", "2014-12-31", "2025-01-01"),
        ("1958-03-29", "2001-12-29", "2046-01-01"),
        ("1901-01-01", "2050-01-01", "2100-01-01"),
    ],
)
def test_holidays_are_known_ten_years_ahead_or_as_long_as_the_data(first: str, last: str, end: str) -> None:
    assert known_until(*seconds(first, last)) == seconds(end)[0]
