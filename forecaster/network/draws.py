"""Random numbers that belong to a window, however the batch it lies in is taken apart.

>>> whole = draw_uniform((4, 3), seed=(1, 2))
>>> half = draw_uniform((2, 3), seed=(1, 2), place=Place(first=2, total=4))
>>> bool(tf.reduce_all(half == whole[2:]))
True

A batch is split over devices and cores. If each piece drew for itself, two devices would train on other dropout masks
and other sampled inputs than one. So every piece draws for the whole batch, which is cheap, and keeps its rows.
"""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf


class Place(NamedTuple):
    """Where some windows lie in the global batch of a training step.

    Attributes:
        first: Row of the first of them.
        total: Rows of the whole batch.
    """

    first: tf.Tensor | int
    total: int


def draw_uniform(
    shape: Sequence[tf.Tensor | int], *, seed: tf.Tensor | Sequence[int], place: Place | None = None
) -> tf.Tensor:
    """Draws from [0, 1).

    Args:
        shape: Windows first.
        seed: `[2]` integers; the same seed draws the same numbers.
        place: Where the windows lie in their batch; None: they are the batch.

    Returns:
        float32, of the given shape.
    """
    if place is None:
        return tf.random.stateless_uniform(shape, seed=seed)
    rows, *widths = shape
    whole = tf.random.stateless_uniform((place.total, *widths), seed=seed)
    return whole[place.first : place.first + rows]


def variational_mask(
    shape: Sequence[int | tf.Tensor], *, rate: float, seed: tf.Tensor, place: Place | None = None
) -> tf.Tensor:
    """Draws a dropout mask: 0 with probability `rate`, else `1 / (1 - rate)`, so that the mean stays 1.

    Dropout that draws anew at every step destroys what a recurrent network carries along; one mask a window, the same
    at every step, does not (Gal and Ghahramani, "A Theoretically Grounded Application of Dropout in Recurrent Neural
    Networks", 2016). Give a time axis of length 1 and let it broadcast.

    Args:
        shape: Shape of the mask.
        rate: Probability of a zero.
        seed: `[2]` integers; the same seed draws the same mask.
        place: Where the windows lie in their batch; None: they are the batch.

    Returns:
        float32, of the given shape.
    """
    kept = draw_uniform(shape, seed=seed, place=place) >= rate
    return tf.cast(kept, tf.float32) / (1.0 - rate)
