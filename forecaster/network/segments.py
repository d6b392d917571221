"""Segments: several steps that encoder and decoder take at a time, as one.

A sequence cut into segments of `p` steps has `p` times fewer recurrent steps, each `p` times as wide (SegRNN: Lin et
al., "SegRNN: Segment Recurrent Neural Network for Long-Term Time Series Forecasting", 2023). Zeros fill up a segment
that is not whole: a context at its start, since its newest steps matter most, a horizon at its end.

>>> to_segments(tf.constant([[[1.0], [2.0], [3.0]]]), 2, pad="start").numpy().tolist()
[[[0.0, 1.0], [2.0, 3.0]]]
"""

from typing import Literal

import tensorflow as tf


def segment_count(steps: int, length: int) -> int:
    """Returns how many segments of `length` steps hold `steps`."""
    return -(-steps // length)


def to_segments(values: tf.Tensor, length: int, *, pad: Literal["start", "end"]) -> tf.Tensor:
    """Returns what is known of the steps of each segment, side by side.

    Args:
        values: `[B, T, F]`; the number of steps is known when the graph is built.
        length: `p`, steps of a segment.
        pad: Where zeros fill up what `length` does not divide.

    Returns:
        `[B, ceil(T / p), p F]`.
    """
    if length == 1:
        return values
    steps, width = values.shape[1:]
    missing = -steps % length
    if missing:
        values = tf.pad(values, [[0, 0], [missing, 0] if pad == "start" else [0, missing], [0, 0]])
    return tf.reshape(values, (-1, segment_count(steps, length), length * width))


def last_segment(context: tf.Tensor, length: int) -> tf.Tensor:
    """Returns the newest `length` steps of a context `[B, T]`; where it has fewer, its first value stands before them."""
    missing = length - context.shape[1]
    if missing <= 0:
        return context[:, -length:]
    return tf.concat([tf.repeat(context[:, :1], missing, axis=1), context], axis=1)


def segments_before(first: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Returns the values of the segment before each segment of a horizon.

    >>> segments_before(tf.constant([[8.0, 9.0]]), tf.constant([[1.0, 2.0, 3.0]])).numpy().tolist()
    [[8.0, 9.0, 1.0, 2.0]]

    Args:
        first: What is before the first segment `[B, p]`.
        values: Values of the horizon `[B, H]`.

    Returns:
        `[B, N p]`, `N` segments; the values of the last one come before none.
    """
    length = first.shape[1]
    return tf.concat([first, values[:, : (segment_count(values.shape[1], length) - 1) * length]], axis=1)
