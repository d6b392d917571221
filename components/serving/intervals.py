"""Prediction intervals by split conformal prediction, a half-width for each lead step.

    residuals = absolute_residuals(target, forecast)          # eval windows, free-running: [N, H]
    half_widths = conformal_half_widths(residuals)            # [2, H], scaled
    Intervals(half_widths).around(forecast)                   # lower, upper, lower_95, upper_95: [B, H] each

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
import tensorflow as tf

PERCENTS = (80, 95)
"""Levels of the intervals, in percent, in the order in which arrays hold them."""

OUTPUTS = (("lower", "upper"), ("lower_95", "upper_95"))
"""Names of the intervals' ends in the model's outputs, by level."""


def absolute_residuals(target: np.ndarray, forecast: np.ndarray) -> np.ndarray:
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


def conformal_half_widths(residuals: np.ndarray) -> np.ndarray:
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


class Intervals(tf.Module):
    """The intervals inside the served graph.

    Args:
        half_widths: From `conformal_half_widths`.
    """

    def __init__(self, half_widths: np.ndarray) -> None:
        super().__init__(name="intervals")
        self._half_widths = np.asarray(half_widths, np.float32)

    def half_widths(self, length: tf.Tensor | int) -> tf.Tensor:
        """Returns the half-widths of a forecast of any length, `[2, length]`, scaled.

        No residual tells how wrong a forecast is beyond the trained horizon
        `H`. Its errors are those of a walk in blocks: each block adds an error
        of its own to the one that the block before it ended with. As if these
        were independent, their squares add up: lead step `k H + j` has
        `sqrt(k q_H^2 + q_j^2)`. Within `H` that is `q_j` itself.

        Args:
            length: Lead steps.
        """
        horizon = self._half_widths.shape[1]
        if isinstance(length, int) and length <= horizon:
            return tf.constant(self._half_widths[:, :length])
        own, last = tf.constant(self._half_widths), tf.constant(self._half_widths[:, -1:])
        steps = tf.range(length)
        blocks = tf.cast(steps // horizon, tf.float32)
        # An infinite half-width times 0 blocks would be no number.
        walked = tf.where(blocks > 0.0, blocks * tf.square(last), 0.0)
        inside = tf.gather(own, steps % horizon, axis=1)
        return tf.where(blocks > 0.0, tf.sqrt(walked + tf.square(inside)), inside)

    def around(self, forecast: tf.Tensor, scale: tf.Tensor | float = 1.0) -> dict[str, tf.Tensor]:
        """Returns the ends of all intervals by their output's name, `[B, L]` each.

        Args:
            forecast: `[B, L]`, in scaled space or in the target's unit.
            scale: Units of `forecast` in one scaled unit, a number or `[B, 1]`.
        """
        length = forecast.shape[1] or tf.shape(forecast)[1]
        widths = tf.cast(self.half_widths(length), forecast.dtype)
        ends: dict[str, tf.Tensor] = {}
        for row, (lower, upper) in enumerate(OUTPUTS):
            reach = widths[row] * scale
            ends |= {lower: forecast - reach, upper: forecast + reach}
        return ends
