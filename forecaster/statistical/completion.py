"""Fills steps that were not measured with what line and season of the same context let expect there.

The gaps of a window arrive filled by straight lines, which a season would be read from as if measured. Here a line and
a seasonal profile are fitted to the measured steps alone; what is left of these is interpolated, and held before the
first and behind the last one. A series that is shorter than the context is so continued into its past.
"""

import tensorflow as tf

from tapeline.series.gap_filling import interpolate

SLOPE_SHRINKAGE = 0.05
"""How much a slope from few steps close together is shrunk: a share of what all steps of the context would tell."""


def complete(context: tf.Tensor, observed: tf.Tensor, *, season: int) -> tf.Tensor:
    """Returns contexts whose steps that were not measured are filled anew; the others stay as they are.

    Args:
        context: `[B, T]`, without NaN.
        observed: `[B, T]`, 1 where measured.
        season: Steps of a season; 1 is none.
    """
    completed = tf.cond(
        tf.reduce_all(observed > 0.5),
        lambda: tf.identity(context),
        lambda: _filled(context, observed, season),
    )
    completed.set_shape(context.shape)
    return completed


def _filled(context: tf.Tensor, observed: tf.Tensor, season: int) -> tf.Tensor:
    length = context.shape[1]
    count = tf.maximum(tf.reduce_sum(observed, axis=1, keepdims=True), 1.0)
    steps = tf.range(length, dtype=context.dtype)[tf.newaxis]
    distance = steps - tf.reduce_sum(observed * steps, axis=1, keepdims=True) / count
    mean = tf.reduce_sum(observed * context, axis=1, keepdims=True) / count
    least = SLOPE_SHRINKAGE * length * (length * length - 1.0) / 12.0
    spread = tf.reduce_sum(observed * distance * distance, axis=1, keepdims=True) + max(least, 1.0)
    slope = tf.reduce_sum(observed * distance * (context - mean), axis=1, keepdims=True) / spread
    expected = mean + slope * distance
    if season > 1:
        expected += _profile(observed * (context - expected), observed, season)
    measured = observed > 0.5
    return tf.where(measured, context, expected + interpolate(context - expected, measured))


def _profile(rest: tf.Tensor, observed: tf.Tensor, season: int) -> tf.Tensor:
    """Returns the mean of the measured rest at each place in the season, at each step `[B, T]`; 0 where there is none.

    Args:
        rest: `[B, T]`, 0 where not measured.
        observed: `[B, T]`, 1 where measured.
        season: Steps of a season.
    """
    length = rest.shape[1]
    seasons = -(-length // season)
    padding = [[0, 0], [0, seasons * season - length]]
    total, count = (
        tf.reduce_sum(tf.reshape(tf.pad(part, padding), (-1, seasons, season)), axis=1) for part in (rest, observed)
    )
    return tf.tile(total / tf.maximum(count, 1.0), (1, seasons))[:, :length]
