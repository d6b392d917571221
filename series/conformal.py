"""Quantiles of a forecast's errors by split conformal prediction, for each lead step.

>>> errors = signed_errors(np.arange(-9.0, 10.0)[:, None], np.zeros((19, 1)))      # eval windows, [N, H]
>>> conformal_quantiles(errors, ["0.1", "0.5", "0.9"]).tolist()                    # [3, H]
[[-8.0], [0.0], [8.0]]

Of n errors, `target - forecast`, a level above one half takes the
`ceil((n + 1) level)`-th smallest, a level below it the `floor((n + 1) level)`-th:
each side of an interval by itself, as in conformalized quantile regression
(Romano, Patterson and Candès, 2019). A new window that is exchangeable with
the eval windows then lies between two of them with at least the probability
that the levels say, whatever the model and the distribution (Lei et al.,
"Distribution-Free Predictive Inference for Regression", 2018; by lead step as in
Stankevičiūtė et al., "Conformal Time-Series Forecasting", 2021, for each step by
itself). Windows that overlap, or that drift away from the eval split, are not
exchangeable: so the coverage on the test split is measured.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from tapeline.series.arrays import Array, Floats

PERCENTS = (80, 95)
"""Levels of the intervals, in percent, in the order in which arrays hold them."""

INTERVAL_LEVELS = tuple(str(tail / 200) for percent in PERCENTS for tail in (100 - percent, 100 + percent))
"""Quantiles at the ends of the intervals, in the order of the outputs: 0.1, 0.9, 0.025, 0.975."""

_HALF = Fraction(1, 2)


def fewest_errors(percent: int) -> int:
    """Returns how many errors an interval takes; with fewer it is the range of those there are, and promises less.

    >>> [(percent, fewest_errors(percent)) for percent in PERCENTS]
    [(80, 9), (95, 39)]

    Args:
        percent: The level of the interval.
    """
    return math.ceil(Fraction(200, 100 - percent)) - 1


def promised_percent(errors: int, percent: int) -> float:
    """Returns how much an interval promises to hold.

    >>> promised_percent(39, 95), round(promised_percent(12, 95), 1)
    (95.0, 84.6)

    Args:
        errors: How many errors it is made of.
        percent: The level that it is called by.
    """
    return min(float(percent), 100.0 * max(0.0, 1.0 - 2.0 / (errors + 1)))


def signed_errors(target: Floats, forecast: Floats) -> Array:
    """Returns `target - forecast`; infinite for a forecast that is no number, NaN where nothing was measured.

    Args:
        target: `[N, H]`, NaN where unobserved.
        forecast: `[N, H]`.

    Raises:
        ValueError: The shapes differ.
    """
    if np.shape(target) != np.shape(forecast):
        raise ValueError(f"forecast has shape {np.shape(forecast)}, target {np.shape(target)}: they must be equal.")
    missed = np.asarray(target, np.float64) - forecast
    return np.where(np.isnan(missed) & ~np.isnan(target), np.inf, missed)


def conformal_quantiles(errors: Array, levels: Sequence[str]) -> Floats:
    """Returns how far each quantile lies above the forecast.

    Four rules besides the ranks. Where there are too few errors for a level,
    the outermost stands in: n of them promise `n / (n + 1)`, not more. An error
    that is infinite counts as one on the outer side of any level. A lead step
    without any error takes the quantile of the step before it, or else of the next
    that has one; without a single error the levels are infinite, the middle one
    is 0. And no level comes nearer to the middle from one step to the next: a
    quantile of a few hundred overlapping windows jumps by more than forecasts get
    better with distance, and to be wider can only cover more. So levels never
    cross.

    Args:
        errors: `[N, H]`, NaN where nothing was measured.
        levels: Decimal numbers between 0 and 1 as text, which says exactly what is meant.

    Returns:
        float64 `[Q, H]`, in the order of the levels.
    """
    horizon = errors.shape[1]
    below, above = np.where(np.isinf(errors), -np.inf, errors), np.where(np.isinf(errors), np.inf, errors)
    # Whole numbers and fractions: 0.95 * 60 is not 57 in floating point.
    exact = [Fraction(level) for level in levels]
    found = np.full((len(levels), horizon), np.nan)
    for step in range(horizon):
        measured = ~np.isnan(errors[:, step])
        low, high = np.sort(below[measured, step]), np.sort(above[measured, step])
        if len(low):
            found[:, step] = [_at(low, high, level) for level in exact]
    some = ~np.isnan(found).all(axis=0)
    if not some.any():
        return np.array(
            [[math.copysign(math.inf, level - _HALF) if level != _HALF else 0.0] * horizon for level in exact]
        )
    # Steps before the first one with errors take its quantiles, later ones those of the step before.
    source = np.maximum.accumulate(np.where(some, np.arange(horizon), np.argmax(some)))
    found = found[:, source]
    for row, level in enumerate(exact):
        if level != _HALF:
            outward = np.maximum if level > _HALF else np.minimum
            found[row] = outward.accumulate(found[row])
    return found


def _at(low: Array, high: Array, level: Fraction) -> float:
    """The quantile of one lead step's errors, sorted `[n]`: infinite ones stand first in `low` and last in `high`."""
    size = len(low)
    rank = (size + 1) * level
    upper, lower = high[min(math.ceil(rank), size) - 1], low[max(math.floor(rank), 1) - 1]
    if level == _HALF:
        return float((upper + lower) / 2.0) if np.isfinite([upper, lower]).all() else 0.0
    return float(upper if level > _HALF else lower)
