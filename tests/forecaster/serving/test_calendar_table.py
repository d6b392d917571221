"""The calendar of the served model, looked up, is the one that was computed for training."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.serving.calendar_table import CalendarTable
from tapeline.series.calendar import Calendar

HOURS = 3600 * np.arange(0, 24 * 800, 7)
"""More than two years in steps of 7 hours."""


def looked_up(features: Any, zone: Any, seconds: Any) -> Any:
    return tf.function(CalendarTable(features, zone), autograph=False)(tf.constant(seconds[np.newaxis]))[0]


@pytest.mark.parametrize("zone", ["UTC", "Australia/Melbourne"])
@pytest.mark.parametrize(
    "features",
    [
        ("week_of_year",),
        ("hour_of_day", "weekend", "minute_of_hour", "day_of_year"),
        ("day_of_month", "hour_of_week", "month_of_year", "day_of_week"),
        ("hour_of_day",),
    ],
)
def test_it_is_the_calendar_of_training(features: Any, zone: str) -> None:
    seconds = 1_700_000_000 + HOURS
    np.testing.assert_allclose(
        looked_up(features, zone, seconds), Calendar(features, zone)(seconds), atol=1e-6, err_msg=str(features)
    )


def test_days_beyond_the_table_are_computed() -> None:
    seconds = np.array([-3_000_000_000, 0, 5_000_000_000])  # 1874, 1970, 2128
    features = ("day_of_year", "hour_of_day")
    np.testing.assert_allclose(looked_up(features, "UTC", seconds), Calendar(features, "UTC")(seconds), atol=1e-6)


def test_without_features_there_is_nothing() -> None:
    assert looked_up((), "UTC", np.array([0, 1])).shape == (2, 0)
