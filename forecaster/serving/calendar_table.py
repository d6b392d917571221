"""The calendar inside the served graph, looked up where arithmetic would take longer than the forecast.

Most features are the same all day. They are computed once, at export, for
every day from 1950 to 2100; other days are computed when they are asked for.

>>> calendar = CalendarTable(("hour_of_day", "weekend"), "UTC")
>>> calendar(tf.constant([[1600000000]], tf.int64)).shape.as_list()  # a sine, a cosine, and 1 on Sunday
[1, 1, 3]
"""

import numpy as np
import pandas as pd
import tensorflow as tf

from tapeline.schemas.features_config import calendar_width
from tapeline.series.calendar import Calendar

_OF_THE_CLOCK = ("minute_of_hour", "hour_of_day", "hour_of_week")
_DAY = 86_400
_FIRST, _END = (int(pd.Timestamp(day).timestamp()) // _DAY for day in ("1950-01-01", "2100-01-01"))


class CalendarTable:
    """Computes calendar features in the order of the configuration.

    Args:
        features: Names out of `tapeline.schemas.features_config.CALENDAR_FEATURES`.
        timezone: IANA zone of the wall clock.
    """

    def __init__(self, features: tuple[str, ...], timezone: str) -> None:
        self._calendar = Calendar(features, timezone)
        of_the_day = tuple(name for name in features if name not in _OF_THE_CLOCK)
        of_the_clock = tuple(name for name in features if name in _OF_THE_CLOCK)
        # On the wall clock all days are alike, so both parts are computed as if it were UTC's.
        self._by_day = Calendar(of_the_day, "UTC")
        self._by_clock = Calendar(of_the_clock, "UTC")
        self._table = self._by_day(_DAY * np.arange(_FIRST, _END))
        computed = [name for name in (*of_the_day, *of_the_clock) for _ in range(calendar_width([name]))]
        self._order = [at for name in features for at, other in enumerate(computed) if other == name]

    def __call__(self, seconds: tf.Tensor) -> tf.Tensor:
        """Returns the features of times, float32 `[B, N, K]`.

        Args:
            seconds: Epoch seconds, int64 `[B, N]`.
        """
        if not self._by_day.features:
            return self._calendar(seconds)
        wall = self._calendar.wall_clock(seconds)
        days = wall // _DAY - _FIRST
        inside = tf.reduce_all((days >= 0) & (days < len(self._table)))

        # Not inlined: its hundred nodes cost nothing as long as nobody asks.
        @tf.function(autograph=False, experimental_attributes={"_noinline": True})
        def compute() -> tf.Tensor:
            return self._by_day(wall)

        of_the_day = tf.cond(inside, lambda: tf.gather(tf.constant(self._table), days), compute)
        if not self._by_clock.features:
            return of_the_day
        return tf.gather(tf.concat([of_the_day, self._by_clock(wall)], axis=-1), self._order, axis=-1)
