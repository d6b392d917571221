"""What the encoder and the decoder see at each step, made from a window.

    encoder_inputs(window, shape=shape, spread=spread)              # [B, T, ...]
    decoder_inputs(window, linear, shape=shape, lags=(24, 168), spread=spread)  # [B, H, ...]

Values of the target are relative to the last context value and in units of
`spread`. Nothing here is learned.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from tapeline.forecaster.network.rolling import rolling_size, rolling_statistics
from tapeline.schemas import features
from tapeline.schemas.sections import RollingConfig
from tapeline.schemas.window_spec import WindowShape

Window = Mapping[str, tf.Tensor]


def encoder_size(shape: WindowShape, rolling: Sequence[RollingConfig]) -> int:
    """Returns the width of `encoder_inputs`."""
    return 2 + shape.past + shape.future + shape.static + rolling_size(rolling)


def encoder_inputs(
    window: Window, *, shape: WindowShape, rolling: Sequence[RollingConfig], length: int, spread: tf.Tensor
) -> tf.Tensor:
    """Returns what the encoder sees.

    At each step: the value, whether it was measured, the past and the future
    covariates of that step, the rolling statistics up to it, the static covariates.

    Args:
        window: Features of `docs/data-formats.md`.
        shape: Their widths.
        rolling: Rolling statistics; they look back over the whole context.
        length: How many of the context's steps, from its end.
        spread: Unit of the values.

    Returns:
        `[B, length, ...]`.
    """
    relative = _relative_context(window, spread)
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


def decoder_size(shape: WindowShape, lags: Sequence[int], *, highway: bool) -> int:
    """Returns the width of `decoder_inputs`."""
    return shape.future + len(lags) * (1 + shape.past + shape.future) + int(highway)


def decoder_inputs(
    window: Window, linear: tf.Tensor | None, *, shape: WindowShape, lags: Sequence[int], spread: tf.Tensor
) -> tf.Tensor:
    """Returns what the decoder knows at each lead step besides the value before it.

    That is: the future covariates of the step; for each lag the value and the
    covariates of the step one lag (or as many as reach into the context) ago;
    the linear forecast of the step. A day ago at this hour it was so warm and
    demand was so high, now it is this warm: with both sides at hand at the
    same step, a network need not carry them through its state.

    Args:
        window: Features of `docs/data-formats.md`.
        linear: The highway's forecast less the last context value, `[B, H]`; None without a highway.
        shape: Widths of the window's parts.
        lags: Steps to look back, a season each; none longer than the context.
        spread: Unit of the values.

    Returns:
        `[B, H, ...]`.
    """
    parts = []
    if shape.future:
        parts.append(window[features.FUTURE_COVARIATES][:, shape.context_length :])
    relative = _relative_context(window, spread)[:, :, tf.newaxis] if lags else None
    for lag in lags:
        positions = lag_positions(lag, shape)
        parts.append(tf.gather(relative, positions, axis=1))
        if shape.past:
            parts.append(tf.gather(window[features.PAST_COVARIATES], positions, axis=1))
        if shape.future:
            parts.append(tf.gather(window[features.FUTURE_COVARIATES], positions, axis=1))
    if linear is not None:
        parts.append((linear / spread)[:, :, tf.newaxis])
    if not parts:
        return tf.zeros((tf.shape(window[features.CONTEXT])[0], shape.horizon, 0))
    return tf.concat(parts, axis=2)


def lag_positions(lag: int, shape: WindowShape) -> np.ndarray:
    """Returns where in the context each lead step looks with a lag: one lag back, or the fewest that reach the context.

    With a context of 6 steps and lag 2, lead steps 6, 7, 8, 9 look at 4, 5, 4, 5.

    Args:
        lag: Steps of a season.
        shape: Context length and horizon.

    Returns:
        Positions, int64 `[H]`, before `context_length`.
    """
    steps = np.arange(shape.horizon)
    return shape.context_length + steps - lag * (steps // lag + 1)


def _relative_context(window: Window, spread: tf.Tensor) -> tf.Tensor:
    context = window[features.CONTEXT]
    return (context - context[:, -1:]) / spread
