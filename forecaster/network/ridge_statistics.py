"""Sums over windows that a ridge regression is solved from, and the solution.

Only sums are kept, so memory grows with the square of the number of inputs, never with the number of windows. Those of
two sets of windows add up, and those of a part can be taken off again; the sums for fewer inputs are a corner of those
for more.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg

from tapeline.forecaster.network.ridge_fit import Floats
from tapeline.schemas import features

Doubles = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class RidgeStatistics:
    """Sums over windows that a ridge regression is solved from; those of two sets of windows add up.

    Attributes:
        count: Number of windows, or the sum of their weights.
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
    def of(
        cls, inputs: npt.NDArray[Any], outputs: npt.NDArray[Any], weights: Doubles | None = None
    ) -> "RidgeStatistics":
        """Returns the sums over some windows.

        Args:
            inputs: `[B, D]`.
            outputs: `[B, H]`, without NaN.
            weights: How much each window counts `[B]`; None: 1.
        """
        x, y = inputs.astype(np.float64), outputs.astype(np.float64)
        if weights is None:
            return cls(float(len(x)), x.sum(0), y.sum(0), x.T @ x, x.T @ y, float((y * y).sum()))
        weighed = x * weights[:, np.newaxis]
        squares = float(weights @ (y * y).sum(1))
        return cls(float(weights.sum()), weights @ x, weights @ y, weighed.T @ x, weighed.T @ y, squares)

    @classmethod
    def nothing(cls, inputs: int, outputs: int) -> "RidgeStatistics":
        """Returns the sums over no windows, of as many inputs and outputs."""
        return cls.of(np.zeros((0, inputs)), np.zeros((0, outputs)))

    def __add__(self, other: "RidgeStatistics") -> "RidgeStatistics":
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in dataclasses.fields(self))
        return RidgeStatistics(*(mine + theirs for mine, theirs in pairs))

    def __sub__(self, other: "RidgeStatistics") -> "RidgeStatistics":
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in dataclasses.fields(self))
        return RidgeStatistics(*(mine - theirs for mine, theirs in pairs))

    def first(self, width: int) -> "RidgeStatistics":
        """Returns the sums as if only the first inputs had been there."""
        return dataclasses.replace(
            self, inputs=self.inputs[:width], gram=self.gram[:width, :width], cross=self.cross[:width]
        )


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
