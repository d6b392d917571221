"""From rows in any order to windows, in pure NumPy, many series at a time.

`to_grid` puts all rows of some series on their grid, `forecast_starts` finds
where a split's forecasts start in it, and `cut_chunks` groups these starts into
chunks. The series lie one after another in the grid's arrays:

    position   0 1 2 3 4 | 5 6 7 | 8 9 ...
    series     a a a a a | b b b | c c ...
"""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from tapeline.schemas import features as names
from tapeline.schemas.errors import DataError
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.arrays import Array, Bools, Floats, Ints, Names
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.grouping.series_survey import NEVER
from tapeline.series.time_grid import TimeGrid

OPEN_START, OPEN_END = -(2**60), 2**60
"""Ordinals before and after every time."""


@dataclasses.dataclass(frozen=True, eq=False)
class Grid:
    """Series on their regular grid, one after another; `L` steps in all.

    Attributes:
        ids: The series, bytes `[u]`.
        first: Ordinal of each series' first row, int64 `[u]`.
        last: Ordinal of its last row.
        start: Ordinal of its first step: before `first` where it is padded.
        begin: Position of each series' first step, int64 `[u]`.
        code: Position of each step's series in `ids`, int64 `[L]`.
        ordinal: Int64 `[L]`.
        has_row: Which steps have a row, bool `[L]`.
        target: Float32 `[L]`; NaN where unobserved.
        past: Float32 `[L, P]`; NaN where unobserved.
        future: Float32 `[L, K]`; NaN where missing.
        static: Static covariates of each series' first row, 0 where missing, float32 `[u, S]`.
    """

    ids: Names
    first: Ints
    last: Ints
    start: Ints
    begin: Ints
    code: Ints
    ordinal: Ints
    has_row: Bools
    target: Floats
    past: Floats
    future: Floats
    static: Floats


def ranges(starts: Ints, lengths: Ints) -> Array:
    """Returns `arange(start, start + length)` for each pair, one after another."""
    ends = np.cumsum(lengths)
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(ends[-1] if len(ends) else 0)


Bounds = tuple[Ints | int, Ints | int]
"""First ordinal of a split and the one after its last, int64 `[]` for all series alike, or `[u]` for each."""

SplitSteps = Mapping[str, Bounds]
"""The bounds of each split."""


def split_bounds(first: Ints, time: TimeGrid) -> SplitSteps:
    """Returns the ordinals that each split covers: from its own first row to the next split's.

    Args:
        first: Time of each split's first row, int64 `[S]`, or of each series `[u, S]`; `NEVER` in a split without rows.
        time: The regular times.
    """
    present = first < NEVER
    starts = np.where(present, time.ordinals(np.where(present, first, 0)), OPEN_END)
    # A split without rows ends where it begins.
    starts = np.minimum.accumulate(starts[..., ::-1], axis=-1)[..., ::-1]
    edges = [
        np.full(first.shape[:-1], OPEN_START),
        *np.moveaxis(starts[..., 1:], -1, 0),
        np.full(first.shape[:-1], OPEN_END),
    ]
    return {name: (edges[at], edges[at + 1]) for at, name in enumerate(names.SPLITS)}


def own_bounds(rows: SeriesRows, time: TimeGrid) -> SplitSteps:
    """Returns the ordinals that each split of each series covers, where each was cut by its own end.

    Args:
        rows: All rows of some series.
        time: The regular times.
    """
    first = np.full((len(rows.ids), len(names.SPLITS)), NEVER)
    np.minimum.at(first, (rows.code, rows.split), rows.timestamp)
    return split_bounds(first, time)


def padded_series(first: Ints, last: Ints, *, split: Bounds, spec: WindowSpec) -> Bools:
    """Returns which series have room for a forecast in a split, but not behind a whole context, bool `[u]`.

    >>> spec = WindowSpec(context_length=10, horizon=2, min_context=3)
    >>> padded_series(np.array([0, 0]), np.array([20, 8]), split=(0, 100), spec=spec).tolist()
    [False, True]

    Args:
        first: Ordinal of each series' first row, int64 `[u]`.
        last: Ordinal of its last row.
        split: First ordinal of the split, and the one after its last.
        spec: The shape of a window.
    """
    latest = np.minimum(split[1], last + 1) - spec.horizon
    whole, least = (np.maximum(split[0], first + steps) for steps in (spec.context_length, spec.least_context))
    short: Bools = (whole > latest) & (least <= latest)
    return short


def to_grid(rows: SeriesRows, time: TimeGrid, *, splits: Iterable[Bounds] = (), spec: WindowSpec | None = None) -> Grid:
    """Puts scaled rows on the grid; steps without a row hold NaN.

    A series that some split has padded windows of gets steps before its first row, as many as those reach back.

    Args:
        rows: All rows of some series.
        time: The regular times.
        splits: First ordinal of each split, and the one after its last.
        spec: The shape of a window; None: nothing is padded.

    Raises:
        DataError: A series has two rows for one step.
    """
    ordinal, columns = time.ordinals(rows.timestamp), rows.columns
    first, last = np.full(len(rows.ids), OPEN_END), np.full(len(rows.ids), OPEN_START)
    np.minimum.at(first, rows.code, ordinal)
    np.maximum.at(last, rows.code, ordinal)
    start = first.copy()
    if spec is not None:
        for split in splits:
            short = padded_series(first, last, split=split, spec=spec)
            start[short] = first[short] - (spec.context_length - spec.least_context)
    length = last - start + 1
    begin = np.cumsum(length) - length
    steps = int(length.sum())
    position = begin[rows.code] + ordinal - start[rows.code]
    counts = np.bincount(position, minlength=steps)
    if counts.max(initial=0) > 1:
        raise DataError(_duplicates(rows, position, counts))

    def place(values: Array) -> Floats:
        placed = np.full((steps, *values.shape[1:]), np.nan, np.float32)
        placed[position] = values
        return placed

    static = np.zeros((len(rows.ids), columns[names.STATIC_COVARIATES].shape[1]), np.float32)
    of_first = ordinal == first[rows.code]
    static[rows.code[of_first]] = np.nan_to_num(columns[names.STATIC_COVARIATES][of_first])
    return Grid(
        ids=rows.ids,
        first=first,
        last=last,
        start=start,
        begin=begin,
        code=np.repeat(np.arange(len(rows.ids)), length),
        ordinal=ranges(start, length),
        has_row=counts > 0,
        target=place(columns[NUMBERS][:, 0]),
        past=place(columns[names.PAST_COVARIATES]),
        future=place(columns[names.FUTURE_COVARIATES]),
        static=static,
    )


