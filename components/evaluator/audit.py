"""Whether the test windows and the scaled space are what they should be, recomputed from the rows of the data.

A model that is scored on windows with tomorrow in the context, or in a space
stretched by the test split's extremes, looks better than it is, and no metric
of its forecasts can tell. So nothing that made the windows is trusted here:
contexts and targets of sampled windows are put together once more, value by
value, from the rows that came out of the data gate. The results enter TFMA's
validation as metrics with limits (`beam_metrics.AuditMetric`): the blessing depends
on them like on any error.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.series.scaling import Scaler
from tapeline.series.step_index import StepIndex

AUDITED_WINDOWS = 2_000
"""Windows that are put together anew; of more, this many are drawn by a hash."""

AUDIT_LIMITS = {
    # Scaled windows are float32: one part in ten million.
    "window_deviation": 1e-5,
    "steps_before_test": 0.0,
    "scale_deviation": 1e-6,
    # Kernels that run side by side may add up in another order.
    "target_influence": 1e-6,
}
"""Most that each audit may find."""


@dataclasses.dataclass(frozen=True, eq=False)
class WindowSample:
    """Some windows as they are scored.

    Attributes:
        rank: A hash of each window; the smallest are kept when samples are merged, uint64 `[n]`.
        series: The series of each, bytes `[n]`.
        start: Ordinal of each forecast's first step, int64 `[n]`.
        context: Scaled values, gaps filled, float32 `[n, T]`.
        observed: 1 where a context value was measured, float32 `[n, T]`.
        target: Scaled values, float32 `[n, H]`; NaN where unobserved.
    """

    rank: npt.NDArray[np.uint64]
    series: npt.NDArray[np.object_]
    start: npt.NDArray[np.int64]
    context: npt.NDArray[np.float32]
    observed: npt.NDArray[np.float32]
    target: npt.NDArray[np.float32]

    def smallest(self, count: int) -> "WindowSample":
        """Returns the windows with the smallest ranks: a draw that does not depend on the order of files."""
        kept = np.argsort(self.rank, kind="stable")[:count]
        return WindowSample(*(getattr(self, field.name)[kept] for field in dataclasses.fields(self)))

    def steps(self) -> StepIndex:
        """Returns the steps of all contexts and targets."""
        context_length, horizon = self.context.shape[1], self.target.shape[1]
        return StepIndex.covering(self.series, self.start - context_length, context_length + horizon)

    @classmethod
    def join(cls, parts: Sequence["WindowSample"]) -> "WindowSample":
        """Returns all windows of several samples."""
        fields = (field.name for field in dataclasses.fields(cls))
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in fields))


def window_deviation(
    sample: WindowSample, steps: StepIndex, values: npt.NDArray[np.float64], *, scaler: Scaler
) -> float:
    """Returns the largest distance of a window from the rows that it was cut from.

    Distances of values beyond 1 are relative. It is infinite where a value is
    called measured that is not, or the other way round.

    Args:
        sample: The windows.
        steps: From `sample.steps()`.
        values: The target of each step in its own unit, `[m]`; NaN where there is none.
        scaler: The scales that the windows are in.
    """
    worst = 0.0
    context_length, horizon = sample.context.shape[1], sample.target.shape[1]
    for i, series in enumerate(sample.series):
        ordinal = sample.start[i] + np.arange(-context_length, horizon)
        row = values[steps.locate(np.full(len(ordinal), series, object), ordinal)]
        truth = scaler.scale(row[None, :], [series])[0]
        worst = max(worst, _distance(sample.target[i], truth[context_length:]))
        worst = max(worst, _context_distance(sample.context[i], sample.observed[i], truth[:context_length]))
    return worst


def _context_distance(
    context: npt.NDArray[np.float32], observed: npt.NDArray[np.float32], truth: npt.NDArray[np.float64]
) -> float:
    measured = ~np.isnan(truth)
    if not np.array_equal(observed, measured.astype(observed.dtype)) or not measured.any():
        return math.inf
    # numpy.interp is the rule for gaps: a line between measured values, the nearest one at the ends.
    steps = np.arange(len(truth))
    return _distance(context, np.interp(steps, steps[measured], truth[measured]))


def _distance(values: npt.NDArray[np.floating[Any]], truth: npt.NDArray[np.float64]) -> float:
    known = ~np.isnan(truth)
    if not np.array_equal(~np.isnan(values), known):
        return math.inf
    return float(np.max(np.abs(values - truth)[known] / np.maximum(1.0, np.abs(truth[known])), initial=0.0))


def scale_deviation(scaler: Scaler, expected: Scaler) -> float:
    """Returns the largest distance of a scaler from another, in units of the latter's scale.

    Args:
        scaler: The scales in use.
        expected: The scales that the train rows give. Scales of other series, or of another kind, are infinitely far.
    """
    if scaler.scope != expected.scope or not np.array_equal(scaler.ids, expected.ids):
        return math.inf
    offset = np.append(scaler.offset, scaler.overall[0]) - np.append(expected.offset, expected.overall[0])
    spread = np.append(expected.scales, expected.overall[1])
    scale = np.append(scaler.scales, scaler.overall[1]) - spread
    distance = np.maximum(np.abs(offset), np.abs(scale)) / spread
    return math.inf if np.isnan(distance).any() else float(distance.max())


def forecast_change(before: npt.NDArray[np.float32], after: npt.NDArray[np.float32]) -> float:
    """Returns the largest change of a forecast; infinite where one becomes, or is no longer, finite."""
    if before.shape != after.shape or not np.array_equal(np.isfinite(before), np.isfinite(after)):
        return math.inf
    finite = np.isfinite(before)
    return float(np.max(np.abs(before[finite] - after[finite]), initial=0.0))
