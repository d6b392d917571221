"""Offenders of many series at once: how many each series has, and its first few.

found = Offenders.of(len(ids), code[wrong], row[wrong], time[wrong])
found.count[3]             # of series 3
found.of_series(3)         # its first five: [(row, time), ...]
"""

import dataclasses

import numpy as np

from tapeline.series.checks.findings import MAX_OFFENDERS


@dataclasses.dataclass(frozen=True, eq=False)
class Offenders:
    """Rows, runs or gaps that break a rule.

    Attributes:
        count: Offenders of each series, int64 `[u]`.
        code: The series of each one that is kept, ascending, int64 `[k]`.
        columns: What is known of them, arrays `[k]`; the first one is their order.
    """

    count: np.ndarray
    code: np.ndarray
    columns: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, series: int, code: np.ndarray, *columns: np.ndarray) -> "Offenders":
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

    def of_series(self, code: int) -> list[tuple]:
        """The offenders of one series that are kept, in order."""
        here = slice(*np.searchsorted(self.code, [code, code + 1]))
        return list(zip(*(column[here].tolist() for column in self.columns), strict=True))