def _duplicates(rows: SeriesRows, position: Ints, counts: Ints) -> str:
    repeated = counts[position] > 1
    code = rows.code[repeated].min()
    steps = len(np.unique(position[repeated & (rows.code == code)]))
    return (
        f"timestamp: series {rows.ids[code].decode(errors='replace')!r} has {steps} steps with more than one row. "
        "A series has one row a step: remove the duplicates, or correct data.frequency."
    )


def forecast_starts(grid: Grid, *, split: Bounds, spec: WindowSpec, min_observed: float) -> tuple[Ints, int]:
    """Returns where in the grid the forecasts of a split start, ascending, int64 `[n]`, and how many are left out.

    The whole forecast lies inside the split and the series; the context lies
    inside the series, but where no whole one fits: there it begins before it,
    and holds at least `spec.least_context` steps of it. Strides are counted
    from the first start that a series has in a split. Enough of the context
    was measured (of a padded one, enough of its least steps), and at least one
    value of the forecast; what fails only this is left out.

    Args:
        grid: The steps of some series.
        split: First ordinal of the split, and the one after its last.
        spec: Context length, horizon and stride.
        min_observed: Least share of measured values in a context.
    """
    short = padded_series(grid.first, grid.last, split=split, spec=spec)
    context = np.where(short, spec.least_context, spec.context_length)
    lowest = np.maximum(split[0], grid.first + context)
    highest = np.minimum(split[1], grid.last + 1) - spec.horizon
    count = np.maximum((highest - lowest) // spec.stride + 1, 0)
    series = np.repeat(np.arange(len(grid.ids)), count)
    turn = ranges(np.zeros(len(count), np.int64), count)
    position = (grid.begin + lowest - grid.start)[series] + turn * spec.stride

    measured = np.concatenate([[0], np.cumsum(~np.isnan(grid.target))])
    in_context = measured[position] - measured[position - spec.context_length]
    in_forecast = measured[position + spec.horizon] - measured[position]
    enough = (in_context > 0) & (in_context >= min_observed * context[series]) & (in_forecast > 0)
    return position[enough], int((~enough).sum())


@dataclasses.dataclass(frozen=True, eq=False)
class ChunkBounds:
    """Where chunks lie in a grid.

    Attributes:
        begin: Position of each chunk's first step, int64 `[c]`.
        end: Position after its last step.
        starts: Positions of all forecast starts, chunk after chunk, int64 `[n]`.
        split_at: Where each chunk's starts begin in `starts`, int64 `[c + 1]`.
    """

    begin: Ints
    end: Ints
    starts: Ints
    split_at: Ints

    def batches(self, steps: int) -> Iterator["ChunkBounds"]:
        """Yields the chunks in batches of about so many steps."""
        before = np.cumsum(self.end - self.begin) - (self.end - self.begin)
        edges = [*np.flatnonzero(np.diff(before // steps, prepend=-1)).tolist(), len(self.begin)]
        for low, high in itertools.pairwise(edges):
            at = self.split_at[low : high + 1]
            yield ChunkBounds(self.begin[low:high], self.end[low:high], self.starts[at[0] : at[-1]], at - at[0])


def cut_chunks(grid: Grid, starts: Ints, *, chunk_steps: int, spec: WindowSpec) -> ChunkBounds:
    """Groups forecast starts into chunks: a series is divided into equal stretches of about `chunk_steps` ordinals.

    Each stretch repeats `T + H - 1` steps of its neighbour. So stretches are
    counted from a series' own first start, and one that is up to half as long
    again stays whole: a short series is one chunk wherever it lies in time.

    Args:
        grid: The steps of some series.
        starts: Positions from `forecast_starts`, ascending, int64 `[n]`.
        chunk_steps: Ordinals in a stretch.
        spec: Context length and horizon.
    """
    code = grid.code[starts]
    first, last = np.flatnonzero(np.diff(code, prepend=-1)), np.flatnonzero(np.diff(code, append=-1))
    span = starts[last] - starts[first] + 1
    stretches = np.maximum(np.rint(span / chunk_steps), 1).astype(np.int64)
    windows = last - first + 1
    stretch = (starts - np.repeat(starts[first], windows)) // np.repeat(-(-span // stretches), windows)
    new = np.diff(code, prepend=-1) != 0
    new |= np.diff(stretch, prepend=-1) != 0
    split_at = np.append(np.flatnonzero(new), len(starts))
    begin = starts[split_at[:-1]] - spec.context_length
    return ChunkBounds(begin, starts[split_at[1:] - 1] + spec.horizon, starts, split_at)
