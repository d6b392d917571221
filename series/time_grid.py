"""The regular grid of times that a series lives on.

A grid turns epoch seconds into ordinals (consecutive whole numbers, one a
step) and back. Everything that counts steps counts ordinals: gaps, windows,
horizons.

>>> grid = TimeGrid("h")
>>> grid.ordinals([3600, 5400]), grid.timestamps([1])
(array([1, 1]), array([3600]))
>>> grid.on_grid([3600, 5400])
array([ True, False])

Frequencies finer than a day are counted in UTC, so a clock change neither
skips nor repeats a step. Days and coarser steps are counted on the wall clock
of the grid's zone, so a day of 23 or 25 hours is one step.
"""

import dataclasses
import functools
from typing import Any

import numpy as np
import pandas as pd

from tapeline.schemas.frequency import DAY_SECONDS, NANOSECONDS, Frequency, check_zone
from tapeline.schemas.sections import DataConfig
from tapeline.series.arrays import Array, Bools, Ints

_EPOCH = np.datetime64(0, "D")


@dataclasses.dataclass(frozen=True)
class TimeGrid:
    """Consecutive times at one frequency.

    Attributes:
        frequency: A pandas offset alias, as `Frequency` takes it.
        timezone: IANA zone of the wall clock, used for days and coarser steps.
        offset_seconds: Distance of the grid from the start of its period, in seconds:
            1800 for hourly values measured at half past.
    """

    frequency: str
    timezone: str = "UTC"
    offset_seconds: int = 0

    def __post_init__(self) -> None:
        check_zone(self.timezone)
        assert self._steps.alias == self.frequency  # Made here, so that a wrong frequency is told at once.

    @classmethod
    def of(cls, data: DataConfig) -> "TimeGrid":
        """Returns the grid that the series of a configuration live on."""
        return cls(data.frequency, data.timezone, data.offset_seconds)

    @functools.cached_property
    def _steps(self) -> Frequency:
        return Frequency(self.frequency)

    @property
    def fixed_step_seconds(self) -> int | None:
        """Seconds between neighbouring times where they never vary in UTC, else None."""
        return None if self._on_wall_clock else self._steps.step_seconds

    @property
    def step_seconds(self) -> int | None:
        """Length of a step that never varies on its clock, else None."""
        return self._steps.step_seconds

    @property
    def _on_wall_clock(self) -> bool:
        step = self._steps.step_seconds
        return (step is None or step >= DAY_SECONDS) and self.timezone != "UTC"

    @property
    def _anchor(self) -> int:
        """Wall-clock seconds of one time on a fixed grid."""
        return self._steps.anchor_seconds + self.offset_seconds

    def _to_wall(self, seconds: Ints) -> Array:
        if not self._on_wall_clock:
            return seconds
        times = pd.DatetimeIndex(seconds * NANOSECONDS, tz="UTC").tz_convert(self.timezone)
        return times.tz_localize(None).asi8 // NANOSECONDS

    def _from_wall(self, seconds: Ints) -> Array:
        if not self._on_wall_clock:
            return seconds
        times = pd.DatetimeIndex(seconds * NANOSECONDS)
        # A midnight that a clock change skips moves to the first time after it; one that it repeats is its first pass.
        zoned = times.tz_localize(self.timezone, ambiguous=np.ones(len(times), bool), nonexistent="shift_forward")
        return zoned.asi8 // NANOSECONDS

    def ordinals(self, seconds: Any) -> Ints:
        """Returns the step that each time lies in.

        Args:
            seconds: Epoch seconds, int64, one or of any shape.

        Returns:
            int64 of the same shape; neighbouring steps differ by 1. A time off the grid
            (see `on_grid`) gets that of the step it lies in; a weekend
            belongs to the Monday after it where the frequency is `B`.
        """
        times = np.asarray(seconds, np.int64)
        # pandas takes neither a single time nor more than one axis.
        return self._ordinals(times.reshape(-1)).reshape(times.shape)

    def _ordinals(self, seconds: Ints) -> Ints:
        wall = self._to_wall(seconds)
        if self._steps.step_seconds is not None:
            return (wall - self._anchor) // self._steps.step_seconds
        since = wall - self.offset_seconds
        if self._steps.period == "B":
            # Not pandas' period of business days, which newer pandas gives up.
            return np.busday_count(_EPOCH, (since // DAY_SECONDS).astype("datetime64[D]"))
        index = pd.DatetimeIndex(since * NANOSECONDS)
        return np.asarray(index.to_period(self._steps.period).asi8, np.int64)

    def timestamps(self, ordinals: Any) -> Ints:
        """Returns the epoch seconds of steps: the inverse of `ordinals` on the grid.

        Args:
            ordinals: Steps, int64 `[N]`.
        """
        steps = np.asarray(ordinals, np.int64)
        if self._steps.step_seconds is not None:
            return self._from_wall(steps * self._steps.step_seconds + self._anchor)
        if self._steps.period == "B":
            days = np.busday_offset(_EPOCH, steps).astype(np.int64)
            return self._from_wall(days * DAY_SECONDS + self.offset_seconds)
        dtype = pd.PeriodDtype(str(self._steps.period))
        periods = pd.PeriodIndex(pd.arrays.PeriodArray(steps, dtype=dtype))
        starts = periods.to_timestamp(how="start" if self._steps.labels_start else "end").normalize()
        return self._from_wall(starts.asi8 // NANOSECONDS + self.offset_seconds)

    def on_grid(self, seconds: Any) -> Bools:
        """Returns bool `[N]`: which times lie exactly on the grid."""
        seconds = np.asarray(seconds, np.int64)
        return np.equal(self.timestamps(self.ordinals(seconds)), seconds)
