"""Refusals inside the graph: what a request must be, said so that a person understands it."""

import tensorflow as tf


def require(condition: tf.Tensor, message: str, *values: object) -> tf.Operation:
    """Stops the graph with `InvalidArgumentError` unless a condition holds.

    Args:
        condition: A boolean scalar.
        message: What is wrong, the rule and the fix; `values` are printed behind it.
        *values: Scalars and texts that show the offender.
    """
    return tf.debugging.Assert(condition, [message, *values], summarize=8)


def first_offender(good: tf.Tensor) -> tf.Tensor:
    """Returns the row of the first False in `[B, ...]`; 0 where there is none."""
    bad_rows = tf.reduce_any(tf.reshape(~good, [tf.shape(good)[0], -1]), axis=1)
    rows = tf.range(tf.shape(good)[0])
    first = tf.reduce_min(tf.where(bad_rows, rows, tf.int32.max))
    return tf.where(tf.reduce_any(bad_rows), first, 0)
