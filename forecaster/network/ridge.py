"""The linear highway in closed form: ridge regression over streamed windows.

Only sums over windows are kept (`RidgeStatistics`), so memory grows with the square of the number of inputs, never with
the number of windows. A model that adopts the fit forecasts like the ridge before it is trained.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg

from tapeline.forecaster.network.highway import highway_inputs, highway_size
from tapeline.forecaster.network.ridge_fit import RidgeFit
from tapeline.schemas import features
from tapeline.schemas.errors import DataError
from tapeline.schemas.window_spec import WindowShape

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Batches = Callable[[], Iterable[Mapping[str, Floats]]]
"""Called once a pass; gives batches of windows with their target."""

PENALTIES = tuple(10.0 ** np.arange(-6.0, 1.01, 0.5))
"""Penalties that are tried, as shares of the usual variance of an input."""

COVARIATE_FACTORS = (1.0, 10.0, 100.0, 1e6)
"""How much harder the covariates are penalised than the context; the last all but leaves them out.

A horizon of 48 steps with 9 covariates has 432 columns that all but repeat
each other: the penalty that suits the context lets them overfit.
"""


@dataclasses.dataclass(frozen=True)
class RidgeStatistics:
    """Sums over windows that a ridge regression is solved from; those of two sets of windows add up.

    Attributes:
        count: Number of windows.
        inputs: Sum of the inputs `[D]`.
        outputs: Sum of the outputs `[H]`.
        gram: Sum of their outer products among inputs `[D, D]`.
        cross: The same between inputs and outputs `[D, H]`.
        squared_outputs: Sum of the squared outputs, over windows and lead steps.
    """

    count: float
    inputs: Doubles
    outputs: Doubles
    gram: Doubles
    cross: Doubles
    squared_outputs: float

    @classmethod
    def of(cls, inputs: npt.NDArray[Any], outputs: npt.NDArray[Any]) -> "RidgeStatistics":
        """Returns the sums over some windows.

        Args:
            inputs: `[B, D]`.
            outputs: `[B, H]`, without NaN.
        """
        x, y = inputs.astype(np.float64), outputs.astype(np.float64)
        return cls(float(len(x)), x.sum(0), y.sum(0), x.T @ x, x.T @ y, float((y * y).sum()))

    def __add__(self, other: "RidgeStatistics") -> "RidgeStatistics":
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in dataclasses.fields(self))
        return RidgeStatistics(*(mine + theirs for mine, theirs in pairs))


def relative_target(window: Mapping[str, Floats]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Returns the target less the last context value, with gaps bridged, and which windows have none.

    The closed form wants every step of every window it uses. A gap is bridged by a straight line from its neighbours in
    the window, the last context value among them. This is for the closed form alone; loss and metrics leave such steps
    out.

    Returns:
        `[B, H]` without NaN, and bool `[B]`: where all steps were observed.
    """
    relative = np.asarray(window[features.TARGET]) - np.asarray(window[features.CONTEXT])[:, -1:]
    complete = ~np.isnan(relative).any(axis=1)
    steps = np.arange(relative.shape[1] + 1)
    for index in np.flatnonzero(~complete):
        values = np.concatenate([[0.0], relative[index]])
        known = ~np.isnan(values)
        relative[index] = np.interp(steps, steps[known], values[known])[1:]
    return relative, complete


def solve_ridge(statistics: RidgeStatistics, penalty: float, *, scale: Doubles) -> tuple[Doubles, Doubles]:
    """Solves a ridge regression whose intercept is not penalised.

    Args:
        statistics: Sums over windows.
        penalty: Added to the variance of each input, in units of `scale` squared.
        scale: What one unit of each input is `[D]`: `input_scale`.

    Returns:
        Kernel `[D, H]` and bias `[H]`.
    """
    count = statistics.count
    mean_in, mean_out = statistics.inputs / count, statistics.outputs / count
    covariance = statistics.gram / count - np.outer(mean_in, mean_in)
    cross = statistics.cross / count - np.outer(mean_in, mean_out)
    normal = covariance / np.outer(scale, scale)
    normal[np.diag_indices_from(normal)] += penalty
    solved = scipy.linalg.solve(normal, cross / scale[:, np.newaxis], assume_a="pos")
    kernel = solved / scale[:, np.newaxis]
    return kernel, mean_out - mean_in @ kernel


