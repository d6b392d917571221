"""A bounded picture of the times of one series, for the words about a wrong frequency.

    sample = TimeSample.of(times)           # unique epoch seconds, ascending
    sample.merge(later).median_step()       # exact up to 4,096 different steps

What is kept does not depend on where a series is cut: of a long one, the
times whose hash is least, each with those that follow it.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

ALL_TIMES = 5_000
"""A series with no more times is kept whole."""
ALL_STEPS = 4_096
"""Different steps that are kept; where there are more, they are rounded to 3 %."""
STRETCH = 12
"""Neighbouring times that are kept together."""
STRETCHES = 50
"""How many such stretches of a long series are kept."""


@dataclasses.dataclass(frozen=True, eq=False)
class TimeSample:
    """Some of the times of a series, and how far apart they are.

    Attributes:
        times: How many times there are.
        first: The first ones, up to a stretch, int64.
        last: The last time.
        stretches: Runs of neighbouring times: one that holds all, or short ones that may overlap.
        steps: Different steps between neighbours, seconds, ascending, int64 `[d]`.
        counts: How often each occurs, int64 `[d]`.
        rounded: Whether the steps are rounded.
    """

    times: int
    first: np.ndarray
    last: int
    stretches: tuple[np.ndarray, ...]
    steps: np.ndarray
    counts: np.ndarray
    rounded: bool

    @classmethod
    def of(cls, times: np.ndarray) -> "TimeSample":
        """The sample of unique times, ascending, one at least."""
        steps, counts = np.unique(np.diff(times), return_counts=True)
        stretches = (times,) if len(times) <= ALL_TIMES else _cut(times)
        table = _thinned(steps, counts, rounded=False)
        return cls(len(times), times[:STRETCH], int(times[-1]), stretches, *table)

    def merge(self, later: "TimeSample") -> "TimeSample":
        """The sample of both, one after the other."""
        steps = np.concatenate([self.steps, later.steps, later.first[:1] - self.last])
        counts = np.concatenate([self.counts, later.counts, [1]])
        times = self.times + later.times
        if times <= ALL_TIMES:
            stretches: tuple[np.ndarray, ...] = (np.concatenate([self.stretches[0], later.stretches[0]]),)
        else:
            # What ends with this part goes on in the next one.
            mine = (
                np.concatenate([part, later.first])[:STRETCH] if part[-1] == self.last else part
                for part in self._short_stretches()
            )
            stretches = _least([*mine, *later._short_stretches()])
        first = np.concatenate([self.first, later.first])[:STRETCH]
        table = _thinned(*_table(steps, counts), rounded=self.rounded or later.rounded)
        return TimeSample(times, first, later.last, stretches, *table)

    def median_step(self) -> float:
        """The median step, in seconds."""
        upto = np.cumsum(self.counts)
        middle = [(upto[-1] - 1) // 2, upto[-1] // 2]
        return float(np.mean(self.steps[np.searchsorted(upto, middle, side="right")]))

    def _short_stretches(self) -> tuple[np.ndarray, ...]:
        return _cut(self.stretches[0]) if self.times <= ALL_TIMES else self.stretches


def _hash(times: np.ndarray) -> np.ndarray:
    # Fibonacci hashing: neighbours end up far apart.
    mixed = times.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return mixed ^ (mixed >> np.uint64(29))


def _cut(times: np.ndarray) -> tuple[np.ndarray, ...]:
    starts = np.sort(np.argsort(_hash(times), kind="stable")[:STRETCHES])
    return tuple(times[start : start + STRETCH] for start in starts)


def _least(stretches: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Keeps those whose first times have the least hash, in the order of time."""
    starts = np.array([stretch[0] for stretch in stretches])
    kept = np.sort(np.argsort(_hash(starts), kind="stable")[:STRETCHES])
    return tuple(stretches[at] for at in kept)


def _table(steps: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Adds up what occurs more than once."""
    different, code = np.unique(steps, return_inverse=True)
    return different, np.bincount(code, counts).astype(np.int64)


def _thinned(steps: np.ndarray, counts: np.ndarray, *, rounded: bool) -> tuple[np.ndarray, np.ndarray, bool]:
    """Rounds steps where there are too many different ones, or where some are rounded already."""
    if len(steps) <= ALL_STEPS and not rounded:
        return steps, counts, False
    # Six leading bits: at most 32 values for each power of two.
    shift = np.maximum(np.floor(np.log2(steps)).astype(np.int64) - 5, 0)
    return *_table(steps >> shift << shift, counts), True
