"""What the encoder and the decoder see at each step, made from a window.

Values of the target are relative to the last context value and in the network's unit. Nothing here is learned.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.schemas import features
from tapeline.schemas.features_config import RollingConfig
from tapeline.schemas.window_spec import WindowShape

Window = Mapping[str, tf.Tensor]
"""Features of `docs/data-formats.md`: what a model reads of a batch of windows."""


def encoder_size(shape: WindowShape, rolling: Sequence[RollingConfig]) -> int:
    """Returns the width of `encoder_inputs`."""
    return 2 + shape.past + shape.future + shape.static + rolling_size(rolling)


def encoder_inputs(
    window: Window, *, shape: WindowShape, rolling: Sequence[RollingConfig], length: int, unit: tf.Tensor
) -> tf.Tensor:
    """Returns what the encoder sees.

    At each step: the value, whether it was measured, the past and the future covariates of that step, the rolling
    statistics up to it, the static covariates.

    Args:
        window: Features of `docs/data-formats.md`.
        shape: Their widths.
        rolling: Rolling statistics; they look back over the whole context.
        length: How many of the context's steps, from its end.
        unit: Unit of the values: one number, or one a window `[B, 1]`.

    Returns:
        `[B, length, ...]`.
    """
    relative = _relative_context(window, unit)
    parts = [relative[:, :, tf.newaxis], window[features.CONTEXT_OBSERVED][:, :, tf.newaxis]]
    if shape.past:
        parts.append(window[features.PAST_COVARIATES])
    if shape.future:
        parts.append(window[features.FUTURE_COVARIATES][:, : shape.context_length])
    if rolling:
        parts.append(rolling_statistics(relative, rolling))
    if shape.static:
        static = window[features.STATIC_COVARIATES][:, tf.newaxis]
        parts.append(tf.tile(static, (1, shape.context_length, 1)))
    return tf.concat(parts, axis=2)[:, shape.context_length - length :]


def decoder_size(shape: WindowShape, lags: Sequence[int], *, highway: bool, lag_covariates: bool = True) -> int:
    """Returns the width of `decoder_inputs`."""
    at_each_lag = 1 + (shape.past + shape.future if lag_covariates else 0)
    return shape.future + len(lags) * at_each_lag + int(highway)


def decoder_inputs(
    window: Window,
    linear: tf.Tensor | None,
    *,
    shape: WindowShape,
    lags: Sequence[int],
    unit: tf.Tensor,
    lag_covariates: bool = True,
) -> tf.Tensor:
    """Returns what the decoder knows at each lead step besides the values before it.

    That is: the future covariates of the step; for each lag the value and the covariates of the step one lag (or as
    many as reach into the context) ago; the linear forecast of the step. A day ago at this hour it was so warm and
    demand was so high, now it is this warm: with both sides at hand at the same step, a network need not carry them
    through its state.

    Args:
        window: Features of `docs/data-formats.md`.
        linear: The highway's forecast less the last context value, `[B, H]`; None without a highway.
        shape: Widths of the window's parts.
        lags: Steps to look back, a season each; none longer than the context.
        unit: Unit of the values: one number, or one a window `[B, 1]`.
        lag_covariates: Whether the covariates at the lags are seen beside the values.

    Returns:
        `[B, H, ...]`.
    """
    parts = []
    if shape.future:
        parts.append(window[features.FUTURE_COVARIATES][:, shape.context_length :])
    relative = _relative_context(window, unit)[:, :, tf.newaxis] if lags else None
    for lag in lags:
        positions = lag_positions(lag, shape)
        parts.append(tf.gather(relative, positions, axis=1))
        if shape.past and lag_covariates:
            parts.append(tf.gather(window[features.PAST_COVARIATES], positions, axis=1))
        if shape.future and lag_covariates:
            parts.append(tf.gather(window[features.FUTURE_COVARIATES], positions, axis=1))
    if linear is not None:
        parts.append((linear / unit)[:, :, tf.newaxis])
    if not parts:
        return tf.zeros((tf.shape(window[features.CONTEXT])[0], shape.horizon, 0))
    return tf.concat(parts, axis=2)


def lag_positions(lag: int, shape: WindowShape) -> npt.NDArray[np.int64]:
    """Returns where in the context each lead step looks with a lag: one lag back, or the fewest that reach the context.

    >>> lag_positions(2, WindowShape(context_length=6, horizon=4)).tolist()  # of the steps 6, 7, 8, 9
    [4, 5, 4, 5]

    Args:
        lag: Steps of a season.
        shape: Context length and horizon.

    Returns:
        Positions `[H]`, before `context_length`.
    """
    steps = np.arange(shape.horizon)
    return shape.context_length + steps - lag * (steps // lag + 1)


def _relative_context(window: Window, unit: tf.Tensor) -> tf.Tensor:
    context = window[features.CONTEXT]
    return (context - context[:, -1:]) / unit


def rolling_size(rolling: Sequence[RollingConfig]) -> int:
    """Returns how many statistics there are at each step."""
    return sum(len(config.statistics) for config in rolling)


def rolling_statistics(values: tf.Tensor, rolling: Sequence[RollingConfig]) -> tf.Tensor:
    """Returns statistics over the last steps of each step, the step itself included.

    At the start, where fewer steps than the window exist, they are taken over those that do. The standard deviation is
    that of the population (divisor N). No value after a step enters its statistic. They are functions of the context
    alone, computed inside the model, so training, evaluation and serving cannot disagree about them.

    >>> mean_of_two = RollingConfig(window=2, statistics=("mean",))
    >>> rolling_statistics(tf.constant([[1.0, 3.0, 5.0]]), [mean_of_two]).numpy().tolist()
    [[[1.0], [2.0], [4.0]]]

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
    """Returns the mean over the last `window` steps, from differences of a cumulative sum; `[B, T]` float64."""
    length = tf.shape(values)[1]
    # totals[:, t] is the sum of the first t values: the sum of (t - window, t] is totals[t] - totals[t - window].
    totals = tf.pad(tf.cumsum(values, axis=1), ((0, 0), (1, 0)))
    ends = tf.range(1, length + 1)
    starts = tf.maximum(ends - window, 0)
    sums = tf.gather(totals, ends, axis=1) - tf.gather(totals, starts, axis=1)
    return sums / tf.cast(ends - starts, values.dtype)