def input_scale(statistics: RidgeStatistics, context_length: int) -> Doubles:
    """Returns the unit of each input `[D]`: one for all context steps, its own deviation for every other input.

    A shared unit keeps what distinguishes the steps: those close to the last value vary less, and with a unit each the
    penalty would fall on them least.
    """
    variance = np.diag(statistics.gram) / statistics.count - (statistics.inputs / statistics.count) ** 2
    scale = np.sqrt(np.maximum(variance, 0.0))
    scale[:context_length] = np.sqrt(np.mean(np.maximum(variance[:context_length], 0.0)))
    # An input that does not vary on train gets coefficient 0 from any unit.
    return np.where(scale > 1e-9, scale, 1.0)


def fit_ridge(
    train: Batches,
    evaluation: Batches,
    *,
    shape: WindowShape,
    penalties: Sequence[float] = PENALTIES,
    covariate_factors: Sequence[float] = COVARIATE_FACTORS,
) -> RidgeFit:
    """Fits the highway on the train windows with the penalties that are best on the eval windows.

    Train windows with unobserved targets are left out, as long as half of the windows remain; where they are the rule
    (no values at weekends) their gaps are bridged: see `relative_target`.

    Args:
        train: Passes over the train windows.
        evaluation: Passes over the eval windows.
        shape: Widths of a window.
        penalties: Penalties to choose from.
        covariate_factors: How much harder the covariates are penalised, to choose from.

    Returns:
        The solution with the least mean absolute error over all observed eval steps.

    Raises:
        DataError: There are no train windows.
    """
    statistics = _train_statistics(train, shape)
    scale = input_scale(statistics, shape.context_length)
    is_covariate = np.arange(len(scale)) >= shape.context_length
    choices = list(itertools.product(penalties, covariate_factors if is_covariate.any() else (1.0,)))
    solutions = [
        solve_ridge(statistics, penalty, scale=np.where(is_covariate, scale * factor**0.5, scale))
        for penalty, factor in choices
    ]
    errors = _eval_errors(evaluation, solutions, shape)
    best = int(np.argmin(errors))
    spread = float(np.sqrt(statistics.squared_outputs / (statistics.count * shape.horizon)))
    kernel, bias = solutions[best]
    return RidgeFit(
        kernel=kernel.astype(np.float32),
        bias=bias.astype(np.float32),
        spread=spread if spread > 0.0 else 1.0,
        penalty=float(choices[best][0]),
        covariate_factor=float(choices[best][1]),
        eval_mae=float(errors[best]),
    )


def _train_statistics(train: Batches, shape: WindowShape) -> RidgeStatistics:
    nothing = RidgeStatistics.of(np.zeros((0, highway_size(shape))), np.zeros((0, shape.horizon)))
    complete, bridged = nothing, nothing
    for window in train():
        inputs = np.asarray(highway_inputs(window, shape))
        target, is_complete = relative_target(window)
        complete += RidgeStatistics.of(inputs[is_complete], target[is_complete])
        bridged += RidgeStatistics.of(inputs[~is_complete], target[~is_complete])
    if not complete.count + bridged.count:
        raise DataError("train: holds no windows. Shorten window.context_length or horizon, or give more rows.")
    return complete if complete.count >= bridged.count else complete + bridged


def _eval_errors(evaluation: Batches, solutions: Sequence[tuple[Doubles, Doubles]], shape: WindowShape) -> Doubles:
    """Returns the mean absolute error of each solution over the observed eval steps."""
    total, observed = np.zeros(len(solutions)), 0
    for window in evaluation():
        inputs = np.asarray(highway_inputs(window, shape), np.float64)
        target = np.asarray(window[features.TARGET]) - np.asarray(window[features.CONTEXT])[:, -1:]
        observed += int((~np.isnan(target)).sum())
        total += [np.nansum(np.abs(inputs @ kernel + bias - target)) for kernel, bias in solutions]
    return total / max(observed, 1)
