"""Runs of equal values: a sensor that is stuck.

facts = RunFacts.of(ordered, ordered.values[:, 0], limit=48)
facts.merge(later).too_long         # runs go on from one stretch of time to the next
"""

import dataclasses

import numpy as np

from tapeline.components.data_gate.few import Few
from tapeline.components.data_gate.rows import Ordered


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """One run of equal values in each series: arrays `[u]`.

    Attributes:
        value: The value.
        length: How often it was measured; 0 where the series has no value.
        first: Time of the first one.
        last: Time of the last one.
    """

    value: np.ndarray
    length: np.ndarray
    first: np.ndarray
    last: np.ndarray

    def join(self, later: "Run") -> "Run":
        """One run of both, which have the same value."""
        return Run(self.value, self.length + later.length, self.first, later.last)

    def where(self, choose: np.ndarray, other: "Run") -> "Run":
        """This run in the series that are chosen, the other one in the others."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in ("value", "length", "first", "last"))
        return Run(*(np.where(choose, mine, theirs) for mine, theirs in pairs))

    def longer(self, than: int, chosen: np.ndarray) -> Few:
        """Those runs of the chosen series that are too long: first time, last time, length, value."""
        at = np.flatnonzero(chosen & (self.length > than))
        return Few.of(len(self.length), at, self.first[at], self.last[at], self.length[at], self.value[at])


@dataclasses.dataclass(frozen=True, eq=False)
class RunFacts:
    """Runs of equal measured values in a stretch of time.

    Attributes:
        limit: Longest run that is allowed.
        runs: Number of runs, int64 `[u]`.
        head: The first run, which may have begun before.
        tail: The last one, which may go on; the same as `head` where there is one run.
        long: Those between that are too long: first time, last time, length, value.
    """

    limit: int
    runs: np.ndarray
    head: Run
    tail: Run
    long: Few

    @classmethod
    def of(cls, ordered: Ordered, values: np.ndarray, *, limit: int) -> "RunFacts":
        """The runs of one column, float32 `[N]`."""
        measured = np.flatnonzero(~np.isnan(values))
        code, values, times = ordered.code[measured], values[measured], ordered.timestamp[measured]
        new = np.ones(len(code), bool)
        new[1:] = (code[1:] != code[:-1]) | (values[1:] != values[:-1])
        begin = np.flatnonzero(new)
        end = np.append(begin[1:], len(code))
        owner = code[begin]
        runs = np.bincount(owner, minlength=ordered.size)
        known = np.flatnonzero(runs)
        after = np.cumsum(runs)

        def edge(at: np.ndarray) -> Run:
            run = Run(*(np.zeros(ordered.size, kind) for kind in (values.dtype, np.int64, np.int64, np.int64)))
            run.value[known], run.length[known] = values[begin[at]], end[at] - begin[at]
            run.first[known], run.last[known] = times[begin[at]], times[end[at] - 1]
            return run

        inside = end - begin > limit
        inside[(after - runs)[known]] = False
        inside[(after - 1)[known]] = False
        at = np.flatnonzero(inside)
        long = Few.of(
            ordered.size,
            owner[at],
            times[begin[at]],
            times[end[at] - 1],
            end[at] - begin[at],
            values[begin[at]],
        )
        return cls(limit, runs, edge((after - runs)[known]), edge((after - 1)[known]), long)

    def merge(self, later: "RunFacts") -> "RunFacts":
        """The runs of both stretches, one after the other."""
        none, nothing = self.runs == 0, later.runs == 0
        both = ~none & ~nothing
        joint = both & (self.tail.value == later.head.value)
        bridge = self.tail.join(later.head)
        head = later.head.where(none, bridge.where(joint & (self.runs == 1), self.head))
        tail = self.tail.where(nothing, bridge.where(joint & (later.runs == 1), later.tail))
        apart = both & ~joint
        long = self.long.merge(later.long)
        for run, inside in (
            (bridge, joint & (self.runs > 1) & (later.runs > 1)),
            (self.tail, apart & (self.runs > 1)),
            (later.head, apart & (later.runs > 1)),
        ):
            long = long.merge(run.longer(self.limit, inside))
        return RunFacts(self.limit, self.runs + later.runs - joint, head, tail, long)

    @property
    def too_long(self) -> Few:
        """All runs that are too long, those at both ends included."""
        found = self.long.merge(self.head.longer(self.limit, self.runs > 0))
        return found.merge(self.tail.longer(self.limit, self.runs > 1))
