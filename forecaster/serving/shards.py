"""Large batches in shards that run side by side, small ones as they are.

    forecast = by_batch_size(window, few=few, many=many)      # [B, H]

Step after step an LSTM has little to share among cores; parts of a batch have
nothing to do with each other.
"""

import itertools
from collections.abc import Callable, Mapping

import tensorflow as tf

Window = Mapping[str, tf.Tensor]
Forecaster = Callable[[Window], tf.Tensor]

SHARDS = 4
"""Parts of a large batch. A machine with fewer cores runs them in turn, and loses nothing by it."""

LARGE = 256
"""Fewest rows of a large batch: below, the parts are too small to be worth it."""


def by_batch_size(window: Window, *, few: Forecaster, many: Forecaster) -> tf.Tensor:
    """Returns the forecast of a batch, `[B, H]`.

    Args:
        window: Features of a window, each `[B, ...]`.
        few: Forecasts small batches, whole.
        many: Forecasts the shards of large ones.
    """
    rows = tf.shape(next(iter(window.values())))[0]

    # Not inlined: a small batch does not pay for its nodes.
    @tf.function(autograph=False, experimental_attributes={"_noinline": True})
    def in_shards() -> tf.Tensor:
        ends = [rows * shard // SHARDS for shard in range(SHARDS + 1)]
        parts = [
            {name: values[start:end] for name, values in window.items()} for start, end in itertools.pairwise(ends)
        ]
        return tf.concat([many(part) for part in parts], axis=0)

    return tf.cond(rows < LARGE, lambda: few(window), in_shards)
