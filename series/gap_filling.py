"""What `tapeline.series.windowing` does with gaps, as TensorFlow ops for the served model.

>>> fill_gaps(tf.constant([[1.0, float("nan"), 3.0]]))[0].numpy()
array([[1., 2., 3.]], dtype=float32)

TensorFlow has no running maximum; it is made by doubling: after passes with
shifts 1, 2, 4, ... each position has seen all before it.
"""

import tensorflow as tf


def fill_gaps(context: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Fills what was not measured, from inside the context only; see `windowing.fill_gaps`.

    Args:
        context: Float32 `[N, T]`, or `[N, T, P]` for several channels; NaN where unobserved.

    Returns:
        The filled values, and a boolean tensor of the same shape: where a value was measured.
    """
    observed = ~tf.math.is_nan(context)
    filled = tf.cond(
        tf.reduce_all(observed),
        lambda: tf.identity(context),
        lambda: _by_channel(_interpolate, context),
    )
    filled.set_shape(context.shape)
    return filled, observed


def hold_known(future: tf.Tensor, *, context_length: int) -> tf.Tensor:
    """Fills holes in the future-known covariates with the last known value; see `windowing.hold_known`.

    Args:
        future: Float32 `[N, T + L, K]`; NaN where missing.
        context_length: `T`.
    """
    filled = tf.cond(
        tf.reduce_any(tf.math.is_nan(future)),
        lambda: _by_channel(lambda values: _hold(values, context_length), future),
        lambda: tf.identity(future),
    )
    filled.set_shape(future.shape)
    return filled


def _by_channel(fill, values: tf.Tensor) -> tf.Tensor:  # type: ignore[no-untyped-def]
    """Applies `fill`, which takes `[N, L]`, to each channel of `[N, L]` or `[N, L, C]`."""
    if values.shape.rank == 2:
        return fill(values)
    length, channels = _length(values), values.shape[2]
    rows = tf.reshape(tf.transpose(values, [0, 2, 1]), [-1, length])
    return tf.transpose(tf.reshape(fill(rows), [-1, channels, length]), [0, 2, 1])


def interpolate(known: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
    """Fills what was not measured by straight lines between what was; at the ends the nearest value is held.

    Args:
        known: `[N, T]`, `T` known; any number, but not NaN, where not measured.
        observed: Boolean `[N, T]`: where a value was measured.
    """
    length = known.shape[1]
    steps = tf.range(length)[tf.newaxis]
    before = _running_maximum(tf.where(observed, steps, -1))
    after = -tf.reverse(_running_maximum(tf.reverse(tf.where(observed, -steps, -length), [1])), [1])
    # At the ends, where one neighbour is missing, both neighbours are the other one: the value is held.
    left = tf.where(before >= 0, before, tf.minimum(after, length - 1))
    right = tf.where(after < length, after, tf.maximum(before, 0))
    left_value = tf.gather(known, left, axis=1, batch_dims=1)
    right_value = tf.gather(known, right, axis=1, batch_dims=1)
    # Divided as floats of the values' own kind, which phones and browsers have; a quotient of small whole numbers is
    # the same rounded from float64.
    share = tf.cast(steps - left, known.dtype) / tf.cast(tf.maximum(right - left, 1), known.dtype)
    return tf.where(observed, known, left_value + (right_value - left_value) * share)


def _interpolate(values: tf.Tensor) -> tf.Tensor:
    missing = tf.math.is_nan(values)
    # From here on nothing is NaN: ONNX converters select by multiplying with 0 and 1.
    return interpolate(tf.where(missing, 0.0, values), ~missing)


def _hold(values: tf.Tensor, context_length: int) -> tf.Tensor:
    length = _length(values)
    steps = tf.range(length)[tf.newaxis]
    known = ~tf.math.is_nan(values)
    before = _running_maximum(tf.where(known, steps, -1))
    first = tf.reduce_min(tf.where(known, steps, length), axis=1, keepdims=True)
    source = tf.minimum(tf.maximum(before, first), length - 1)
    held = tf.gather(tf.where(known, values, 0.0), source, axis=1, batch_dims=1)
    # The context is never filled from the horizon.
    from_ahead = (before < 0) & (steps < context_length) & (first >= context_length)
    return tf.where(from_ahead, 0.0, held)


def _running_maximum(values: tf.Tensor) -> tf.Tensor:
    length, lowest = _length(values), values.dtype.min

    def double(shift: tf.Tensor | int, values: tf.Tensor) -> tuple[tf.Tensor | int, tf.Tensor]:
        shifted = tf.pad(values[:, :-shift], [[0, 0], [shift, 0]], constant_values=lowest)
        return shift * 2, tf.maximum(values, shifted)

    if not isinstance(length, int):
        start = tf.constant(1), values
        return tf.while_loop(lambda shift, _: shift < length, double, start, (tf.TensorShape([]), values.shape))[1]
    shift = 1
    while shift < length:
        shift, values = double(shift, values)
    return values


def _length(values: tf.Tensor) -> tf.Tensor | int:
    return values.shape[1] or tf.shape(values)[1]
