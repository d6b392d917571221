"""Causal rolling statistics of the context, computed inside the model.

    rolling_statistics(context, (RollingConfig(window=24),))  # [B, T, 2]: mean and standard deviation

They are functions of the context alone, so training, evaluation and serving
cannot disagree about them, and no value after a step enters its statistic.
"""

from collections.abc import Sequence

import tensorflow as tf

from tapeline.schemas.sections import RollingConfig


def rolling_size(rolling: Sequence[RollingConfig]) -> int:
    """Returns how many statistics there are at each step."""
    return sum(len(config.statistics) for config in rolling)


def rolling_statistics(values: tf.Tensor, rolling: Sequence[RollingConfig]) -> tf.Tensor:
    """Returns statistics over the last steps of each step, the step itself included.

    At the start, where fewer steps than the window exist, they are taken over
    those that do. The standard deviation is that of the population (divisor N).

    Args:
        values: `[B, T]`, without NaN.
        rolling: The windows, and which statistics of each.

    Returns:
        `[B, T, R]`, `R` from `rolling_size`.
    """
    # A variance from sums of squares cancels; in float64, about values near 0, what cancels is below 1e-12.
    wide = tf.cast(values, tf.float64)
    wide -= tf.reduce_mean(wide, axis=1, keepdims=True)
    centre = tf.cast(values, tf.float64) - wide
    columns = []
    for config in rolling:
        mean = _rolling_mean(wide, config.window)
        for statistic in config.statistics:
            if statistic == "mean":
                columns.append(mean + centre)
            else:
                variance = _rolling_mean(wide * wide, config.window) - mean * mean
                columns.append(tf.sqrt(tf.maximum(variance, 0.0)))
    return tf.cast(tf.stack(columns, axis=2), values.dtype)


def _rolling_mean(values: tf.Tensor, window: int) -> tf.Tensor:
    """Mean over the last `window` steps, from differences of a cumulative sum; `[B, T]` float64."""
    length = tf.shape(values)[1]
    # totals[:, t] is the sum of the first t values: the sum of (t - window, t] is totals[t] - totals[t - window].
    totals = tf.pad(tf.cumsum(values, axis=1), ((0, 0), (1, 0)))
    ends = tf.range(1, length + 1)
    starts = tf.maximum(ends - window, 0)
    sums = tf.gather(totals, ends, axis=1) - tf.gather(totals, starts, axis=1)
    return sums / tf.cast(ends - starts, values.dtype)
