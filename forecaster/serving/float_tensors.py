"""A float64 as two float32, and back, in a graph; `series.float_pairs` does the same with arrays.

>>> rounded, rest = split_tensor(tf.constant([100000001.5], tf.float64))
>>> joined(rounded, rest).numpy().tolist()
[100000001.5]
"""

import tensorflow as tf


def split_tensor(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the nearest float32 of finite values, and what that rounds away."""
    rounded = tf.cast(values, tf.float32)
    return rounded, tf.cast(values - tf.cast(rounded, tf.float64), tf.float32)


def joined(rounded: tf.Tensor, rest: tf.Tensor) -> tf.Tensor:
    """Returns the float64 values of two float32."""
    return tf.cast(rounded, tf.float64) + tf.cast(rest, tf.float64)
