"""Large batches are cut into shards and put together again in their order."""

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.serving.signatures import LARGE, SHARDS, by_batch_size
from tests.forecaster.serving.small_export import raw_request, serve


@pytest.mark.parametrize(("rows", "calls"), [(1, 0), (LARGE - 1, 0), (LARGE, SHARDS), (LARGE + 3, SHARDS)])
def test_only_large_batches_are_cut_and_rows_keep_their_place(rows, calls):
    traced = []

    def many(window):
        traced.append(window)
        return window["a"] + tf.cast(window["b"][:, :1], tf.float32) + 0.5

    @tf.function(autograph=False)
    def forecast(a, b):
        return by_batch_size({"a": a, "b": b}, few=lambda window: window["a"] * 0.0, many=many)

    a, b = np.random.default_rng(0).random((rows, 2)).astype(np.float32), np.arange(2 * rows).reshape(rows, 2)
    expected = a + b[:, :1] + 0.5 if calls else a * 0
    np.testing.assert_allclose(forecast(tf.constant(a), tf.constant(b)), expected)
    assert len(traced) == SHARDS


@pytest.mark.e2e
def test_a_row_of_a_large_batch_is_forecast_as_if_it_were_alone(served):
    context, timestamps = raw_request(rows=LARGE + 5)
    together = serve(served, context, timestamps)
    for row in (0, LARGE // 2, LARGE + 4):
        alone = serve(served, context[row : row + 1], timestamps[row : row + 1])
        for name, values in alone.items():
            np.testing.assert_allclose(together[name][row : row + 1], values, rtol=1e-5, err_msg=name)
