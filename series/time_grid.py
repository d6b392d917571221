"""The regular grid of times that a series lives on.

A grid turns epoch seconds into ordinals (consecutive whole numbers, one a
step) and back. Everything that counts steps counts ordinals: gaps, windows,
horizons.

    grid = TimeGrid("W-SAT")
    grid.ordinals([1_000_000_000])      # raises nothing; see `on_grid`
    grid.timestamps(grid.ordinals(seconds)) == seconds   # for seconds on the grid

Frequencies finer than a day are counted in UTC, so a clock change neither
skips nor repeats a step. Days and coarser steps are counted on the wall clock
of the grid's zone, so a day of 23 or 25 hours is one step.
"""

import dataclasses
import functools
from typing import Any

import numpy as np
import pandas as pd

from tapeline.schemas.stack import modern, spelled

_DAY = 86_400
_NANOSECONDS = 1_000_000_000
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def _is(offset: Any, *kinds: type) -> bool:
    """Tells an offset's kind; pandas' stubs lack the attributes that a narrowed type would be searched for."""
    return isinstance(offset, kinds)


@dataclasses.dataclass(frozen=True)
class TimeGrid:
    """Consecutive times at one frequency.

    Attributes:
        frequency: A pandas offset alias: `15min`, `h`, `D`, `B`, `W-SAT`, `MS`, `ME`, `QS`, `YE`; the spelling of
            older pandas (`H`, `M`, `A`) means the same.
        timezone: IANA zone of the wall clock, used for days and coarser steps.
        offset_seconds: Distance of the grid from the start of its period, in seconds:
            1800 for hourly values measured at half past.
    """

    frequency: str
    timezone: str = "UTC"
    offset_seconds: int = 0

    def __post_init__(self) -> None:
        try:
            offset = pd.tseries.frequencies.to_offset(spelled(self.frequency))
        except ValueError as error:
            raise ValueError(f"{self.frequency!r} is not a pandas frequency") from error
        if offset is None or offset.n < 1:
            raise ValueError(f"{self.frequency!r} is not a frequency with a positive step")
        if self._has_fraction:
            raise ValueError(f"{self.frequency!r} is not a whole number of seconds")
        if self._step_seconds is None and offset.n != 1:
            raise ValueError(
                f"{self.frequency!r}: multiples are for fixed steps (minutes, hours, days, weeks); "
                f"use {modern(offset.base.freqstr)!r} or another fixed step"
            )
        try:
            pd.Timestamp(0, unit="s", tz=self.timezone)
        except Exception as error:
            raise ValueError(f"{self.timezone!r} is not an IANA time zone") from error
        if self._step_seconds is None and self._period_frequency is None:
            raise ValueError(
                f"{self.frequency!r} has no regular grid: use a fixed step, or one of B, MS, ME, QS, QE, YS, YE"
            )

    @functools.cached_property
    def _offset(self) -> Any:
        return pd.tseries.frequencies.to_offset(spelled(self.frequency))

    @property
    def _has_fraction(self) -> bool:
        return _is(self._offset, pd.offsets.Tick) and self._offset.nanos % _NANOSECONDS != 0

    @functools.cached_property
    def _step_seconds(self) -> int | None:
        """Length of a step that never varies on its clock; None for months, business days and the like."""
        offset = self._offset
        if _is(offset, pd.offsets.Week):
            return 7 * _DAY * offset.n
        try:
            return offset.nanos // _NANOSECONDS
        except ValueError:
            return None

    @property
    def fixed_step_seconds(self) -> int | None:
        """Seconds between neighbouring times where they never vary in UTC, else None."""
        step = self._step_seconds
        return step if step is not None and not self._on_wall_clock else None

    @property
    def _on_wall_clock(self) -> bool:
        step = self._step_seconds
        return (step is None or step >= _DAY) and self.timezone != "UTC"

    @functools.cached_property
    def _anchor(self) -> int:
        """Wall-clock seconds of one time on a fixed grid."""
        offset = self._offset
        if _is(offset, pd.offsets.Week) and offset.weekday is not None:
            # 1970-01-01 was a Thursday, weekday 3.
            return ((offset.weekday - 3) % 7) * _DAY + self.offset_seconds
        return self.offset_seconds

    @functools.cached_property
    def _period_frequency(self) -> str | None:
        """The pandas period that counts steps of varying length; None where there is none."""
        offset = self._offset
        if _is(offset, pd.offsets.BusinessDay):
            return "B"
        if _is(offset, pd.offsets.MonthBegin, pd.offsets.MonthEnd):
            return "M"
        # A period is named for the month it ends in, a `...Begin` offset for the month it starts in.
        if _is(offset, pd.offsets.QuarterEnd):
            return f"Q-{_MONTHS[offset.startingMonth - 1]}"
        if _is(offset, pd.offsets.QuarterBegin):
            return f"Q-{_MONTHS[offset.startingMonth - 2]}"
        if _is(offset, pd.offsets.YearEnd):
            return f"A-{_MONTHS[offset.month - 1]}"
        if _is(offset, pd.offsets.YearBegin):
            return f"A-{_MONTHS[offset.month - 2]}"
        return None

    @property
    def _labels_start(self) -> bool:
        """Whether a step of varying length is named by its first day (else by its last)."""
        begins = (pd.offsets.BusinessDay, pd.offsets.MonthBegin, pd.offsets.QuarterBegin, pd.offsets.YearBegin)
        return isinstance(self._offset, begins)

    def _to_wall(self, seconds: np.ndarray) -> np.ndarray:
        if not self._on_wall_clock:
            return seconds
        times = pd.DatetimeIndex(seconds * _NANOSECONDS, tz="UTC").tz_convert(self.timezone)
        return times.tz_localize(None).asi8 // _NANOSECONDS

    def _from_wall(self, seconds: np.ndarray) -> np.ndarray:
        if not self._on_wall_clock:
            return seconds
        times = pd.DatetimeIndex(seconds * _NANOSECONDS)
        # A midnight that a clock change skips moves to the first time after it; one that it repeats is its first pass.
        zoned = times.tz_localize(self.timezone, ambiguous=np.ones(len(times), bool), nonexistent="shift_forward")
        return zoned.asi8 // _NANOSECONDS

    def ordinals(self, seconds: Any) -> np.ndarray:
        """Returns the step that each time lies in.

        Args:
            seconds: Epoch seconds, int64, any shape `[N]`.

        Returns:
            int64 `[N]`; neighbouring steps differ by 1. A time off the grid
            (see `on_grid`) gets that of the step it lies in; a weekend
            belongs to the Monday after it where the frequency is `B`.
        """
        wall = self._to_wall(np.asarray(seconds, np.int64))
        if self._step_seconds is not None:
            return (wall - self._anchor) // self._step_seconds
        index = pd.DatetimeIndex((wall - self.offset_seconds) * _NANOSECONDS)
        return np.asarray(index.to_period(self._period_frequency).asi8, np.int64)

    def timestamps(self, ordinals: Any) -> np.ndarray:
        """Returns the epoch seconds of steps: the inverse of `ordinals` on the grid.

        Args:
            ordinals: Steps, int64 `[N]`.
        """
        steps = np.asarray(ordinals, np.int64)
        if self._step_seconds is not None:
            return self._from_wall(steps * self._step_seconds + self._anchor)
        dtype = pd.PeriodDtype(str(self._period_frequency))
        periods = pd.PeriodIndex(pd.arrays.PeriodArray(steps, dtype=dtype))
        starts = periods.to_timestamp(how="start" if self._labels_start else "end").normalize()
        return self._from_wall(starts.asi8 // _NANOSECONDS + self.offset_seconds)

    def on_grid(self, seconds: Any) -> np.ndarray:
        """Returns bool `[N]`: which times lie exactly on the grid."""
        seconds = np.asarray(seconds, np.int64)
        return self.timestamps(self.ordinals(seconds)) == seconds
