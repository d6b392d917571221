"""Where each series is cut into train, eval and test, counted back from its own last value.

>>> split = SplitConfig(eval_steps=2, test_steps=3)
>>> [cut.tolist() for cut in cut_steps(np.array([0, 4, 0]), np.array([9, 13, 4]), split)]    # first, last step
[[5, 9, 1152921504606846976], [7, 11, 1152921504606846976]]

Series of a panel may end at different times, as those of the M4 competition do; each of them is judged on its own last
values. A series that leaves train no step is in train whole: it teaches, and is not judged.

Source: Makridakis, Spiliotis, Assimakopoulos (2020), The M4 Competition: 100,000 time series and 61 forecasting
methods, International Journal of Forecasting 36(1).
"""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from tapeline.components.ingest.splits import UNUSED, SplitBounds, asked_span, find_bounds, used_span
from tapeline.schemas.errors import DataError
from tapeline.schemas.sections import SplitConfig
from tapeline.series.arrays import Ints
from tapeline.series.sources.rows import RowLayout, Rows
from tapeline.series.sources.scanning import NO_TIME, Survey
from tapeline.series.time_grid import TimeGrid

WHOLE = 2**60
"""A cut after every time: of a series that is in train whole."""


def cut_steps(first: Ints, last: Ints, split: SplitConfig) -> tuple[Ints, Ints]:
    """Returns the first step of eval, and that of test, int64 `[u]` each; `WHOLE` for a series that is too short.

    Args:
        first: Step of each series' first measured value, int64 `[u]`.
        last: That of its last one.
        split: Has `eval_steps` and `test_steps`.
    """
    assert split.eval_steps is not None, "split: is not counted from ends"
    assert split.test_steps is not None, "split: is not counted from ends"
    test = last + 1 - split.test_steps
    evaluated = test - split.eval_steps
    short = evaluated <= first
    return np.where(short, WHOLE, evaluated), np.where(short, WHOLE, test)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeriesCuts:
    """Where the series are cut.

    Attributes:
        start: First time that is used, epoch seconds.
        end: First time that is not used any more.
        cuts: First time of eval and of test of each series that has them.
    """

    start: int
    end: int
    cuts: dict[bytes, tuple[int, int]]

    def of_rows(self, rows: Rows, layout: RowLayout) -> Iterator[tuple[tuple[str, ...], Ints]]:
        """Yields each target column, with the split of its rows as `SplitBounds.assign` gives it."""
        for target in layout.target:
            yield (target,), self.assign(rows.times.seconds, rows.ids_of(target, layout))

    def assign(self, seconds: Ints, ids: pa.Array) -> Ints:
        """Returns the split of each row, int64 `[N]`: 0 train, 1 eval, 2 test, `UNUSED` outside.

        Args:
            seconds: Epoch seconds, `[N]`.
            ids: The series, binary `[N]`.
        """
        encoded = ids.dictionary_encode()
        known = [self.cuts.get(name, (WHOLE, WHOLE)) for name in encoded.dictionary.to_pylist()]
        cuts = np.array(known, np.int64).reshape(-1, 2)[encoded.indices.to_numpy()]
        split = (seconds[:, None] >= cuts).sum(axis=1)
        return np.where((seconds < self.start) | (seconds >= self.end), UNUSED, split)

    def ranges(self) -> dict[str, tuple[int, int]]:
        """Returns the earliest time of each split over all series, and the latest one after it."""
        evaluated, test = zip(*self.cuts.values(), strict=True)
        return {
            "train": (self.start, max(evaluated)),
            "eval": (min(evaluated), max(test)),
            "test": (min(test), self.end),
        }


def find_cuts(survey: Survey, *, split: SplitConfig, grid: TimeGrid) -> SeriesCuts:
    """Computes the cuts.

    Args:
        survey: What is known of the source, with the ends of the series.
        split: How to cut.
        grid: The grid of the data.

    Raises:
        ConfigError: A date is no time, or lies outside the data.
        DataError: No series is long enough for three parts.
    """
    start, end = used_span(first=survey.first, last=survey.last, split=split, grid=grid)
    ends = survey.ends
    first, last = (np.array([each[at] for each in ends.values()], np.int64) for at in (0, 1))
    first, last = grid.ordinals(first), grid.ordinals(last)
    evaluated, test = cut_steps(first, last, split)
    long = np.flatnonzero(evaluated < WHOLE)
    if not len(long):
        longest = int((last - first).max(initial=-1)) + 1
        raise DataError(
            f"split: no series is longer than split.eval_steps + split.test_steps = {split.eval_steps} + "
            f"{split.test_steps}; the longest has {longest} steps from its first value to its last. Give longer "
            "series, or fewer steps."
        )
    names = [name.encode() for name in ends]
    times = zip(grid.timestamps(evaluated[long]).tolist(), grid.timestamps(test[long]).tolist(), strict=True)
    return SeriesCuts(start=start, end=end, cuts={names[at]: cut for at, cut in zip(long, times, strict=True)})


AnyBounds = SplitBounds | SeriesCuts


def ends_span(split: SplitConfig, grid: TimeGrid) -> tuple[int, int]:
    """Returns the times between which a survey has to look for the ends of the series; none where it need not.

    Raises:
        ConfigError: `split.start` or `split.end` is no time.
    """
    if not split.from_ends:
        return NO_TIME
    start, end = asked_span(split, grid)
    return -WHOLE if start is None else start, WHOLE if end is None else end


def find_split(survey: Survey, *, split: SplitConfig, grid: TimeGrid) -> AnyBounds:
    """Returns where time is cut, for all series alike or for each.

    Args:
        survey: What is known of the source; it looked for the ends of the series where `ends_span` says so.
        split: How to cut.
        grid: The grid of the data.

    Raises:
        ConfigError: A date is no time, lies outside the data, or the dates are out of order.
        DataError: The data are too short for three splits.
    """
    if split.from_ends:
        return find_cuts(survey, split=split, grid=grid)
    return find_bounds(first=survey.first, last=survey.last, split=split, grid=grid)
