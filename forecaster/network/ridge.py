"""The linear highway in closed form: ridge regressions over streamed windows, of every kind that is asked for.

One pass over the train windows gives sums (`TrainSums`) that all of them are solved from. A model that adopts a fit
forecasts like the ridge before it is trained.

Where it helps on the eval windows, the shared maps are solved once more with weights (`ridge_weights`).

With blocks in time the fits are crossed (Stone, "Cross-validatory choice and assessment of statistical predictions",
1974): for each block there are maps that were fitted without it. A ridge is closer to the windows that it was fitted on
than to any other. A network that learned what it leaves over there would learn from errors that are too small and of
another kind; from the crossed maps it sees errors like those that it will be used on.
"""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tapeline.forecaster.network.highway import WIDEST_FIRST, Reads, highway_inputs, highway_size, widest_reads
from tapeline.forecaster.network.ridge_fit import Floats, RidgeFit
from tapeline.forecaster.network.ridge_statistics import Doubles, RidgeStatistics, input_scale, solve_ridge
from tapeline.forecaster.network.ridge_sums import Batches, TrainSums
from tapeline.forecaster.network.ridge_weights import usual_error, weighed_sums
from tapeline.schemas import features
from tapeline.schemas.training_config import ViewConfig
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.time_folds import TimeFolds

PENALTIES = tuple(10.0 ** np.arange(-6.0, 1.01, 0.5))
"""Penalties that are tried, as shares of the usual variance of an input."""

COVARIATE_FACTORS = (1.0, 10.0, 100.0, 1e6)
"""How much harder the covariates are penalised than the context; the last all but leaves them out.

A horizon of 48 steps with 9 covariates has 432 columns that all but repeat
each other: the penalty that suits the context lets them overfit.
"""

LEAST_WINDOWS = 10
"""Fewest windows of a series that a map of its own is fitted on."""

_LEAST_LEFT = 0.5
"""Least share of the train windows that a crossed fit must rest on; with less there are none."""


class RidgeKind(NamedTuple):
    """What a ridge reads, and whether each series has a map of its own beside the shared one."""

    reads: Reads = "all"
    per_series: bool = False

    @classmethod
    def of(cls, view: ViewConfig, shape: WindowShape) -> "RidgeKind":
        """Returns the kind that a network starts from; one without a highway takes no more than its spread.

        Args:
            view: The section `model.view`.
            shape: Widths of a window.
        """
        if view.highway == "none":
            return cls("context")
        return cls(widest_reads(view.highway, shape), view.highway_per_series and shape.series > 0)


@dataclasses.dataclass(frozen=True)
class _Map:
    """A solution, and the series that it is for; None: for all."""

    kernel: Doubles
    bias: Doubles
    penalty: float
    factor: float
    series: int | None = None


@dataclasses.dataclass(frozen=True)
class _Shared:
    """The map for all series, its mean absolute error on eval, and the maps without each block in time."""

    map: _Map
    error: float
    crossed: tuple[_Map, ...]


def fit_ridges(
    train: Batches,
    evaluation: Batches,
    *,
    shape: WindowShape,
    kinds: Sequence[RidgeKind],
    folds: TimeFolds | None = None,
    penalties: Sequence[float] = PENALTIES,
    covariate_factors: Sequence[float] = COVARIATE_FACTORS,
) -> dict[RidgeKind, RidgeFit]:
    """Fits highways on the train windows, in two passes, with the penalties that are best on the eval windows.

    The second pass weighs windows by the errors of the first maps. Which of the two maps is taken is decided on eval.

    A series keeps the shared map where its own is no better on its eval windows.

    Args:
        train: Windows with `target`; with `forecast_start` where there are folds, with `series_index` per series.
        evaluation: Windows with `target` that decide about the penalties.
        shape: Widths of a window.
        kinds: What is asked for.
        folds: Blocks in time; None: nothing is cross-fitted.
        penalties: What is tried for the context.
        covariate_factors: How much harder the covariates are penalised, one of these.

    Returns:
        A fit for each kind.

    Raises:
        DataError: There are no train windows.
    """
    reads = next(reads for reads in WIDEST_FIRST if any(kind.reads == reads for kind in kinds))
    by_series = any(kind.per_series for kind in kinds)
    sums = TrainSums(train, shape=shape, reads=reads, folds=folds, by_series=by_series)
    solvers = {each: _Solver(sums, evaluation, shape, each) for each in dict.fromkeys(kind.reads for kind in kinds)}
    plain = {each: solver.shared(penalties, covariate_factors) for each, solver in solvers.items()}
    weighed = weighed_sums(
        train,
        shape=shape,
        lines={each: solver.lines(plain[each]) for each, solver in solvers.items()},
        folds=folds,
        complete=sums.complete,
    )
    fits: dict[RidgeKind, RidgeFit] = {}
    for width_reads, solver in solvers.items():
        shared = solver.better(plain[width_reads], weighed[width_reads], penalties)
        for per_series in {kind.per_series for kind in kinds if kind.reads == width_reads}:
            own: list[_Map] = []
            error = shared.error
            if per_series:
                own, error = solver.per_series(shared.map, penalties)
            fits[RidgeKind(width_reads, per_series)] = solver.solved(shared, own, eval_mae=error)
    return fits


