"""How many windows fit into each split of each series, at stride 1.

A window belongs to the split that its whole forecast lies in; its context may
reach back into the split before. Enough of its context was measured, and at
least one value of its forecast.

A forecast is counted at the first measured step that it holds, `m`, the one
of index `j` in the series. It starts after the measured step before `m`,
holds `m`, and has `k` measured steps in its context:

    m[j-1] < start,    m[j] - H < start <= m[j],    start <= m[j-k] + T

So the work goes with the number of measured steps, not with the time between them.
"""

import dataclasses

import numpy as np

from tapeline.components.data_gate.rows import Ordered
from tapeline.components.data_gate.rules import Rules


@dataclasses.dataclass(frozen=True, eq=False)
class Steps:
    """Measured steps: each once, series after series, in the order of time.

    Attributes:
        code: The series of each, int64 `[M]`.
        ordinal: The step, int64 `[M]`.
    """

    code: np.ndarray
    ordinal: np.ndarray

    @classmethod
    def of(cls, code: np.ndarray, ordinal: np.ndarray) -> "Steps":
        """Takes sorted steps, some of them repeated."""
        fresh = np.ones(len(code), bool)
        fresh[1:] = (code[1:] != code[:-1]) | (ordinal[1:] != ordinal[:-1])
        return cls(code[fresh], ordinal[fresh])

    def join(self, later: "Steps") -> "Steps":
        """These and later ones; a step that both have is one."""
        code, ordinal = (
            np.concatenate([getattr(part, name) for part in (self, later)]) for name in ("code", "ordinal")
        )
        order = np.lexsort((ordinal, code))
        return Steps.of(code[order], ordinal[order])

    def place(self) -> np.ndarray:
        """How many steps of the same series stand before each."""
        return np.arange(len(self.code)) - np.searchsorted(self.code, self.code)

    def first(self, count: int) -> "Steps":
        """The first ones of each series."""
        kept = self.place() < count
        return Steps(self.code[kept], self.ordinal[kept])

    def last(self, count: int) -> "Steps":
        """The last ones of each series."""
        kept = np.searchsorted(self.code, self.code, side="right") - np.arange(len(self.code)) <= count
        return Steps(self.code[kept], self.ordinal[kept])

    def within(self, other: "Steps") -> np.ndarray:
        """Which of the steps are no later than the last one of the same series in the other ones, bool `[M]`."""
        last = np.searchsorted(other.code, self.code, side="right") - 1
        known = (last >= 0) & (other.code[np.maximum(last, 0)] == self.code) if len(other.code) else last >= 0
        known[known] = self.ordinal[known] <= other.ordinal[last[known]]
        return known


@dataclasses.dataclass(frozen=True, eq=False)
class Bounds:
    """Where the forecasts of each series may start, by split.

    Attributes:
        least: Measured steps that a context needs, `k`.
        context: `T`.
        horizon: `H`.
        low: The earliest start, int64 `[u, S]`.
        high: The latest one; before `low` in a split without rows.
    """

    least: int
    context: int
    horizon: int
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, rules: Rules, *, first: np.ndarray, last: np.ndarray) -> "Bounds":
        """Takes the ordinals of the first and the last row, int64 `[u, S]`; `first > last` where there is none."""
        context, horizon = rules.spec.context_length, rules.spec.horizon
        start = first.min(axis=1, keepdims=True)
        low, high = np.maximum(first, start + context), last - horizon + 1
        return cls(rules.least_measured, context, horizon, low, high)

    def count(self, steps: Steps, counted: np.ndarray) -> np.ndarray:
        """Counts windows at the chosen steps that have `k` steps before them, int64 `[u, S]`.

        Args:
            steps: Measured steps.
            counted: Which of them to count at, bool `[M]`.
        """
        at = np.flatnonzero(counted & (steps.place() >= self.least))
        code, here, before = steps.code[at], steps.ordinal[at], steps.ordinal[at - 1]
        low = np.maximum(before + 1, here - self.horizon + 1)
        high = np.minimum(here, steps.ordinal[at - self.least] + self.context)
        windows = np.zeros(self.low.shape, np.int64)
        for split in range(windows.shape[1]):
            starts = np.minimum(high, self.high[code, split]) - np.maximum(low, self.low[code, split]) + 1
            windows[:, split] = np.bincount(code, np.maximum(starts, 0), len(windows))
        return windows


@dataclasses.dataclass(frozen=True, eq=False)
class WindowFacts:
    """Windows of a stretch of time.

    Attributes:
        bounds: Where forecasts may start.
        windows: Windows counted, int64 `[u, S]`.
        head: The first `k` measured steps of each series: what is counted there depends on what came before.
        tail: The last `k` ones, the context of what comes next.
    """

    bounds: Bounds
    windows: np.ndarray
    head: Steps
    tail: Steps

    @classmethod
    def of(cls, ordered: Ordered, target: np.ndarray, bounds: Bounds) -> "WindowFacts":
        """The windows of rows; `target` is float32 `[N]`."""
        measured = np.flatnonzero(~np.isnan(target))
        steps = Steps.of(ordered.code[measured], ordered.ordinal[measured])
        windows = bounds.count(steps, np.ones(len(steps.code), bool))
        return cls(bounds, windows, steps.first(bounds.least), steps.last(bounds.least))

    def merge(self, later: "WindowFacts") -> "WindowFacts":
        """The windows of both stretches, one after the other."""
        steps = self.tail.join(later.head)
        windows = self.windows + later.windows + self.bounds.count(steps, ~steps.within(self.tail))
        head = self.head.join(later.head).first(self.bounds.least)
        return WindowFacts(self.bounds, windows, head, self.tail.join(later.tail).last(self.bounds.least))
