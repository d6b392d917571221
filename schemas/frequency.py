"""How often a series has a value: a pandas offset alias that lies on a regular grid.

>>> Frequency("2h").step_seconds
7200
>>> Frequency("MS").period, Frequency("MS").step_seconds
('M', None)
"""

import dataclasses
import functools
from typing import Any

import pandas as pd

from tapeline.schemas.stack import NEWER, modern, spelled

DAY_SECONDS = 86_400
NANOSECONDS = 1_000_000_000
"""In a second."""

_YEARS = "Y" if NEWER else "A"
"""What pandas calls a period of a year."""

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

_EXAMPLES = "write it like 15min, h, D, W-SAT or MS"


@dataclasses.dataclass(frozen=True)
class Frequency:
    """A step between neighbouring times.

    Attributes:
        alias: A pandas offset alias: `15min`, `h`, `D`, `B`, `W-SAT`, `MS`, `ME`, `QS`, `YE`; the spelling of
            older pandas (`H`, `M`, `A`) means the same.

    Raises:
        ValueError: The alias is none, or has no regular grid.
    """

    alias: str

    def __post_init__(self) -> None:
        if self.alias.startswith("-"):
            raise ValueError(f"{self.alias!r} is not a frequency with a positive step")
        try:
            offset = pd.tseries.frequencies.to_offset(spelled(self.alias))
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{self.alias!r} is not a pandas frequency; {_EXAMPLES}") from error
        if offset is None or offset.n < 1:
            raise ValueError(f"{self.alias!r} is not a frequency with a positive step; {_EXAMPLES}")
        if _is(offset, pd.offsets.Tick) and offset.nanos % NANOSECONDS != 0:
            raise ValueError(f"{self.alias!r} is not a whole number of seconds; {_EXAMPLES}")
        if self.step_seconds is None and offset.n != 1:
            raise ValueError(
                f"{self.alias!r}: multiples are for fixed steps (minutes, hours, days, weeks); "
                f"use {modern(offset.base.freqstr)!r} or another fixed step"
            )
        if self.step_seconds is None and self.period is None:
            raise ValueError(
                f"{self.alias!r} has no regular grid: use a fixed step, or one of B, MS, ME, QS, QE, YS, YE"
            )

    @functools.cached_property
    def _offset(self) -> Any:
        return pd.tseries.frequencies.to_offset(spelled(self.alias))

    @functools.cached_property
    def step_seconds(self) -> int | None:
        """Length of a step that never varies on its clock; None for months, business days and the like."""
        offset = self._offset
        if _is(offset, pd.offsets.Week):
            return 7 * DAY_SECONDS * int(offset.n)
        try:
            return int(offset.nanos) // NANOSECONDS
        except ValueError:
            return None

    @property
    def anchor_seconds(self) -> int:
        """Seconds from 1970-01-01 to the first step of a fixed grid: weeks that end on a Saturday begin there."""
        offset = self._offset
        if _is(offset, pd.offsets.Week) and offset.weekday is not None:
            # 1970-01-01 was a Thursday, weekday 3.
            return ((int(offset.weekday) - 3) % 7) * DAY_SECONDS
        return 0

    @functools.cached_property
    def period(self) -> str | None:
        """The pandas period that counts steps of varying length; None where there is none."""
        offset = self._offset
        if _is(offset, pd.offsets.BusinessDay):
            return "B"
        if _is(offset, pd.offsets.MonthBegin, pd.offsets.MonthEnd):
            return "M"
        # A period is named for the month it ends in, a `...Begin` offset for the month it starts in.
        back = 2 if self.labels_start else 1
        if _is(offset, pd.offsets.QuarterBegin, pd.offsets.QuarterEnd):
            return f"Q-{_MONTHS[offset.startingMonth - back]}"
        if _is(offset, pd.offsets.YearBegin, pd.offsets.YearEnd):
            return f"{_YEARS}-{_MONTHS[offset.month - back]}"
        return None

    @property
    def labels_start(self) -> bool:
        """Whether a step of varying length is named by its first day (else by its last)."""
        begins = (pd.offsets.BusinessDay, pd.offsets.MonthBegin, pd.offsets.QuarterBegin, pd.offsets.YearBegin)
        return isinstance(self._offset, begins)


def check_zone(name: str) -> None:
    """Checks the name of a time zone.

    Raises:
        ValueError: It is not an IANA zone.
    """
    try:
        pd.Timestamp(0, unit="s", tz=name)
    except Exception as error:
        raise ValueError(f"{name!r} is not an IANA time zone; write it like Europe/Berlin or UTC") from error


def _is(offset: Any, *kinds: type) -> bool:
    """Tells an offset's kind; pandas' stubs lack the attributes that a narrowed type would be searched for."""
    return isinstance(offset, kinds)
