"""Large batches are cut into shards and put together again in their order."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.serving.signatures import LARGE, SHARDS, by_batch_size


@pytest.mark.parametrize(("rows", "calls"), [(1, 0), (LARGE - 1, 0), (LARGE, SHARDS), (LARGE + 3, SHARDS)])
def test_only_large_batches_are_cut_and_rows_keep_their_place(rows: Any, calls: Any) -> None:
    traced = []

    def many(window: Any) -> Any:
        traced.append(window)
        return window["a"] + tf.cast(window["b"][:, :1], tf.float32) + 0.5

    @tf.function(autograph=False)
    def forecast(a: Any, b: Any) -> Any:
        return by_batch_size({"a": a, "b": b}, few=lambda window: window["a"] * 0.0, many=many)

    a, b = np.random.default_rng(0).random((rows, 2)).astype(np.float32), np.arange(2 * rows).reshape(rows, 2)
    expected = a + b[:, :1] + 0.5 if calls else a * 0
    np.testing.assert_allclose(forecast(tf.constant(a), tf.constant(b)), expected)
    assert len(traced) == SHARDS
