"""Calendar features from epoch seconds, on the wall clock of a time zone.

The same integer arithmetic runs on NumPy arrays (grid steps without a row)
and on TensorFlow tensors (Transform, the served model), so the two agree.

>>> Calendar(("hour_of_day", "weekend"), "Australia/Melbourne")(np.array([0, 7200])).round(2)
array([[ 0.5 , -0.87,  0.  ],
       [ 0.  , -1.  ,  0.  ]], dtype=float32)

A feature is the sine and cosine of a phase that runs from 0 to 1 over its
period; `weekend` is one number, 0 or 1.

| feature | phase |
|---|---|
| minute_of_hour | seconds of the hour / 3600 |
| hour_of_day | seconds of the day / 86400 |
| hour_of_week | seconds since Monday 00:00 / 604800 |
| day_of_week | days since Monday / 7 |
| day_of_month | (day - 1) / days in this month |
| month_of_year | (month - 1) / 12 |
| day_of_year | days since 1 January / days in this year |
| week_of_year | day_of_year's phase on the Thursday of the same Monday-to-Sunday week |

Both phases of the year run through a leap year in 366 equal steps, so a year
ends where the next begins. An ISO week belongs to the year of its Thursday:
`week_of_year` is the same all week, and years of 52 and 53 weeks join without a jump.
"""

import functools
import math
from typing import Any

import numpy as np
import pandas as pd

from tapeline.schemas.features_config import calendar_width
from tapeline.series.arrays import Array, Ints

_DAY = 86_400
_FIRST, _LAST = "1900-01-01", "2100-01-01"


def utc_offsets(timezone: str) -> tuple[Ints, Ints]:
    """Returns when a zone's distance from UTC changes, 1900 to 2100, and that distance.

    Args:
        timezone: IANA zone.

    Returns:
        `transitions` `[n]`, the first epoch second of each new distance, ascending, and
        `offsets` `[n + 1]`, seconds to add to UTC: `offsets[i]` holds before `transitions[i]`. Both int64.
    """

    def offset(seconds: Ints) -> Ints:
        utc = pd.DatetimeIndex(seconds * 1_000_000_000, tz="UTC")
        wall = utc.tz_convert(timezone).tz_localize(None)
        return (wall.asi8 - utc.asi8) // 1_000_000_000

    days = np.arange(pd.Timestamp(_FIRST).value, pd.Timestamp(_LAST).value, _DAY * 10**9, dtype=np.int64) // 10**9
    by_day = offset(days)
    changed = np.flatnonzero(by_day[1:] != by_day[:-1])
    # Halving the day in which the distance changed: `low` still has the old one, `high` the new one.
    low, high = days[changed], days[changed + 1]
    while len(low) and (high - low).max() > 1:
        middle = (low + high) // 2
        old = offset(middle) == by_day[changed]
        low, high = np.where(old, middle, low), np.where(old, high, middle)
    return high, by_day[np.append(changed, len(days) - 1)]


def _module(values: Any) -> Any:
    """NumPy or TensorFlow: whichever made the values."""
    return np if isinstance(values, (np.ndarray, np.generic)) else _tensorflow()


@functools.cache
def _tensorflow() -> Any:
    import tensorflow as tf

    return tf


def cast(values: Any, dtype: str) -> Any:
    """Returns a NumPy array or a TensorFlow tensor as another type of number."""
    return values.astype(dtype) if _module(values) is np else _tensorflow().cast(values, dtype)


def take(table: Array, index: Any) -> Any:
    """Returns rows of a table, by positions that are a NumPy array or a TensorFlow tensor."""
    return table[index] if _module(index) is np else _tensorflow().gather(table, index)


def _count_below(table: Ints, values: Any) -> Any:
    """How many entries of an ascending table each value has reached."""
    if _module(values) is np:
        return np.searchsorted(table, values, side="right")
    tf = _tensorflow()
    found = tf.searchsorted(tf.constant(table), tf.reshape(values, [-1]), side="right", out_type=tf.int64)
    return tf.reshape(found, tf.shape(values))


