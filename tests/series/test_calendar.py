"""Calendar features against pandas, on NumPy arrays and on tensors."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tapeline.schemas.features_config import CALENDAR_FEATURES, FeaturesConfig
from tapeline.series.calendar import Calendar

ZONES = ["UTC", "Australia/Melbourne", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]


def phase_by_pandas(name: Any, times: Any) -> Any:
    of_day = times.hour * 3600 + times.minute * 60 + times.second
    days_in_year = 365 + times.is_leap_year
    thursday = times.normalize().tz_localize(None) + pd.to_timedelta(3 - times.dayofweek, "D")
    return {
        "minute_of_hour": (times.minute * 60 + times.second) / 3600,
        "hour_of_day": of_day / 86_400,
        "day_of_week": times.dayofweek / 7,
        "day_of_month": (times.day - 1) / times.days_in_month,
        "day_of_year": (times.dayofyear - 1) / days_in_year,
        "week_of_year": (thursday.dayofyear - 1) / (365 + thursday.is_leap_year),
        "month_of_year": (times.month - 1) / 12,
        "hour_of_week": (times.dayofweek * 86_400 + of_day) / 604_800,
    }[name]


def expected(names: Any, seconds: Any, zone: Any) -> Any:
    times = pd.DatetimeIndex(seconds * 10**9, tz="UTC").tz_convert(zone)
    parts = []
    for name in names:
        if name == "weekend":
            parts.append((times.dayofweek >= 5).astype(float))
        else:
            angle = 2 * np.pi * np.asarray(phase_by_pandas(name, times))
            parts += [np.sin(angle), np.cos(angle)]
    return np.stack(parts, axis=-1)


def some_seconds(zone: Any) -> Any:
    random = np.random.default_rng(3).integers(-2_000_000_000, 2_100_000_000, 4000)
    # Every half hour around the clock changes of 2019 and the leap day of 2020.
    starts = [
        pd.Timestamp(day, tz=zone).timestamp() for day in ("2019-03-09", "2019-03-30", "2019-10-05", "2019-10-26")
    ]
    starts += [
        pd.Timestamp(day, tz=zone).timestamp() for day in ("2019-04-06", "2019-11-02", "2020-02-28", "2020-12-31")
    ]
    around = [np.arange(int(start), int(start) + 3 * 86_400, 1800) for start in starts]
    return np.concatenate([random, *around])


@pytest.mark.parametrize("zone", ZONES)
def test_features_equal_those_of_pandas(zone: Any) -> None:
    seconds = some_seconds(zone)
    calendar = Calendar(CALENDAR_FEATURES, zone)
    np.testing.assert_allclose(calendar(seconds), expected(CALENDAR_FEATURES, seconds, zone), atol=1e-7)


@pytest.mark.parametrize("zone", ["UTC", "Australia/Melbourne"])
def test_tensors_get_the_same_numbers_as_arrays(zone: str) -> None:
    seconds = some_seconds(zone)
    calendar = Calendar(CALENDAR_FEATURES, zone)
    np.testing.assert_allclose(tf.function(calendar)(tf.constant(seconds)), calendar(seconds), atol=1e-7)


def test_batches_of_contexts_keep_their_shape_inside_a_graph() -> None:
    calendar = Calendar(("hour_of_day", "weekend"), "Europe/Berlin")
    graph = tf.function(calendar, input_signature=[tf.TensorSpec([None, None], tf.int64)])
    seconds = np.arange(6, dtype=np.int64).reshape(2, 3) * 7200
    assert graph(tf.constant(seconds)).shape == (2, 3, 3)
    np.testing.assert_allclose(graph(tf.constant(seconds)), calendar(seconds), atol=1e-7)


def test_width_is_that_of_the_configuration() -> None:
    features = FeaturesConfig(calendar=CALENDAR_FEATURES)
    assert Calendar(features.calendar, "UTC").size == features.future_size


def test_new_year_is_phase_zero_in_leap_years_too() -> None:
    new_years = np.array(
        [pd.Timestamp(f"{year}-01-01").timestamp() for year in (2019, 2020, 2021, 2000, 1900)], np.int64
    )
    np.testing.assert_array_equal(Calendar(("day_of_year",), "UTC")(new_years), [[0, 1]] * 5)


def test_weekly_steps_move_the_week_of_year_evenly() -> None:
    # 7 days are between 7/366 and 7/365 of a year; nowhere, not at new year either, is a step longer or shorter
    # than the two Thursdays' own years allow.
    saturdays = np.arange(pd.Timestamp("1958-03-29").timestamp(), pd.Timestamp("2001-12-29").timestamp(), 7 * 86_400)
    sine, cosine = Calendar(("week_of_year",), "UTC")(saturdays.astype(np.int64)).T
    steps = np.diff(np.unwrap(np.arctan2(sine.astype(float), cosine.astype(float)))) / (2 * np.pi)
    assert steps.min() >= 7 / 366 - 1e-6
    assert steps.max() <= 7 / 365 + 1e-6


def test_no_features_have_no_width() -> None:
    calendar = Calendar((), "UTC")
    assert calendar(np.zeros(4, np.int64)).shape == (4, 0)
    assert calendar(tf.zeros([2, 3], tf.int64)).shape == (2, 3, 0)
