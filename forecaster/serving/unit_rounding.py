"""Rounds forecasts in the target's unit to the digits that they have.

The network computes in float32, so a forecast is known to about a
ten-millionth of the scale of its series. As float64 in the target's unit it
would show sixteen digits; what is beyond that step is noise, and is longer to write.
"""

import tensorflow as tf

_DIGITS = 7
_POWERS = 22
"""The largest power of ten that is a float64 without rounding."""


def round_to_scale(values: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """Returns values rounded to the power of ten that is at most a ten-millionth of the scale.

    Args:
        values: float64 `[B, ..., L]`, in the target's unit.
        scale: Units in one scaled unit, float64 `[B, ..., 1]`, above 0.
    """
    exponent = _DIGITS - tf.cast(tf.floor(tf.math.log(scale) / tf.math.log(tf.constant(10.0, tf.float64))), tf.int32)
    powers = tf.constant([10.0**power for power in range(_POWERS + 1)], tf.float64)
    power = tf.gather(powers, tf.minimum(tf.abs(exponent), _POWERS))
    # A quotient by a whole power of ten is the float64 that is nearest to the decimal; a product with 1e-6 is not.
    fine = exponent >= 0
    steps = tf.round(tf.where(fine, values * power, values / power))
    rounded = tf.where(fine, steps / power, steps * power)
    # From 2^53 steps on, a float64 is as coarse as the step.
    return tf.where((tf.abs(exponent) <= _POWERS) & (tf.abs(steps) < 2.0**53), rounded, values)
