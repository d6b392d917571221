"""Gaps: steps without a measured value, whether a row is missing or its value.

facts = GapFacts.of(ordered, ordered.values[:, 0], limit=24)
facts.merge(later).long             # gaps between two stretches of time are found as well
"""

import dataclasses

import numpy as np

from tapeline.components.data_gate.few import Few
from tapeline.components.data_gate.rows import Ordered


@dataclasses.dataclass(frozen=True, eq=False)
class GapFacts:
    """Gaps between measured values of one column in a stretch of time.

    Attributes:
        limit: Longest gap that is allowed, in steps.
        rows: Rows, int64 `[u]`.
        measured: Whether there is a measured value, bool `[u]`.
        first: Ordinal of the first one, int64 `[u]`; 0 without one.
        last: Ordinal of the last one.
        before: Rows earlier than the first one; all rows without one.
        after: Rows later than the last one.
        long: Gaps that are too long: ordinal before them, number of steps missing.
    """

    limit: int
    rows: np.ndarray
    measured: np.ndarray
    first: np.ndarray
    last: np.ndarray
    before: np.ndarray
    after: np.ndarray
    long: Few

    @classmethod
    def of(cls, ordered: Ordered, values: np.ndarray, *, limit: int) -> "GapFacts":
        """The gaps of one column, float32 `[N]`."""
        at = np.flatnonzero(~np.isnan(values))
        code, ordinal = ordered.code[at], ordered.ordinal[at]
        missing = np.diff(ordinal) - 1
        holes = np.flatnonzero((missing > limit) & (code[1:] == code[:-1]))
        counts = np.bincount(code, minlength=ordered.size)
        measured = counts > 0
        ends = np.cumsum(counts)[measured]
        begin, end = at[ends - counts[measured]], at[ends - 1]
        first, last = np.zeros((2, ordered.size), np.int64)
        first[measured], last[measured] = ordered.ordinal[begin], ordered.ordinal[end]
        rows = ordered.ends - ordered.starts
        before, after = rows.copy(), rows.copy()
        # Rows of one time lie side by side: back to the first, on to the last of them.
        fresh = np.flatnonzero(~ordered.repeats)
        begin = fresh[np.searchsorted(fresh, begin, side="right") - 1]
        end = np.append(fresh, len(ordered.code))[np.searchsorted(fresh, end, side="right")]
        before[measured] = begin - ordered.starts[measured]
        after[measured] = ordered.ends[measured] - end
        long = Few.of(ordered.size, code[holes], ordinal[holes], missing[holes])
        return cls(limit, rows, measured, first, last, before, after, long)

    def merge(self, later: "GapFacts") -> "GapFacts":
        """The gaps of both stretches, one after the other."""
        missing = later.first - self.last - 1
        holes = np.flatnonzero(self.measured & later.measured & (missing > self.limit))
        between = Few.of(len(self.rows), holes, self.last[holes], missing[holes])
        return GapFacts(
            limit=self.limit,
            rows=self.rows + later.rows,
            measured=self.measured | later.measured,
            first=np.where(self.measured, self.first, later.first),
            last=np.where(later.measured, later.last, self.last),
            before=self.before + np.where(self.measured, 0, later.before),
            after=later.after + np.where(later.measured, 0, self.after),
            long=self.long.merge(between).merge(later.long),
        )
