"""One pass over the train windows: their ridge statistics by series and by block in time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tapeline.forecaster.network.highway import Reads, highway_inputs, highway_size
from tapeline.forecaster.network.ridge_fit import Floats
from tapeline.forecaster.network.ridge_statistics import RidgeStatistics, relative_target
from tapeline.schemas import features
from tapeline.schemas.errors import DataError
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.time_folds import FOLDS, TimeFolds

Batches = Callable[[], Iterable[Mapping[str, npt.NDArray[Any]]]]
"""Called once a pass; gives batches of windows with their target."""

_MOST_BYTES = 512 * 2**20
"""Most memory for the sums of single series, each of them by block, and by what is near to it."""


def most_series(shape: WindowShape) -> int:
    """Returns how many series may have sums, and maps, of their own: 64, or as many as fit into memory.

    >>> most_series(WindowShape(context_length=168, horizon=24))
    64
    >>> most_series(WindowShape(context_length=336, horizon=48, future=9))
    4
    """
    return min(64, _MOST_BYTES // (2 * FOLDS * 8 * highway_size(shape) ** 2))


Key = tuple[bool, int, int, Literal["inside", "near"]]
"""Whether all targets were observed; the series, -1 for any; the block; inside it or too close to it."""


class TrainSums:
    """What the ridges of all kinds are solved from.

    Train windows with unobserved targets are left out, as long as half of the windows remain; where they are the rule
    (no values at weekends) their gaps are bridged: see `relative_target`.
    """

    def __init__(
        self, train: Batches, *, shape: WindowShape, reads: Reads, folds: TimeFolds | None, by_series: bool
    ) -> None:
        """Reads the windows.

        Args:
            train: Windows with `target`; with `forecast_start` where there are folds, with `series_index` by series.
            shape: Their widths.
            reads: The widest that any ridge reads.
            folds: Blocks in time; None: there is one.
            by_series: Whether the sums of each series are kept apart.

        Raises:
            DataError: There are no windows.
        """
        self._size = highway_size(shape, reads), shape.horizon
        self._sums: defaultdict[Key, RidgeStatistics] = defaultdict(self._nothing)
        self.folds = folds.count if folds is not None else 0
        for window in train():
            inputs = np.asarray(highway_inputs(window, shape, reads))
            target, is_complete = relative_target(window)
            count = len(target)
            series = np.asarray(window[features.SERIES_INDEX]) if by_series else np.full(count, -1)
            inside = [np.ones(count, bool)]
            near = np.zeros((count, 0), bool)
            if folds is not None:
                starts = np.asarray(window[features.FORECAST_START])
                block = folds.index(starts)
                inside = [block == fold for fold in range(folds.count)]
                near = folds.near(starts)
            for complete, one in _groups(is_complete, series):
                alike = (is_complete == complete) & (series == one)
                for fold, rows in enumerate(inside):
                    self._add((complete, one, fold, "inside"), inputs, target, alike & rows)
                for fold, rows in enumerate(near.T):
                    self._add((complete, one, fold, "near"), inputs, target, alike & rows)
        counts = {
            kind: sum(part.count for key, part in self._sums.items() if key[0] is kind and key[3] == "inside")
            for kind in (True, False)
        }
        if not counts[True] + counts[False]:
            raise DataError("train: holds no windows. Shorten window.context_length or horizon, or give more rows.")
        self.complete = counts[True] >= counts[False]
        """Whether windows with unobserved targets are left out."""
        if self.complete:
            self._sums = defaultdict(self._nothing, {key: part for key, part in self._sums.items() if key[0]})

    def total(self, series: int | None = None) -> RidgeStatistics:
        """Returns the sums over all windows, or over those of one series."""
        return self._of(series, None, "inside")

    def without(self, fold: int, series: int | None = None) -> RidgeStatistics:
        """Returns the sums over all windows but those of a block in time and those too close to it."""
        return self.total(series) - self._of(series, fold, "inside") - self._of(series, fold, "near")

    def _of(self, series: int | None, fold: int | None, place: str) -> RidgeStatistics:
        parts = (
            part
            for (_, one, block, where), part in self._sums.items()
            if where == place and series in (None, one) and fold in (None, block)
        )
        return sum(parts, self._nothing())

    def _add(self, key: Key, inputs: Floats, target: Floats, rows: npt.NDArray[np.bool_]) -> None:
        if rows.any():
            self._sums[key] += RidgeStatistics.of(inputs[rows], target[rows])

    def _nothing(self) -> RidgeStatistics:
        return RidgeStatistics.nothing(*self._size)


def _groups(is_complete: npt.NDArray[np.bool_], series: npt.NDArray[np.int_]) -> Iterator[tuple[bool, int]]:
    """Yields what occurs: whether all targets were observed, and the series."""
    for complete in np.unique(is_complete):
        for one in np.unique(series[is_complete == complete]):
            yield bool(complete), int(one)
