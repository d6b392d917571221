"""Forecasts of any length from a model that was trained for one horizon: block after block.

The first block is the model's own forecast. Its values then stand at the end
of the context, as if they had been measured, and the model forecasts the next
block. What is known ahead goes on: the calendar and the future-known columns.
A past covariate is not known beyond the cutoff and keeps its last value.
"""

from collections.abc import Callable, Mapping

import tensorflow as tf

from tapeline.schemas import features as names
from tapeline.schemas.window_spec import WindowShape

Window = Mapping[str, tf.Tensor]


def rollout_blocks(
    forecast: Callable[[Window], tf.Tensor], window: Window, blocks: tf.Tensor, *, shape: WindowShape
) -> tf.Tensor:
    """Returns a forecast of `blocks` trained horizons, `[B, blocks * H]`, scaled.

    Args:
        forecast: A window of the trained shape → `[B, H]`, scaled.
        window: Window features; the future-known covariates `[B, T + blocks * H, K]`.
        blocks: How many, 1 or more.
        shape: Widths of a window.
    """
    future = window[names.FUTURE_COVARIATES]
    of_the_series = {name: window[name] for name in (names.STATIC_COVARIATES, names.SERIES_INDEX)}
    length = shape.context_length + shape.horizon

    def body(
        block: tf.Tensor, context: tf.Tensor, observed: tf.Tensor, past: tf.Tensor, done: tf.TensorArray
    ) -> tuple[tf.Tensor | tf.TensorArray, ...]:
        start = block * shape.horizon
        ahead = forecast(
            {
                names.CONTEXT: context,
                names.CONTEXT_OBSERVED: observed,
                names.PAST_COVARIATES: past,
                names.FUTURE_COVARIATES: tf.ensure_shape(
                    future[:, start : start + length], [None, length, shape.future]
                ),
                **of_the_series,
            }
        )
        held = tf.repeat(past[:, -1:], shape.horizon, axis=1)
        return (
            block + 1,
            _shift(context, ahead),
            _shift(observed, tf.ones_like(ahead)),
            _shift(past, held),
            done.write(block, ahead),
        )

    done = tf.TensorArray(tf.float32, size=blocks, element_shape=(None, shape.horizon))
    start = tuple(window[name] for name in (names.CONTEXT, names.CONTEXT_OBSERVED, names.PAST_COVARIATES))
    *_, done = tf.while_loop(lambda block, *_: block < blocks, body, (0, *start, done))
    # [blocks, B, H] to [B, blocks * H].
    return tf.reshape(tf.transpose(done.stack(), (1, 0, 2)), (tf.shape(start[0])[0], blocks * shape.horizon))


def _shift(values: tf.Tensor, newer: tf.Tensor) -> tf.Tensor:
    """The newest steps of both, as many as `values` has: `[B, T, ...]`."""
    moved = tf.concat([values, newer], axis=1)[:, -values.shape[1] :]
    return tf.ensure_shape(moved, values.shape)
