"""The rows of whole series in the order of time, many series at once.

    ordered = order_rows(rows, grid)
    ordered.starts            # where each series begins

Letters: `N` rows, `u` series, `C` columns (target and covariates), `S` splits.
"""

import dataclasses

import numpy as np

from tapeline.schemas.features import ROW_NUMBER
from tapeline.series.checks.offenders import Offenders
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.time_grid import TimeGrid


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
        values: Float32 `[N, C]`; NaN where missing.
        ordinal: Step that each row lies in, int64 `[N]`.
        on_grid: Whether its time lies exactly on the grid, bool `[N]`.
        follows: Whether the row before is one of the same series, bool `[N]`.
        repeats: Whether that row has the same time too, bool `[N]`.
    """

    ids: np.ndarray
    code: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    split: np.ndarray
    timestamp: np.ndarray
    row: np.ndarray
    values: np.ndarray
    ordinal: np.ndarray
    on_grid: np.ndarray
    follows: np.ndarray
    repeats: np.ndarray

    @property
    def size(self) -> int:
        """Number of series."""
        return len(self.starts)

    def sums(self, flags: np.ndarray) -> np.ndarray:
        """How many rows of each series have a flag, int64 `[u]`."""
        return np.bincount(self.code[flags], minlength=self.size)

    def offenders(self, wrong: np.ndarray) -> Offenders:
        """Row number and time of the rows that have a flag, by series."""
        at = np.flatnonzero(wrong)
        return Offenders.of(self.size, self.code[at], self.row[at], self.timestamp[at])

    def times(self, code: int) -> np.ndarray:
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
