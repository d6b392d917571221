"""How often the series of a file have a value, and what is missing or does not move.

>>> found = find_grid([np.arange(40) * 7 * 86_400 + 2 * 86_400])       # 1970-01-03 was a Saturday
>>> found.grid.frequency, found.fit
('W-SAT', 1.0)
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from tapeline.schemas.errors import DataError
from tapeline.schemas.frequency import DAY_SECONDS
from tapeline.schemas.stack import modern
from tapeline.series.arrays import Floats, Ints
from tapeline.series.checks.grid_checks import duration_text
from tapeline.series.checks.grid_suggestion import suggest_grid
from tapeline.series.time_grid import TimeGrid

_LOOKED_AT = 5
"""Series whose times are looked at: the longest."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FoundGrid:
    """The regular times of a file.

    Attributes:
        grid: Frequency and offset.
        fit: Share of neighbouring times that are one step apart.
        off: Times beside the grid, in all series.
    """

    grid: TimeGrid
    fit: float
    off: int


def find_grid(times: Sequence[Ints]) -> FoundGrid:
    """Returns the grid that the times lie on.

    Args:
        times: Unique epoch seconds of each series, ascending.

    Raises:
        DataError: They lie on none.
    """
    longest = sorted(times, key=len, reverse=True)[:_LOOKED_AT]
    if len(longest[0]) < 3:
        raise DataError(
            f"data.frequency: the longest series has {len(longest[0])} rows, and a frequency shows in 3 or more. Give "
            "more rows; for a file of many series, name the column that tells them apart with --series."
        )
    for some in longest:
        suggested = suggest_grid(some, TimeGrid("D"))
        found = _most_common_step(some) if suggested is None else suggested[0]
        if found is not None:
            grid = _business_days(found, longest)
            grid = dataclasses.replace(grid, frequency=modern(grid.frequency))
            off = sum(int((~grid.on_grid(each)).sum()) for each in times)
            steps = np.diff(grid.ordinals(some))
            return FoundGrid(grid=grid, fit=float((steps == 1).mean()), off=off)
    usual = duration_text(float(np.median(np.diff(longest[0]))))
    raise DataError(
        f"data.frequency: the times lie on no regular grid (the median step is {usual}). Resample them to a regular one "
        "first; for a file of many series, name the column that tells them apart with --series."
    )


def _most_common_step(times: Ints) -> TimeGrid | None:
    steps, counts = np.unique(np.diff(times), return_counts=True)
    step = int(steps[counts.argmax()])
    if step % 60 and step > 60:
        return None
    # Most steps are a few of these, so a hole is a hole and not another frequency.
    share = float(counts[steps % step == 0].sum() / counts.sum())
    if share < 0.9:
        return None
    size, unit = next(
        (size, unit) for size, unit in ((DAY_SECONDS, "D"), (3_600, "h"), (60, "min"), (1, "s")) if step % size == 0
    )
    grid = TimeGrid(f"{step // size}{unit}")
    offset = int(np.median(times - grid.timestamps(grid.ordinals(times))))
    return dataclasses.replace(grid, offset_seconds=offset)


def _business_days(grid: TimeGrid, times: Sequence[Ints]) -> TimeGrid:
    """Days of which none is a Saturday or Sunday are business days."""
    if grid.frequency != "D":
        return grid
    days = np.concatenate(times) // DAY_SECONDS
    # 1970-01-01 was a Thursday.
    weekdays = set(((days + 3) % 7).tolist())
    return dataclasses.replace(grid, frequency="B") if weekdays == {0, 1, 2, 3, 4} else grid


def on_steps(ordinals: Ints, values: Floats) -> Floats:
    """Puts the rows of one series on its grid.

    Args:
        ordinals: Steps, ascending, int64 `[N]`.
        values: `[N, C]`.

    Returns:
        `[L, C]`, NaN in steps without a row.
    """
    placed = np.full((int(ordinals[-1] - ordinals[0]) + 1, values.shape[1]), np.nan)
    placed[ordinals - ordinals[0]] = values
    return placed


def gaps(ordinals: Ints) -> tuple[Ints, Ints]:
    """Returns the runs of steps without a row: the first step of each, and how many there are, int64 `[G]` each.

    >>> gaps(np.array([3, 4, 7]))
    (array([5]), array([2]))

    Args:
        ordinals: Steps of the rows of one series, ascending, int64 `[N]`.
    """
    missing = np.diff(ordinals) - 1
    at = np.flatnonzero(missing > 0)
    return ordinals[at] + 1, missing[at]


def longest_gap(ordinals: Ints, values: Floats) -> int:
    """Returns the longest run of steps without a measured value between two measured ones.

    Args:
        ordinals: Steps of the rows of one series, ascending, int64 `[N]`.
        values: Float64 `[N]`.
    """
    measured = ordinals[~np.isnan(values)]
    return int(np.diff(measured).max(initial=1)) - 1


def longest_rest(values: Floats) -> int:
    """Returns the longest run of one and the same measured value.

    >>> longest_rest(np.array([1.0, 2.0, 2.0, np.nan, 2.0, 3.0]))
    3
    """
    measured = values[~np.isnan(values)]
    if not len(measured):
        return 0
    begins = np.flatnonzero(np.diff(measured.astype(np.float32), prepend=np.float32(np.nan)) != 0)
    return int(np.diff(begins, append=len(measured)).max())
