"""The cycles of the calendar by which errors are compared: hour, weekday, month.

>>> [cycle.name for cycle in cycles_of(TimeGrid("D"))]
['day of the week', 'month']
>>> MONTH.phase(np.array([0]), "UTC")      # January
array([0])
"""

import dataclasses

import numpy as np
import pandas as pd

from tapeline.series.arrays import Ints
from tapeline.series.time_grid import TimeGrid

_DAY = 86_400
_NANOSECONDS = 1_000_000_000


@dataclasses.dataclass(frozen=True)
class Cycle:
    """A cycle of the calendar.

    Attributes:
        name: For people: `hour of the day`.
        field: Attribute of a pandas DatetimeIndex.
        first: What that attribute is in the first phase.
        labels: One for each phase.
    """

    name: str
    field: str
    first: int
    labels: tuple[str, ...]

    def phase(self, seconds: Ints, timezone: str) -> Ints:
        """Returns the phase of times, int64 `[N]`, from 0.

        Args:
            seconds: Epoch seconds `[N]`.
            timezone: IANA zone of the calendar.
        """
        times = pd.DatetimeIndex(np.asarray(seconds, np.int64) * _NANOSECONDS, tz="UTC").tz_convert(timezone)
        return np.asarray(getattr(times, self.field), np.int64) - self.first


HOUR = Cycle("hour of the day", "hour", 0, tuple(f"{hour:02}" for hour in range(24)))
WEEKDAY = Cycle("day of the week", "dayofweek", 0, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
MONTH = Cycle("month", "month", 1, ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"))


def cycles_of(grid: TimeGrid) -> tuple[Cycle, ...]:
    """Returns the cycles that steps of a grid go through, the shortest first.

    Args:
        grid: The grid of the series.
    """
    # Ten neighbouring steps show how long a step is, whatever the frequency is called.
    days = np.diff(grid.timestamps(np.arange(10))).mean() / _DAY
    if days < 1 / 1.5:
        return (HOUR, WEEKDAY, MONTH)
    if days < 2:
        return (WEEKDAY, MONTH)
    return (MONTH,) if days < 200 else ()
