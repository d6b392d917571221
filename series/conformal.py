"""Prediction intervals by split conformal prediction, a half-width for each lead step.

>>> residuals = absolute_residuals(np.zeros((19, 1)), np.arange(19.0)[:, None])      # eval windows, [N, H]
>>> conformal_half_widths(residuals).tolist()                                        # [2, H], of 80 and of 95 %
[[15.0], [18.0]]

The half-width of a level is the `ceil((n + 1) level)`-th smallest of the n
absolute residuals of that lead step. A new window that is exchangeable with
the eval windows then lies inside with at least that probability, whatever the
model and the distribution (Lei et al., "Distribution-Free Predictive
Inference for Regression", 2018; by lead step as in Stankevičiūtė et al.,
"Conformal Time-Series Forecasting", 2021, for each step by itself). Windows
that overlap, or that drift away from the eval split, are not exchangeable:
so the coverage on the test split is measured.
"""

import numpy as np

from tapeline.series.arrays import Array, Floats

PERCENTS = (80, 95)
"""Levels of the intervals, in percent, in the order in which arrays hold them."""


def absolute_residuals(target: Floats, forecast: Floats) -> Array:
    """Returns `|target - forecast|`; infinite for a forecast that is no number, NaN where nothing was measured.

    Args:
        target: `[N, H]`, NaN where unobserved.
        forecast: `[N, H]`.

    Raises:
        ValueError: The shapes differ.
    """
    if np.shape(target) != np.shape(forecast):
        raise ValueError(f"forecast has shape {np.shape(forecast)}, target {np.shape(target)}: they must be equal.")
    missed = np.abs(np.asarray(target, np.float64) - forecast)
    return np.where(np.isnan(missed) & ~np.isnan(target), np.inf, missed)


def conformal_half_widths(residuals: Array) -> Floats:
    """Returns how far an interval reaches to either side of a forecast.

    Three rules besides the quantile. Where there are too few residuals for a
    level, the largest stands in: n of them promise `n / (n + 1)`, not more. A
    lead step without any takes the half-width of the step before it, or else of
    the next that has one; without a single residual the interval is infinite.
    And no step's interval is narrower than that of a step before it: a quantile
    of a few hundred overlapping windows jumps by more than forecasts get better
    with distance, and to be wider can only cover more.

    Args:
        residuals: Absolute residuals `[N, H]`, NaN where nothing was measured.

    Returns:
        float32 `[2, H]`, in the order of `PERCENTS`, never falling with the lead step.
    """
    horizon = residuals.shape[1]
    widths = np.full((len(PERCENTS), horizon), np.nan)
    for step in range(horizon):
        known = np.sort(residuals[~np.isnan(residuals[:, step]), step])
        if not len(known):
            continue
        for row, percent in enumerate(PERCENTS):
            # ceil((n + 1) percent / 100) in whole numbers: 0.95 * 60 is not 57 in floating point.
            rank = -(-(len(known) + 1) * percent // 100)
            widths[row, step] = known[min(rank, len(known)) - 1]
    first = np.flatnonzero(~np.isnan(widths[0]))[:1]
    if not len(first):
        return np.full(widths.shape, np.inf, np.float32)
    widths[:, : first[0]] = widths[:, first]
    return np.fmax.accumulate(widths, axis=1).astype(np.float32)
