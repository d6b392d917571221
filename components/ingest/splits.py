"""Where time is cut into train, eval and test.

>>> bounds = find_bounds(first=0, last=99 * 3600, split=SplitConfig(), grid=TimeGrid("h"))
>>> bounds.eval_start // 3600      # hours 0 to 69 are train
70
>>> bounds.assign(np.array([0, 70 * 3600, 99 * 3600]))
array([0, 1, 2])

A cut-off is a time, so a row's split follows from its own time alone: no
shuffling, no row in two splits, and the splits do not overlap.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from tapeline.schemas.errors import ConfigError, DataError
from tapeline.schemas.features import SPLITS
from tapeline.schemas.sections import SplitConfig
from tapeline.series.arrays import Ints
from tapeline.series.sources.rows import RowLayout, Rows
from tapeline.series.sources.timestamps import seconds_of
from tapeline.series.time_grid import TimeGrid

UNUSED = -1
"""What `assign` gives a row that lies in no split."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SplitBounds:
    """Where the splits start, in epoch seconds.

    Attributes:
        train_start: First time of the train split.
        eval_start: First time of the eval split.
        test_start: First time of the test split.
        end: First time after the test split.
    """

    train_start: int
    eval_start: int
    test_start: int
    end: int

    def assign(self, seconds: Ints) -> Ints:
        """Returns the split of each time, int64 `[N]`: 0 train, 1 eval, 2 test, `UNUSED` outside.

        Args:
            seconds: Epoch seconds, `[N]`.
        """
        split = np.searchsorted([self.eval_start, self.test_start], seconds, side="right")
        return np.where((seconds < self.train_start) | (seconds >= self.end), UNUSED, split)

    def of_rows(self, rows: Rows, layout: RowLayout) -> Iterator[tuple[tuple[str, ...], Ints]]:
        """Yields the target columns, with the split of their rows."""
        yield layout.target, self.assign(rows.times.seconds)

    def ranges(self) -> dict[str, tuple[int, int]]:
        """Returns the first time of each split and the first time after it."""
        cuts = (self.train_start, self.eval_start, self.test_start, self.end)
        return {name: (cuts[at], cuts[at + 1]) for at, name in enumerate(SPLITS)}


def asked_span(split: SplitConfig, grid: TimeGrid) -> tuple[int | None, int | None]:
    """Returns `split.start` and `split.end` in epoch seconds; None where they are left out.

    Raises:
        ConfigError: One is no time.
    """
    start, end = (
        None if text is None else _date(text, key, grid) for key, text in (("start", split.start), ("end", split.end))
    )
    return start, end


def used_span(*, first: int, last: int, split: SplitConfig, grid: TimeGrid) -> tuple[int, int]:
    """Returns the first time that is used, and the first that is not used any more.

    Args:
        first: Earliest time in the data, epoch seconds.
        last: Latest time in the data, epoch seconds.
        split: How to cut.
        grid: The grid of the data.

    Raises:
        ConfigError: `split.start` or `split.end` is no time, or lies outside the data.
    """
    after = _time_of(int(grid.ordinals([last])[0]) + 1, grid)
    asked_start, asked_end = asked_span(split, grid)
    start, end = first if asked_start is None else asked_start, after if asked_end is None else asked_end
    fix = "Give a time inside them, or leave it out to use all rows."
    if not first <= start <= last:
        raise _outside("start", split, f"the data reach from {show_time(first)} to {show_time(last)}", fix)
    if not start < end <= after:
        raise _outside("end", split, f"there are rows to use from {show_time(start)} to {show_time(last)}", fix)
    return start, end


def _outside(key: str, split: SplitConfig, reach: str, fix: str) -> ConfigError:
    return ConfigError(f"split.{key}: got {getattr(split, key)!r}, {reach}. {fix}")


def find_bounds(*, first: int, last: int, split: SplitConfig, grid: TimeGrid) -> SplitBounds:
    """Computes the cut-offs.

    By fractions, the time span over all series (from `split.start` to
    `split.end`, where they are given) is counted in steps of the grid and cut
    at the step nearest to each fraction. By dates, it is cut there.

    Args:
        first: Earliest time in the data, epoch seconds.
        last: Latest time in the data, epoch seconds.
        split: How to cut.
        grid: The grid of the data.

    Raises:
        ConfigError: A date is no time, lies outside the data, or the dates are out of order.
        DataError: The data are too short for three splits.
    """
    start, end = used_span(first=first, last=last, split=split, grid=grid)
    if split.eval_start is None or split.test_start is None:
        first_step = first_step_from(start, grid)
        steps = int(grid.ordinals([end - 1])[0]) - first_step + 1
        eval_step = first_step + round(steps * split.train)
        test_step = first_step + round(steps * (split.train + split.eval))
        if not first_step < eval_step < test_step < first_step + steps:
            raise DataError(
                f"split: {steps} steps from {show_time(start)} to {show_time(min(last, end))} cannot be cut into train "
                f"{split.train:g}, eval {split.eval:g} and test {split.test:g} with a step in each. "
                "Give more data, or larger fractions to the short splits."
            )
        eval_start, test_start = _time_of(eval_step, grid), _time_of(test_step, grid)
    else:
        eval_start, test_start = (
            _date(split.eval_start, "eval_start", grid),
            _date(split.test_start, "test_start", grid),
        )
        for key, time in (("eval_start", eval_start), ("test_start", test_start)):
            if not first < time <= last:
                reach = f"the data reach from {show_time(first)} to {show_time(last)}"
                raise _outside(key, split, reach, "Give a time after their start and not after their end.")
        if not start < eval_start < test_start < end:
            given = f"start {split.start!r}, " if split.start is not None else ""
            raise ConfigError(
                f"split: {given}eval_start {split.eval_start!r}, test_start {split.test_start!r} and end "
                f"{split.end!r} must follow each other in time. Put them in order."
            )
    return SplitBounds(train_start=start, eval_start=eval_start, test_start=test_start, end=end)


def check_counts(rows: dict[str, int], ranges: dict[str, tuple[int, int]]) -> None:
    """Refuses splits without rows.

    Args:
        rows: Rows of each split.
        ranges: The first time of each split and the first time after it.

    Raises:
        DataError: A split has no row.
    """
    for name, (start, end) in ranges.items():
        if not rows.get(name):
            raise DataError(
                f"split: {name} holds no row: the data have a gap from {show_time(start)} to {show_time(end)} or longer. "
                "Fill it, or move the cut-offs (split.train, split.eval, split.test, or the dates) to where rows are."
            )


def show_time(seconds: int) -> str:
    """Returns a time as messages and lineage show it: ISO 8601, UTC."""
    return f"{np.datetime64(int(seconds), 's')}Z"


def first_step_from(time: int, grid: TimeGrid) -> int:
    """Returns the first step of the grid whose time is not before the given one.

    Args:
        time: Epoch seconds.
        grid: The grid of the data.
    """
    step = int(grid.ordinals([time])[0])
    return step + int(_time_of(step, grid) < time)


def _time_of(step: int, grid: TimeGrid) -> int:
    return int(grid.timestamps([step])[0])


def _date(text: str, key: str, grid: TimeGrid) -> int:
    try:
        return seconds_of(text, timezone=grid.timezone)
    except ValueError as error:
        raise ConfigError(f"split.{key}: {error}. Give an ISO 8601 time such as 2021-01-31.") from None
