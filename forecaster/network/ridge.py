"""The linear highway in closed form: ridge regressions over streamed windows, of every kind that is asked for.

One pass over the train windows gives sums (`TrainSums`) that all of them are solved from. A second one weighs windows
by how badly the first maps forecast them (`ridge_weights`); where that helps on the eval windows, the map for all
series is the weighed one, and a third pass crosses it. A model that adopts a fit forecasts like the ridge before it is
trained.

With blocks in time the fits are crossed (Stone, "Cross-validatory choice and assessment of statistical predictions",
1974): for each block there are maps that were fitted without it. A ridge is closer to the windows that it was fitted on
than to any other. A network that learned what it leaves over there would learn from errors that are too small and of
another kind; from the crossed maps it sees errors like those that it will be used on.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tapeline.forecaster.network.highway import WIDEST_FIRST, Reads, widest_reads
from tapeline.forecaster.network.ridge_fit import RidgeFit
from tapeline.forecaster.network.ridge_solver import RidgeMap, RidgeSolver, SharedMap
from tapeline.forecaster.network.ridge_statistics import RidgeStatistics
from tapeline.forecaster.network.ridge_sums import Batches, TrainSums
from tapeline.forecaster.network.ridge_weights import LeftOut, weighed_sums
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


WeighedSums = Callable[..., dict[Reads, dict[LeftOut, RidgeStatistics]]]
"""`weighed_sums` of the train windows: takes lines."""


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
    """Fits highways on the train windows, in two passes or three, with the penalties that are best on the eval windows.

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
    solvers = {each: RidgeSolver(sums, evaluation, shape, each) for each in dict.fromkeys(kind.reads for kind in kinds)}
    plain = {each: solver.shared(penalties, covariate_factors) for each, solver in solvers.items()}
    read_weighed = functools.partial(weighed_sums, train, shape=shape, folds=folds, complete=sums.complete)
    shared = _weighed_where_better(plain, solvers, read=read_weighed, penalties=penalties)
    fits: dict[RidgeKind, RidgeFit] = {}
    for width_reads, solver in solvers.items():
        line = shared[width_reads]
        for per_series in {kind.per_series for kind in kinds if kind.reads == width_reads}:
            own: list[RidgeMap] = []
            error = line.error
            if per_series:
                own, error = solver.per_series(line.map, penalties)
            fits[RidgeKind(width_reads, per_series)] = solver.solved(line, own, eval_mae=error)
    return fits


def _weighed_where_better(
    plain: Mapping[Reads, SharedMap],
    solvers: Mapping[Reads, RidgeSolver],
    *,
    read: WeighedSums,
    penalties: Sequence[float],
) -> dict[Reads, SharedMap]:
    """Returns the maps for all series, solved from weighed windows where that takes enough off the error on eval."""
    sums = read(lines={reads: {None: solver.line(plain[reads].map)} for reads, solver in solvers.items()})
    better: dict[Reads, SharedMap] = {}
    for reads, solver in solvers.items():
        weighed = solver.better(plain[reads], sums[reads][None], penalties)
        if weighed is not None:
            better[reads] = weighed
    # The sums without each block take five times as long as those of all windows: they are read for these alone.
    left = read(
        lines={
            reads: {block: solvers[reads].line(line, block) for block, line in enumerate(plain[reads].crossed)}
            for reads in better
        }
    )
    for reads, weighed in better.items():
        maps = solvers[reads].crossed(weighed.map, list(left[reads].values()))
        better[reads] = dataclasses.replace(weighed, crossed=maps)
    return {**plain, **better}
