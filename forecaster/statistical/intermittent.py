"""TSB, for series with many zeros: how likely a demand is, times how large it is; in closed form.

>>> values = tf.constant([[0.0, 4.0, 0.0, 0.0]])
>>> float(tsb_forecast(values, observed=tf.ones_like(values), alpha=0.5, beta=0.5)[0])    # 0.5 x 0.5 x 0.5 x 4
0.5

Source: Teunter, Syntetos and Babai, Intermittent demand: Linking forecasting to inventory obsolescence, European
Journal of Operational Research 214 (2011). Both are smoothed exponentially: the probability at each step, the size at
each demand; each starts at its first observation. The forecast is the same for every step ahead.
"""

import tensorflow as tf


def tsb_forecast(
    values: tf.Tensor, *, observed: tf.Tensor, alpha: tf.Tensor | float, beta: tf.Tensor | float, zero: float = 1e-5
) -> tf.Tensor:
    """Returns the forecast of each context.

    Args:
        values: `[B, T]`, such that no demand is 0.
        observed: `[B, T]`, 1 where measured; a step that was not measured changes nothing.
        alpha: How far the size follows a demand, a number or `[B, 1]`.
        beta: How far the probability follows a step, likewise.
        zero: What is over this is a demand.

    Returns:
        `[B]`.
    """
    demand = observed * tf.cast(values > zero, values.dtype)
    likely = tf.reduce_sum(_weights(observed, beta) * demand, axis=1)
    size = tf.reduce_sum(_weights(demand, alpha) * values, axis=1)
    return likely * size


def _weights(happened: tf.Tensor, share: tf.Tensor | float) -> tf.Tensor:
    """What each step weighs in an exponential smoothing that moves only where something happened, `[B, T]`."""
    number = tf.cumsum(happened, axis=1)
    later = number[:, -1:] - number
    is_first = tf.cast(number < 1.5, happened.dtype)
    return happened * (is_first + (1.0 - is_first) * share) * tf.pow(1.0 - share, later)
