"""Blocks in time of the train split, so that each of its windows can be forecast by a fit that has not seen its time.

>>> folds = TimeFolds(edges=(100, 200), margin=10)
>>> folds.index(np.array([0, 99, 100, 250])).tolist()
[0, 0, 1, 2]
>>> folds.near(np.array([92, 105, 205])).tolist()    # by block: is a window of another block too close to it?
[[False, True, False], [True, False, False], [False, True, False]]
"""

import dataclasses
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from tapeline.series.arrays import Ints
from tapeline.series.windowing import Chunk

FOLDS = 5
"""Blocks in time."""

LEAST_WINDOWS = 10
"""Fewest windows in a block: with fewer there are no folds."""

_SAMPLES = 256
"""Windows of a chunk whose times are looked at, at least, or all of them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TimeFolds:
    """Where the blocks end, and how far a fit stays away from the one that it leaves out.

    Attributes:
        edges: Epoch seconds of the first forecast of each block but the first, ascending.
        margin: Seconds of a horizon.
    """

    edges: tuple[int, ...]
    margin: int

    @property
    def count(self) -> int:
        """Number of blocks."""
        return len(self.edges) + 1

    @classmethod
    def of(cls, chunks: Iterable[Chunk], horizon: int) -> "TimeFolds | None":
        """Returns blocks of about as many windows each; None where that is fewer than `LEAST_WINDOWS`.

        Args:
            chunks: Those of the train split.
            horizon: Steps that a window forecasts.
        """
        times, weights, step, windows = [np.zeros(0, np.int64)], [np.zeros(0)], 0, 0
        for chunk in chunks:
            starts = chunk.timestamp[chunk.forecast_offsets]
            if not len(starts):
                continue
            every = max(1, len(starts) // _SAMPLES)
            times.append(starts[::every])
            weights.append(np.full(len(times[-1]), len(starts) / len(times[-1])))
            # The longest month where months are the steps.
            step, windows = max(step, int(np.diff(chunk.timestamp).max(initial=0))), windows + len(starts)
        if windows < FOLDS * LEAST_WINDOWS:
            return None
        found, weight = np.concatenate(times), np.concatenate(weights)
        order = np.argsort(found, kind="stable")
        share = np.cumsum(weight[order]) / windows
        at = np.searchsorted(share, np.arange(1, FOLDS) / FOLDS)
        edges = tuple(sorted({int(found[order[place]]) for place in at} - {int(found[order[0]])}))
        return cls(edges=edges, margin=step * horizon) if len(edges) == FOLDS - 1 else None

    def index(self, starts: Ints) -> npt.NDArray[np.int32]:
        """Returns the block of each window.

        Args:
            starts: Epoch seconds of the windows' first forecast, `[B]`.
        """
        return np.searchsorted(np.asarray(self.edges), starts, side="right").astype(np.int32)

    def near(self, starts: Ints) -> npt.NDArray[np.bool_]:
        """Returns which windows lie outside a block and have targets in it, or within a horizon of it.

        Args:
            starts: Epoch seconds of the windows' first forecast, `[B]`.

        Returns:
            `[B, F]`.
        """
        starts = np.asarray(starts)[:, np.newaxis]
        first = np.array([-np.inf, *self.edges])
        end = np.array([*self.edges, np.inf])
        # A target reaches a horizon beyond its start: two horizons before the block, its end is one away.
        close = (starts > first - 2 * self.margin) & (starts < end + self.margin)
        return close & ((starts < first) | (starts >= end))