class Calendar:
    """Computes calendar features in the order of the configuration.

    Args:
        features: Names out of `tapeline.schemas.features_config.CALENDAR_FEATURES`.
        timezone: IANA zone of the wall clock.
    """

    def __init__(self, features: tuple[str, ...], timezone: str) -> None:
        self.features = features
        self.timezone = timezone
        self.size = calendar_width(features)
        """Numbers that a time gets."""
        self._transitions, self._offsets = utc_offsets(timezone)

    def __call__(self, seconds: Any) -> Any:
        """Returns the features of times.

        Args:
            seconds: Epoch seconds, int64, of any shape: a NumPy array or a TensorFlow tensor.

        Returns:
            The same kind of array with one more axis, float32 `[..., size]`.
        """
        module, seconds = _module(seconds), cast(seconds, "int64")
        if not self.features:
            return module.stack([cast(seconds, "float32")], axis=-1)[..., :0]
        wall = self.wall_clock(seconds)
        parts: list[Any] = []
        for name in self.features:
            if name == "weekend":
                parts.append(cast(_weekday(wall // _DAY) >= 5, "float32"))
                continue
            done, period = _phase(name, wall)
            # In float64: a vectorised sine differs from a scalar one in the last bit, which rounding to float32 hides,
            # so that a number does not depend on the place of its row in a batch.
            angle = cast(done, "float64") / _double(period) * (2 * math.pi)
            parts += [cast(module.sin(angle), "float32"), cast(module.cos(angle), "float32")]
        return module.stack(parts, axis=-1)

    def wall_clock(self, seconds: Any) -> Any:
        """Returns what the clocks of the zone show, as seconds since they showed 1970-01-01 00:00.

        Args:
            seconds: Epoch seconds, int64, a NumPy array or a TensorFlow tensor.
        """
        if not len(self._transitions):
            return seconds + int(self._offsets[0])
        return seconds + take(self._offsets, _count_below(self._transitions, seconds))


def _double(period: Any) -> Any:
    return float(period) if isinstance(period, int) else cast(period, "float64")


def _weekday(day: Any) -> Any:
    """Days since Monday; `day` counts from 1970-01-01, a Thursday."""
    return (day + 3) % 7


def _phase(name: str, wall: Any) -> tuple[Any, Any]:
    """How far a period has run, and its length, in one unit."""
    day = wall // _DAY
    if name == "minute_of_hour":
        return wall % 3600, 3600
    if name == "hour_of_day":
        return wall % _DAY, _DAY
    if name == "hour_of_week":
        return (wall + 3 * _DAY) % (7 * _DAY), 7 * _DAY
    if name == "day_of_week":
        return _weekday(day), 7
    if name == "week_of_year":
        day = day - _weekday(day) + 3
    year, month, day_of_month, length_of_month = _civil(day)
    if name == "day_of_month":
        return day_of_month - 1, length_of_month
    if name == "month_of_year":
        return month - 1, 12
    new_year = _days(year)
    return day - new_year, _days(year + 1) - new_year


def _days(year: Any) -> Any:
    """Days from 1970-01-01 to 1 January of a year: 719162 lie before 1970 in the Gregorian calendar."""
    past = year - 1
    return past * 365 + past // 4 - past // 100 + past // 400 - 719_162


def _civil(day: Any) -> tuple[Any, Any, Any, Any]:
    """Year, month, day of the month and length of the month of a day counted from 1970-01-01.

    Years are counted from 1 March, so that the leap day is their last, as in
    Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013).
    """
    shifted = day + 719_468  # since 0000-03-01
    cycle = shifted // 146_097  # 400 years
    day_of_cycle = shifted % 146_097
    year_of_cycle = (day_of_cycle - day_of_cycle // 1460 + day_of_cycle // 36_524 - day_of_cycle // 146_096) // 365
    day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle // 4 - year_of_cycle // 100)
    march_month = (5 * day_of_year + 2) // 153  # 0 is March; five months have 153 days
    day_of_month = day_of_year - (153 * march_month + 2) // 5 + 1
    month = _module(day).where(march_month < 10, march_month + 3, march_month - 9)
    year = year_of_cycle + cycle * 400 + cast(month <= 2, "int64")
    leap = cast((year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)), "int64")
    lengths = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
    return year, month, day_of_month, take(lengths, month - 1) + leap * cast(month == 2, "int64")
