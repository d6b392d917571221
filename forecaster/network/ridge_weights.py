"""Sums over windows in which those count less that a first line forecasts badly.

Squares make a few days that nobody can foresee, a heat wave or a strike, count for more than all others, and what is
told of a forecast is its absolute error. A line that is solved again, each window weighed by the inverse of its error,
has nearly the least absolute error: one round of iteratively reweighted least squares (Schlossmacher, "An iterative
technique for absolute deviations curve fitting", 1973).
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tapeline.forecaster.network.highway import Reads, highway_inputs, highway_size
from tapeline.forecaster.network.ridge_fit import Floats
from tapeline.forecaster.network.ridge_statistics import Doubles, RidgeStatistics, relative_target
from tapeline.forecaster.network.ridge_sums import Batches
from tapeline.schemas import features
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.time_folds import TimeFolds

_LEAST_ERROR = 0.2
"""Least error that weighs, as a share of the usual one: no window counts for more than five usual ones."""

_LEAST_USUAL = 1e-3
"""Least usual error, as a share of the usual distance of the target from the last value."""

LeftOut = int | None
"""A block in time that a line is fitted without; None: it is fitted on all windows."""

Line = tuple[Doubles, Doubles, float]
"""Kernel `[D, H]`, bias `[H]`, and the usual error of a forecast: `usual_error`."""


def usual_error(statistics: RidgeStatistics, kernel: Doubles, bias: Doubles) -> float:
    """Returns the root mean squared error of a line over the windows of some sums; 1 where nothing ever changes.

    Args:
        statistics: Sums over these windows.
        kernel: `[D, H]`.
        bias: `[H]`.
    """
    squares = (
        statistics.squared_outputs
        + float(np.sum(kernel * (statistics.gram @ kernel - 2.0 * statistics.cross)))
        + float(bias @ (statistics.count * bias - 2.0 * statistics.outputs + 2.0 * statistics.inputs @ kernel))
    )
    least = _LEAST_USUAL**2 * statistics.squared_outputs
    return float(np.sqrt(max(squares, least) / (statistics.count * len(bias)))) or 1.0


def weighed_sums(
    train: Batches,
    *,
    shape: WindowShape,
    lines: Mapping[Reads, Mapping[LeftOut, Line]],
    folds: TimeFolds | None,
    complete: bool,
) -> dict[Reads, dict[LeftOut, RidgeStatistics]]:
    """Reads the train windows once more; each sum is weighed by the errors of a line of its own.

    So what is solved without a block in time does not depend on the targets of that block, by no weight either.
    Without lines nothing is read.

    Args:
        train: Windows with `target`; with `forecast_start` where there are folds.
        shape: Their widths.
        lines: By what they read and by the block that they were fitted without.
        folds: Blocks in time; None: there are none to leave out.
        complete: Whether windows with unobserved targets are left out.

    Returns:
        For each line the sums over the windows that it was fitted on.
    """
    sums = {
        reads: {block: RidgeStatistics.nothing(highway_size(shape, reads), shape.horizon) for block in each}
        for reads, each in lines.items()
    }
    if not any(sums.values()):
        return sums
    for window in train():
        target, is_complete = relative_target(window)
        used: dict[LeftOut, npt.NDArray[np.bool_]] = {None: is_complete | (not complete)}
        if folds is not None:
            starts = np.asarray(window[features.FORECAST_START])
            outside = folds.index(starts)[:, np.newaxis] != np.arange(folds.count)
            used |= {block: used[None] & far for block, far in enumerate((outside & ~folds.near(starts)).T)}
        for reads, each in lines.items():
            inputs = np.asarray(highway_inputs(window, shape, reads))
            for block, line in each.items():
                if (rows := used[block]).any():
                    x, y = inputs[rows], target[rows]
                    sums[reads][block] += RidgeStatistics.of(x, y, _weights(x, y, line))
    return sums


def _weights(inputs: Floats, target: Floats, line: Line) -> Doubles:
    """The inverse of each window's mean absolute error, in units of the usual one: `[B]`."""
    kernel, bias, usual = line
    errors = np.abs(inputs @ kernel + bias - target).mean(axis=1)
    return np.asarray(usual / np.maximum(errors, _LEAST_ERROR * usual), np.float64)
