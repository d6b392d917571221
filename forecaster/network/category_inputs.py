"""Numbers of categories as inputs of a network: one-hot where there are few, learned embeddings where there are many.

>>> shape = WindowShape(context_length=2, horizon=1, static=2, categories=(("static_covariates", 0, 3),))
>>> one_hot_shape(shape).static
4
>>> window = {"static_covariates": tf.constant([[2.0, 0.5]])}  # a category, and an amount
>>> one_hot_window(window, shape)["static_covariates"].numpy().tolist()
[[0.0, 0.0, 1.0, 0.5]]

A linear map reads one-hot categories alone: it has a weight for each of them
at each step, so a column of many is left out of it. An embedding is a table
with a row for each category, trained with the network, as in Guo and Berkhahn,
"Entity Embeddings of Categorical Variables" (2016).
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tapeline.schemas import features
from tapeline.schemas.window_spec import WindowShape

Window = Mapping[str, tf.Tensor]
Expand = Callable[[tf.Tensor], tf.Tensor]
"""From numbers of categories, int32 `[...]`, to inputs, `[..., width]`."""

MOST_ONE_HOT = 16
"""Numbers of a column, that of unseen values included, up to which it is one-hot."""

_WIDEST_EMBEDDING = 16

_WIDTHS = {features.PAST_COVARIATES: "past", features.FUTURE_COVARIATES: "future", features.STATIC_COVARIATES: "static"}
"""The widths of a `WindowShape` by the feature that has them."""


def embedding_size(numbers: int) -> int:
    """Returns the width of an embedding: the square root of how many numbers there are, up to 16."""
    return min(math.isqrt(numbers - 1) + 1, _WIDEST_EMBEDDING)


def one_hot_shape(shape: WindowShape) -> WindowShape:
    """Returns the widths that `one_hot_window` gives."""
    return _widened(shape, [size if size <= MOST_ONE_HOT else 0 for _, _, size in shape.categories])


def one_hot_window(window: Window, shape: WindowShape) -> Window:
    """Returns a window with categories one-hot in the place of their numbers; columns of many are left out.

    It is the window itself where it has no categories.

    Args:
        window: Features of `docs/data-formats.md`.
        shape: Their widths.
    """
    return _expanded(window, shape, [_one_hot(size) for _, _, size in shape.categories])


class CategoryInputs(keras.layers.Layer):
    """Puts inputs in the place of the numbers of categories; the tables of embeddings are its weights."""

    def __init__(self, shape: WindowShape, *, seed: int, name: str = "categories") -> None:
        """Makes the tables.

        Args:
            shape: Widths of a window, with its categories.
            seed: Seed of the initial tables.
            name: Name of the layer.
        """
        super().__init__(name=name)
        self.shape = shape
        self.tables = [
            None
            if size <= MOST_ONE_HOT
            else self.add_weight(
                shape=(size, embedding_size(size)),
                initializer=keras.initializers.RandomNormal(stddev=0.3, seed=seed + at),
                name=f"table_{at}",
            )
            for at, (_, _, size) in enumerate(shape.categories)
        ]
        widths = [
            size if table is None else int(table.shape[1])
            for (_, _, size), table in zip(shape.categories, self.tables, strict=True)
        ]
        self.expanded = _widened(shape, widths)
        """Widths of what `call` returns."""
        self.built = True

    def call(self, window: Window) -> Window:
        """Returns the window with inputs in the place of numbers; the window itself where it has no categories.

        Args:
            window: Features of `docs/data-formats.md`.
        """
        parts = [
            _one_hot(size) if table is None else _embedding(table)
            for (_, _, size), table in zip(self.shape.categories, self.tables, strict=True)
        ]
        return _expanded(window, self.shape, parts)


def _one_hot(size: int) -> Expand:
    return lambda numbers: tf.one_hot(numbers, size if size <= MOST_ONE_HOT else 0, dtype=tf.float32)


def _embedding(table: keras.Variable) -> Expand:
    return lambda numbers: tf.gather(_with_dense_gradient(table.value), numbers)


@tf.custom_gradient
def _with_dense_gradient(table: tf.Tensor) -> Any:
    """The table, whose gradient is one of all its rows: what follows in training adds, clips and checks plain tensors."""
    return tf.identity(table), tf.convert_to_tensor


def _widened(shape: WindowShape, widths: Sequence[int]) -> WindowShape:
    """Widths with so many inputs in the place of each category's number."""
    more = dict.fromkeys(_WIDTHS, 0)
    for (role, _, _), width in zip(shape.categories, widths, strict=True):
        more[role] += width - 1
    sizes = {field: getattr(shape, field) + more[role] for role, field in _WIDTHS.items()}
    return dataclasses.replace(shape, **sizes, categories=())


def _expanded(window: Window, shape: WindowShape, parts: Sequence[Expand]) -> Window:
    """Puts what `parts` make of each category in its place; all other columns stay in their order."""
    if not shape.categories:
        return window
    found = dict(window)
    for role in dict.fromkeys(role for role, _, _ in shape.categories):
        values = tf.convert_to_tensor(window[role])
        pieces, done = [], 0
        of_role = [(at, expand) for (of, at, _), expand in zip(shape.categories, parts, strict=True) if of == role]
        for at, expand in sorted(of_role, key=lambda pair: pair[0]):
            pieces += [values[..., done:at], expand(tf.cast(values[..., at], tf.int32))]
            done = at + 1
        found[role] = tf.concat([*pieces, values[..., done:]], axis=-1)
    return found