@dataclasses.dataclass(frozen=True)
class _Solver:
    """Solves the ridges that read one and the same."""

    sums: TrainSums
    evaluation: Batches
    shape: WindowShape
    reads: Reads

    def shared(self, penalties: Sequence[float], factors: Sequence[float]) -> _Shared:
        """Returns the best map for all series; without crossed ones where one would rest on too few windows."""
        statistics = self._narrow(self.sums.total())
        has_covariates = len(statistics.inputs) > self.shape.context_length
        choices = itertools.product(penalties, factors if has_covariates else (1.0,))
        best, error = self._best([self._solve(statistics, statistics, penalty, factor) for penalty, factor in choices])
        left = [self._narrow(self.sums.without(fold)) for fold in range(self.sums.folds)]
        if any(each.count < _LEAST_LEFT * statistics.count for each in left):
            left = []
        return _Shared(best, error, self._crossed(best, left))

    def lines(self, shared: _Shared) -> list[tuple[Doubles, Doubles, float]]:
        """Returns the map for all series and those without each block, with the usual errors that they have."""
        left = [self.sums.without(fold) for fold in range(len(shared.crossed))]
        pairs = zip((shared.map, *shared.crossed), (self.sums.total(), *left), strict=True)
        return [
            (each.kernel, each.bias, usual_error(self._narrow(sums), each.kernel, each.bias)) for each, sums in pairs
        ]

    def better(self, shared: _Shared, weighed: Sequence[RidgeStatistics], penalties: Sequence[float]) -> _Shared:
        """Returns the better one on eval of a map and of those that are solved from weighed windows.

        Args:
            shared: Solved without weights.
            weighed: The sums of all windows, then those without each block.
            penalties: What may be tried: that of the map and its neighbours are.
        """
        place = list(penalties).index(shared.map.penalty)
        near = penalties[max(place - 1, 0) : place + 2]
        total, *left = weighed
        # Units without weights: those of a crossed map may not depend on the targets of its block.
        units = self._narrow(self.sums.total())
        best, error = self._best([self._solve(total, units, each, shared.map.factor) for each in near])
        return _Shared(best, error, self._crossed(best, left)) if error < shared.error else shared

    def _best(self, maps: Sequence[_Map]) -> tuple[_Map, float]:
        """Returns the best of some maps for all series, and its mean absolute error on eval."""
        errors, observed = _eval_errors(self.evaluation, maps, self.shape, self.reads)
        best = int(np.argmin(errors))
        return maps[best], float(errors[best] / max(observed[best], 1))

    def _crossed(self, shared: _Map, left: Sequence[RidgeStatistics]) -> tuple[_Map, ...]:
        """Returns the maps that are solved from the sums without each block."""
        units = self._narrow(self.sums.total())
        return tuple(self._solve(each, units, shared.penalty, shared.factor) for each in left)

    def per_series(self, shared: _Map, penalties: Sequence[float]) -> tuple[list[_Map], float]:
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

    def solved(self, shared: _Shared, own: Sequence[_Map], *, eval_mae: float) -> RidgeFit:
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

    def _crossed_own(self, own: _Map, shared: _Shared, fold: int) -> _Map:
        """Returns the map of a series without a block; the shared one where the series has none, or few windows."""
        left = self._narrow(self.sums.without(fold, own.series))
        if own.kernel is shared.map.kernel or left.count < LEAST_WINDOWS:
            return shared.crossed[fold]
        return self._solve(left, self._narrow(self.sums.total(own.series)), own.penalty, own.factor)

    def _solve(self, statistics: RidgeStatistics, units: RidgeStatistics, penalty: float, factor: float) -> _Map:
        """Solves with penalties in the units of some statistics, so that one penalty means the same in all folds."""
        scale = input_scale(units, self.shape.context_length)
        scale[self.shape.context_length :] *= factor**0.5
        kernel, bias = solve_ridge(statistics, penalty, scale=scale)
        return _Map(kernel, bias, float(penalty), float(factor))

    def _narrow(self, statistics: RidgeStatistics) -> RidgeStatistics:
        return statistics.first(highway_size(self.shape, self.reads))


def _stack(arrays: Sequence[Doubles] | Sequence[Floats]) -> Floats:
    return np.stack(arrays).astype(np.float32)


def _eval_errors(
    evaluation: Batches, maps: Sequence[_Map], shape: WindowShape, reads: Reads
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
