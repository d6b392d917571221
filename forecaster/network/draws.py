"""Random numbers that belong to a window, however the batch it lies in is taken apart.

    place = Place(first=32, total=64)                  # the second half of a batch of 64
    draw_uniform((32, 24), seed=seed, place=place)     # rows 32..63 of what the whole batch would draw

A batch is split over devices and cores. If each piece drew for itself, two
devices would train on other dropout masks and other sampled inputs than one.
So every piece draws for the whole batch, which is cheap, and keeps its rows.
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


def draw_uniform(shape: Sequence[tf.Tensor | int], *, seed: tf.Tensor, place: Place | None = None) -> tf.Tensor:
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
