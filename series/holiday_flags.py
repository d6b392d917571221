"""Public holidays as numbers of each time: today, the day before one, the day after one.

>>> flags = HolidayFlags(("AU-VIC",), TimeGrid("D"))
>>> flags(np.array([19747, 19748, 19749, 19750]) * 86400)  # 25 January 2024 and on; Australia Day is the 26th, a Friday
array([[0., 1., 0.],
       [1., 0., 0.],
       [0., 0., 1.],
       [0., 0., 0.]], dtype=float32)

Each code has three columns. The first is the number of holidays in the step
of a time, the second that in the step after it, the third that in the step
before it. A step shorter than a day counts as the whole day that it lies in,
on the wall clock. So with days and shorter steps the columns are 0 or 1: a
holiday, the day before one, the day after one. With weeks and months they
count: a month may have three holidays.

The dates are those of the library `holidays` (its public holidays, with the
days on which one is observed that falls on a weekend), from 1900 to 2100. The
numbers of every day are computed once; a time is looked up by its day.
"""

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.schemas.frequency import DAY_SECONDS
from tapeline.schemas.holiday_codes import split_code
from tapeline.series.arrays import Ints
from tapeline.series.calendar import Calendar, cast, take
from tapeline.series.time_grid import TimeGrid

FIRST_YEAR, END_YEAR = 1900, 2100
"""Years whose holidays are looked up: from the first up to, and without, the last."""

COLUMNS = 3
"""Numbers of a time for each code."""

_FIRST_DAY, _END_DAY = (int(np.datetime64(f"{year}-01-01", "D").astype(np.int64)) for year in (FIRST_YEAR, END_YEAR))

FIRST_SECOND, END_SECOND = _FIRST_DAY * DAY_SECONDS, _END_DAY * DAY_SECONDS
"""Their ends in epoch seconds."""

_LEAST_YEARS = 10


def known_until(first: int, last: int) -> int:
    """Returns up to when a model may say that it knows the holidays, in epoch seconds.

    That is the end of the year ten years after the data that it was made from;
    where these cover more than ten years, as many years after. What is told of
    years further ahead is a guess: laws change.

    Args:
        first: First time of the data, epoch seconds.
        last: Their last time.
    """
    start, end = (int(str(np.datetime64(int(seconds), "s"))[:4]) for seconds in (first, last))
    year = min(end + max(_LEAST_YEARS, end - start + 1) + 1, END_YEAR)
    return int(np.datetime64(f"{year}-01-01", "s").astype(np.int64))


def show_day(seconds: int) -> str:
    """Returns the day of a time in UTC, for people."""
    return str(np.datetime64(int(seconds), "s").astype("datetime64[D]"))


class HolidayFlags:
    """Computes the holiday columns, code after code.

    Args:
        codes: Countries or parts of them, from `features.holidays`.
        grid: The grid of the data: its steps and its wall clock.
    """

    def __init__(self, codes: tuple[str, ...], grid: TimeGrid) -> None:
        self.size = COLUMNS * len(codes)
        """Numbers that a time gets."""
        self._clock = Calendar((), grid.timezone)
        if codes:
            self._table = np.concatenate([_by_day(code, grid) for code in codes], axis=1)

    def __call__(self, seconds: Any) -> Any:
        """Returns the columns of times; 0 outside the years that are looked up.

        Args:
            seconds: Epoch seconds, int64, of any shape: a NumPy array or a TensorFlow tensor.

        Returns:
            The same kind of array with one more axis, float32 `[..., size]`.
        """
        if not self.size:
            return self._clock(seconds)
        day = self._clock.wall_clock(cast(seconds, "int64")) // DAY_SECONDS
        # Row 0 is that of all days outside.
        inside = (day >= _FIRST_DAY) & (day < _END_DAY)
        return cast(take(self._table, (day - _FIRST_DAY + 1) * cast(inside, "int64")), "float32")


def holiday_days(code: str) -> Ints:
    """Returns the public holidays of a country or a part of one, days since 1970-01-01, int64 `[n]`, ascending.

    Args:
        code: Such as `AU-VIC`.
    """
    import holidays

    country, part = split_code(code)
    dates = holidays.country_holidays(country, subdiv=part, years=range(FIRST_YEAR, END_YEAR))
    days = np.array(sorted(dates), "datetime64[D]").astype(np.int64)
    # What is observed may lie a day outside the years that were asked for.
    return days[(days >= _FIRST_DAY) & (days < _END_DAY)]


@functools.cache
def _by_day(code: str, grid: TimeGrid) -> npt.NDArray[np.uint8]:
    """The three numbers of every day, `[1 + days, 3]`; the first row holds zeros."""
    step = _step_of(np.arange(_FIRST_DAY, _END_DAY), grid)
    at = step - step[0] + 1
    counted = np.bincount(at[holiday_days(code) - _FIRST_DAY], minlength=int(at[-1]) + 2)
    by_day = np.stack([counted[at], counted[at + 1], counted[at - 1]], axis=1)
    table = np.zeros((1 + len(by_day), COLUMNS), np.uint8)
    table[1:] = np.minimum(by_day, 255)
    return table


def _step_of(days: Ints, grid: TimeGrid) -> Ints:
    """The step of the grid that each day belongs to; days themselves where steps are shorter."""
    seconds = grid.step_seconds
    if seconds is not None and seconds < DAY_SECONDS:
        return days
    # On the wall clock all days are alike, as if it were UTC's. A day belongs to the step that its end lies in.
    wall = TimeGrid(grid.frequency, "UTC", grid.offset_seconds)
    return wall.ordinals(days * DAY_SECONDS + DAY_SECONDS - 1)
