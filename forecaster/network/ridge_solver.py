"""Solves the ridges that read one and the same from their sums, and picks on eval what helps there."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tapeline.forecaster.network.highway import Reads, highway_inputs, highway_size
from tapeline.forecaster.network.ridge_fit import Floats, RidgeFit
from tapeline.forecaster.network.ridge_statistics import Doubles, RidgeStatistics, input_scale, solve_ridge
from tapeline.forecaster.network.ridge_sums import Batches, TrainSums
from tapeline.forecaster.network.ridge_weights import LeftOut, Line, usual_error
from tapeline.schemas import features
from tapeline.schemas.window_spec import WindowShape

LEAST_WINDOWS = 10
"""Fewest windows of a series that a map of its own is fitted on."""

_LEAST_LEFT = 0.5
"""Least share of the train windows that a crossed fit must rest on; with less there are none."""

_LEAST_GAIN = 0.01
"""Least share of the error on eval that weights must take away: what is less may be chance."""


@dataclasses.dataclass(frozen=True)
class RidgeMap:
    """A solution, and the series that it is for; None: for all."""

    kernel: Doubles
    bias: Doubles
    penalty: float
    factor: float
    series: int | None = None


@dataclasses.dataclass(frozen=True)
class SharedMap:
    """The map for all series, its mean absolute error on eval, and the maps without each block in time."""

    map: RidgeMap
    error: float
    crossed: tuple[RidgeMap, ...]


@dataclasses.dataclass(frozen=True)
class RidgeSolver:
    """Solves the ridges that read one and the same."""

    sums: TrainSums
    evaluation: Batches
    shape: WindowShape
    reads: Reads

    def shared(self, penalties: Sequence[float], factors: Sequence[float]) -> SharedMap:
        """Returns the best map for all series; without crossed ones where one would rest on too few windows."""
        statistics = self._narrow(self.sums.total())
        has_covariates = len(statistics.inputs) > self.shape.context_length
        choices = itertools.product(penalties, factors if has_covariates else (1.0,))
        best, error = self._best([self._solve(statistics, statistics, penalty, factor) for penalty, factor in choices])
        left = [self._narrow(self.sums.without(fold)) for fold in range(self.sums.folds)]
        if any(each.count < _LEAST_LEFT * statistics.count for each in left):
            left = []
        return SharedMap(best, error, self.crossed(best, left))

    def line(self, line: RidgeMap, left_out: LeftOut = None) -> Line:
        """Returns a map for all series with the usual error that it has on the windows that it was fitted on."""
        sums = self._narrow(self.sums.total() if left_out is None else self.sums.without(left_out))
        return line.kernel, line.bias, usual_error(sums, line.kernel, line.bias)

    def better(self, shared: SharedMap, weighed: RidgeStatistics, penalties: Sequence[float]) -> SharedMap | None:
        """Returns the best map that is solved from weighed windows, not crossed; None where it gains too little.

        Args:
            shared: Solved without weights.
            weighed: The sums of all windows.
            penalties: What may be tried: that of the map and its neighbours are.
        """
        place = list(penalties).index(shared.map.penalty)
        near = penalties[max(place - 1, 0) : place + 2]
        units = self._narrow(self.sums.total())
        best, error = self._best([self._solve(weighed, units, each, shared.map.factor) for each in near])
        return None if error > (1.0 - _LEAST_GAIN) * shared.error else SharedMap(best, error, ())

    def crossed(self, line: RidgeMap, left: Sequence[RidgeStatistics]) -> tuple[RidgeMap, ...]:
        """Returns the maps that are solved from the sums without each block."""
        # Units without weights: those of a crossed map may not depend on the targets of its block.
        units = self._narrow(self.sums.total())
        return tuple(self._solve(each, units, line.penalty, line.factor) for each in left)

    def _best(self, maps: Sequence[RidgeMap]) -> tuple[RidgeMap, float]:
        """Returns the best of some maps for all series, and its mean absolute error on eval."""
        errors, observed = _eval_errors(self.evaluation, maps, self.shape, self.reads)
        best = int(np.argmin(errors))
        return maps[best], float(errors[best] / max(observed[best], 1))

    def per_series(self, shared: RidgeMap, penalties: Sequence[float]) -> tuple[list[RidgeMap], float]:
        """Returns the best map of each series, the shared one among those tried, and the error of all together."""
        maps = [dataclasses.replace(shared, series=series) for series in range(-1, self.shape.series)]
        for series in range(self.shape.series):
            statistics = self._narrow(self.sums.total(series))
            if statistics.count >= LEAST_WINDOWS:
                solved = (self._solve(statistics, statistics, penalty, shared.factor) for penalty in penalties)
                maps += [dataclasses.replace(each, series=series) for each in solved]
        errors, observed = _eval_errors(self.evaluation, maps, self.shape, self.reads)
        best = {each.series: place for place, each in reversed(list(enumerate(maps)))}
        for place, each in enumerate(maps):
            if errors[place] < errors[best[each.series]]:
                best[each.series] = place
        chosen = list(best.values())
        own = [maps[best[series]] for series in range(self.shape.series)]
        return own, float(errors[chosen].sum() / max(observed[chosen].sum(), 1))

    def solved(self, shared: SharedMap, own: Sequence[RidgeMap], *, eval_mae: float) -> RidgeFit:
        """Returns the fit with all its maps, those of the folds among them."""
        total = self.sums.total()
        spread = float(np.sqrt(total.squared_outputs / (total.count * self.shape.horizon)))
        crossed = [
            [line, *(self._crossed_own(each, shared, fold) for each in own)] for fold, line in enumerate(shared.crossed)
        ]
        return RidgeFit(
            kernel=shared.map.kernel.astype(np.float32),
            bias=shared.map.bias.astype(np.float32),
            spread=spread if spread > 0.0 else 1.0,
            penalty=shared.map.penalty,
            covariate_factor=shared.map.factor,
            eval_mae=eval_mae,
            series_kernel=_stack([each.kernel for each in own]) if own else None,
            series_bias=_stack([each.bias for each in own]) if own else None,
            fold_kernel=_stack([_stack([each.kernel for each in fold]) for fold in crossed]) if crossed else None,
            fold_bias=_stack([_stack([each.bias for each in fold]) for fold in crossed]) if crossed else None,
        )

    def _crossed_own(self, own: RidgeMap, shared: SharedMap, fold: int) -> RidgeMap:
        """Returns the map of a series without a block; the shared one where the series has none, or few windows."""
        left = self._narrow(self.sums.without(fold, own.series))
        if own.kernel is shared.map.kernel or left.count < LEAST_WINDOWS:
            return shared.crossed[fold]
        return self._solve(left, self._narrow(self.sums.total(own.series)), own.penalty, own.factor)

    def _solve(self, statistics: RidgeStatistics, units: RidgeStatistics, penalty: float, factor: float) -> RidgeMap:
        """Solves with penalties in the units of some statistics, so that one penalty means the same in all folds."""
        scale = input_scale(units, self.shape.context_length)
        scale[self.shape.context_length :] *= factor**0.5
        kernel, bias = solve_ridge(statistics, penalty, scale=scale)
        return RidgeMap(kernel, bias, float(penalty), float(factor))

    def _narrow(self, statistics: RidgeStatistics) -> RidgeStatistics:
        return statistics.first(highway_size(self.shape, self.reads))


def _stack(arrays: Sequence[Doubles] | Sequence[Floats]) -> Floats:
    return np.stack(arrays).astype(np.float32)


def _eval_errors(
    evaluation: Batches, maps: Sequence[RidgeMap], shape: WindowShape, reads: Reads
) -> tuple[Doubles, Doubles]:
    """Returns the sum of the absolute errors of each map over its observed eval steps, and how many these are."""
    total, observed = np.zeros(len(maps)), np.zeros(len(maps))
    for window in evaluation():
        inputs = np.asarray(highway_inputs(window, shape, reads), np.float64)
        target = np.asarray(window[features.TARGET]) - np.asarray(window[features.CONTEXT])[:, -1:]
        for series, rows in _rows_by_series(window, {each.series for each in maps}).items():
            x, y = inputs[rows], target[rows]
            count = int((~np.isnan(y)).sum())
            for place, each in enumerate(maps):
                if each.series == series:
                    total[place] += np.nansum(np.abs(x @ each.kernel + each.bias - y))
                    observed[place] += count
    return total, observed


def _rows_by_series(
    window: Mapping[str, Floats], wanted: set[int | None]
) -> dict[int | None, slice | npt.NDArray[np.bool_]]:
    """Returns the rows of each wanted series that a batch holds; all of them for None."""
    rows: dict[int | None, slice | npt.NDArray[np.bool_]] = {None: slice(None)} if None in wanted else {}
    for series in wanted - {None}:
        mine = np.asarray(window[features.SERIES_INDEX]) == series
        if mine.any():
            rows[series] = mine
    return rows
