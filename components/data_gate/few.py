"""Offenders of many series at once: how many each series has, and its first few.

few = Few.of(len(ids), code[wrong], row[wrong], time[wrong])
few.count[3]             # of series 3
few.of_series(3)         # its first five: [(row, time), ...]
"""

import dataclasses

import numpy as np

from tapeline.components.data_gate.findings import MAX_OFFENDERS


@dataclasses.dataclass(frozen=True, eq=False)
class Few:
    """Offenders: rows, runs or gaps.

    Attributes:
        count: Offenders of each series, int64 `[u]`.
        code: The series of each one that is kept, ascending, int64 `[k]`.
        columns: What is known of them, arrays `[k]`; the first one is their order.
    """

    count: np.ndarray
    code: np.ndarray
    columns: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, series: int, code: np.ndarray, *columns: np.ndarray) -> "Few":
        """Counts offenders in any order, and keeps the first ones of each series.

        Args:
            series: `u`.
            code: The series of each, int64 `[n]`.
            columns: What is known of them, arrays `[n]`.
        """
        return cls(np.bincount(code, minlength=series), *_first(code, columns))

    def merge(self, other: "Few") -> "Few":
        """Both in one, of the same series."""
        if not len(self.code) and not len(other.code):
            return self
        columns = tuple(np.concatenate(pair) for pair in zip(self.columns, other.columns, strict=True))
        kept = _first(np.concatenate([self.code, other.code]), columns)
        return Few(self.count + other.count, *kept)

    def of_series(self, code: int) -> list[tuple]:
        """The offenders of one series that are kept, in order."""
        here = slice(*np.searchsorted(self.code, [code, code + 1]))
        return list(zip(*(column[here].tolist() for column in self.columns), strict=True))


def _first(code: np.ndarray, columns: tuple[np.ndarray, ...]) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    if not len(code):
        return code, columns
    order = np.lexsort((columns[0], code))
    code = code[order]
    kept = np.arange(len(code)) - np.searchsorted(code, code) < MAX_OFFENDERS
    return code[kept], tuple(column[order[kept]] for column in columns)
