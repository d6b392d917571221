"""Steps of some series as numbers that sort, to find which rows of many belong to them.

>>> steps = StepIndex.covering(np.array([b"a", b"b"], object), np.array([10, 20]), 2)      # a: 10, 11; b: 20, 21
>>> steps.locate(np.array([b"b", b"a"], object), np.array([20, 12]))                       # -1: no step of these
array([ 2, -1])
"""

import dataclasses

import numpy as np

from tapeline.series.arrays import Ints, Names


@dataclasses.dataclass(frozen=True, eq=False)
class StepIndex:
    """Steps of series as numbers that sort: those of some stretches.

    Attributes:
        series: The series, bytes, ascending, `[u]`.
        base: Ordinal that positions count from.
        span: Ordinals that each series has room for.
        keys: `series' position * span + ordinal - base`, ascending, each once, int64 `[m]`.
    """

    series: Names
    base: int
    span: int
    keys: Ints

    @classmethod
    def covering(cls, series: Names, first: Ints, length: int) -> "StepIndex":
        """The steps of stretches of one length.

        Args:
            series: The series of each stretch, bytes `[n]`.
            first: Ordinal of each one's first step, int64 `[n]`.
            length: Steps in each.
        """
        names, code = np.unique(series, return_inverse=True)
        base = int(first.min())
        span = int(first.max()) + length - base
        keys = np.unique((code * span + first - base)[:, None] + np.arange(length))
        return cls(names, base, span, keys)

    def locate(self, series: Names, ordinal: Ints) -> Ints:
        """Returns where steps lie in `keys`, int64 `[N]`; -1 for those that no stretch covers.

        Args:
            series: Bytes `[N]`.
            ordinal: Int64 `[N]`.
        """
        code = np.minimum(np.searchsorted(self.series, series), len(self.series) - 1)
        offset = ordinal - self.base
        known = (self.series[code] == series) & (offset >= 0) & (offset < self.span)
        keys = code * self.span + offset
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(known & (self.keys[place] == keys), place, -1)
