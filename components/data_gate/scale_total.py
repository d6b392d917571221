"""What the train values make of a scale, with and without the few among them that lie far from their neighbours.

>>> table = moments(np.array([b"", b""], object), np.array([1.0, 3.0]))
>>> total = ScaleTotal.of(table, moments(np.array([b""], object), np.array([1.0])), ())
>>> total.merge(total).values
4
"""

import dataclasses
from typing import Any

import numpy as np

from tapeline.series.checks.findings import MAX_OFFENDERS
from tapeline.series.moments import Moments, merge, moments

Sums = tuple[float, float, float, float, float]
"""Size, mean, sum of squares, minimum and maximum, as in `Moments`."""


@dataclasses.dataclass(frozen=True)
class ScaleTotal:
    """Moments of the train values of all series together; the order in which they merge matters in the last digit only.

    Attributes:
        sums: Those of all values; None where there are none.
        kept: Those of the values that are no outliers.
        outliers: Series, row, time, value of the first outliers by series and row.
    """

    sums: Sums | None = None
    kept: Sums | None = None
    outliers: tuple[tuple[str, int, int, float], ...] = ()

    @classmethod
    def of(cls, every: Moments, kept: Moments, outliers: tuple[tuple[str, int, int, float], ...]) -> "ScaleTotal":
        """Returns the total of two tables of one row, or of none."""
        return cls(_sums(every), _sums(kept), tuple(sorted(outliers)[:MAX_OFFENDERS]))

    @property
    def values(self) -> int:
        """Number of train values."""
        return int(self.sums[0]) if self.sums else 0

    @property
    def flagged(self) -> int:
        """How many of them are outliers."""
        return self.values - (int(self.kept[0]) if self.kept else 0)

    def tables(self) -> tuple[Moments, Moments]:
        """Returns the moments of all values and of those that are no outliers."""
        return _table(self.sums), _table(self.kept)

    def merge(self, other: "ScaleTotal") -> "ScaleTotal":
        """Returns the total of both."""
        every, kept = (merge(pair) for pair in zip(self.tables(), other.tables(), strict=True))
        return ScaleTotal.of(every, kept, self.outliers + other.outliers)

    @classmethod
    def from_tree(cls, tree: dict[str, Any]) -> "ScaleTotal":
        """Reads what became of it in JSON."""
        sums, kept = (tuple(tree[name]) if tree[name] else None for name in ("sums", "kept"))
        return cls(sums, kept, tuple((*found,) for found in tree["outliers"]))


def _sums(table: Moments) -> Sums | None:
    if not len(table.ids):
        return None
    size, mean, square_sum, low, high = (float(column[0]) for column in table[1:])
    return size, mean, square_sum, low, high


def _table(sums: Sums | None) -> Moments:
    if sums is None:
        return moments(np.zeros(0, object), np.zeros(0))
    return Moments(np.array([b""], object), *(np.array([number]) for number in sums))
