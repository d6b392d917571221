"""Facts about the times of series: repeated times, disorder in the source, steps of the grid.

facts = TimeFacts.of(ordered)
facts.merge(later)          # of the same series, all of whose times come later
"""

import dataclasses

import numpy as np

from tapeline.components.data_gate.few import Few
from tapeline.components.data_gate.rows import Ordered


@dataclasses.dataclass(frozen=True, eq=False)
class Edge:
    """One row of each series: the first one, or the last one. Arrays `[u]`, as in `Ordered`."""

    timestamp: np.ndarray
    row: np.ndarray
    ordinal: np.ndarray
    on_grid: np.ndarray

    @classmethod
    def at(cls, ordered: Ordered, positions: np.ndarray) -> "Edge":
        """Takes rows out."""
        return cls(*(getattr(ordered, field.name)[positions] for field in dataclasses.fields(cls)))


@dataclasses.dataclass(frozen=True, eq=False)
class TimeFacts:
    """Facts of a stretch of time of each series.

    Attributes:
        first: The first row.
        last: The last row.
        repeated: Rows with the time of an earlier row: row number and time.
        disordered: Rows that stand below the next row in time: row number and time.
        off_grid: Rows beside the grid: row number and time.
        steps: Steps between neighbouring times, int64 `[u]`.
        fitting: Those of them that are one step of the grid, int64 `[u]`.
    """

    first: Edge
    last: Edge
    repeated: Few
    disordered: Few
    off_grid: Few
    steps: np.ndarray
    fitting: np.ndarray

    @classmethod
    def of(cls, ordered: Ordered) -> "TimeFacts":
        """The facts of rows."""
        steps = ordered.follows & ~ordered.repeats
        fitting = steps & ordered.on_grid & (np.diff(ordered.ordinal, prepend=0) == 1)
        fitting[1:] &= ordered.on_grid[:-1]
        below = np.append(ordered.follows[1:] & (np.diff(ordered.row) < 0), False)
        return cls(
            first=Edge.at(ordered, ordered.starts),
            last=Edge.at(ordered, ordered.ends - 1),
            repeated=ordered.offenders(ordered.repeats),
            disordered=ordered.offenders(below),
            off_grid=ordered.offenders(~ordered.on_grid),
            steps=ordered.sums(steps),
            fitting=ordered.sums(fitting),
        )

    def merge(self, later: "TimeFacts") -> "TimeFacts":
        """The facts of both stretches, one after the other."""
        before, after = self.last, later.first
        below = np.flatnonzero(before.row > after.row)
        border = Few.of(len(before.row), below, before.row[below], before.timestamp[below])
        fits = (after.ordinal - before.ordinal == 1) & before.on_grid & after.on_grid
        return TimeFacts(
            first=self.first,
            last=later.last,
            repeated=self.repeated.merge(later.repeated),
            disordered=self.disordered.merge(border).merge(later.disordered),
            off_grid=self.off_grid.merge(later.off_grid),
            steps=self.steps + later.steps + 1,
            fitting=self.fitting + later.fitting + fits,
        )

    @property
    def fit(self) -> np.ndarray:
        """Share of the steps that are one step of the grid; 1 where there is none. Float `[u]`."""
        return np.where(self.steps > 0, self.fitting / np.maximum(self.steps, 1), 1.0)

    @property
    def wrong(self) -> np.ndarray:
        """Whether the frequency is another one than that of the grid, bool `[u]`."""
        return self.fit <= 0.5
