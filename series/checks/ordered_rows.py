"""The rows of whole series in the order of time, and those of them that break a rule; many series at once.

Letters: `N` rows, `u` series, `C` columns (target and covariates).

>>> found = Offenders.of(2, np.array([1, 0, 1]), np.array([30, 10, 20]))      # series 1, 0, 1 and their rows
>>> found.count, found.of_series(1)
(array([1, 2]), [(20,), (30,)])
"""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.schemas.features import ROW_NUMBER
from tapeline.series.arrays import Array, Bools, Floats, Ints, Names
from tapeline.series.checks.findings import MAX_OFFENDERS
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.time_grid import TimeGrid


@dataclasses.dataclass(frozen=True, eq=False)
class Offenders:
    """Rows, runs or gaps that break a rule.

    Attributes:
        count: Offenders of each series, int64 `[u]`.
        code: The series of each one that is kept, ascending, int64 `[k]`.
        columns: What is known of them, arrays `[k]`; the first one is their order.
    """

    count: Ints
    code: Ints
    columns: tuple[Ints, ...]

    @classmethod
    def of(cls, series: int, code: Ints, *columns: Array) -> "Offenders":
        """Counts offenders in any order, and keeps the first ones of each series.

        Args:
            series: `u`.
            code: The series of each, int64 `[n]`.
            columns: What is known of them, arrays `[n]`.
        """
        count = np.bincount(code, minlength=series)
        if len(code):
            order = np.lexsort((columns[0], code))
            code = code[order]
            kept = np.arange(len(code)) - np.searchsorted(code, code) < MAX_OFFENDERS
            code, columns = code[kept], tuple(column[order[kept]] for column in columns)
        return cls(count, code, columns)

    def of_series(self, code: int) -> list[tuple[Any, ...]]:
        """The offenders of one series that are kept, in order."""
        here = slice(*np.searchsorted(self.code, [code, code + 1]))
        return list(zip(*(column[here].tolist() for column in self.columns), strict=True))


@dataclasses.dataclass(frozen=True, eq=False)
class Ordered:
    """Rows, series after series, each in the order of time; rows of one time by row number.

    Attributes:
        ids: The series, bytes `[u]`.
        code: Position of each row's series, ascending, int64 `[N]`.
        starts: Position of each series' first row, int64 `[u]`.
        ends: Position after its last.
        split: Position of each row's split in `SPLITS`, int8 `[N]`.
        timestamp: Epoch seconds, int64 `[N]`.
        row: Row number in the source, int64 `[N]`.
        values: Float64 `[N, C]`; NaN where missing.
        ordinal: Step that each row lies in, int64 `[N]`.
        on_grid: Whether its time lies exactly on the grid, bool `[N]`.
        follows: Whether the row before is one of the same series, bool `[N]`.
        repeats: Whether that row has the same time too, bool `[N]`.
    """

    ids: Names
    code: Ints
    starts: Ints
    ends: Ints
    split: npt.NDArray[np.int8]
    timestamp: Ints
    row: Ints
    values: Floats
    ordinal: Ints
    on_grid: Bools
    follows: Bools
    repeats: Bools

    @property
    def size(self) -> int:
        """Number of series."""
        return len(self.starts)

    def sums(self, flags: Array) -> Ints:
        """How many rows of each series have a flag, int64 `[u]`."""
        return np.bincount(self.code[flags], minlength=self.size)

    def offenders(self, wrong: Array, *more: Array) -> Offenders:
        """Row number and time of the rows that have a flag, and what else is given of each row, by series."""
        at = np.flatnonzero(wrong)
        return Offenders.of(self.size, self.code[at], self.row[at], self.timestamp[at], *(each[at] for each in more))

    def times(self, code: int) -> Array:
        """The times of one series, each once, ascending."""
        here = slice(self.starts[code], self.ends[code])
        return self.timestamp[here][~self.repeats[here]]


def order_rows(rows: SeriesRows, grid: TimeGrid) -> Ordered:
    """Sorts rows by series and time, and finds their steps.

    Args:
        rows: One row or more of each series.
        grid: The regular times.
    """
    code, timestamp, row = rows.code, rows.timestamp, rows.columns[ROW_NUMBER]
    split, values = rows.split, rows.columns[NUMBERS]
    order = np.lexsort((row, timestamp, code))
    # Most sources are sorted: then nothing is copied.
    if not np.array_equal(order, np.arange(len(order))):
        code, timestamp, row, split, values = (column[order] for column in (code, timestamp, row, split, values))
    del order
    borders = np.searchsorted(code, np.arange(len(rows.ids) + 1))
    ordinal = grid.ordinals(timestamp)
    follows = np.diff(code, prepend=-1) == 0
    return Ordered(
        ids=rows.ids,
        code=code,
        starts=borders[:-1],
        ends=borders[1:],
        split=split,
        timestamp=timestamp,
        row=row,
        values=values,
        ordinal=ordinal,
        on_grid=grid.timestamps(ordinal) == timestamp,
        follows=follows,
        repeats=follows & (np.diff(timestamp, prepend=0) == 0),
    )
