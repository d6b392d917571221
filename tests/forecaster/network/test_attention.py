"""Cross-attention against Keras' own layer."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.network.layers import CrossAttention

BATCH, CONTEXT, HORIZON, UNITS, HEADS = 2, 6, 3, 8, 4


@pytest.fixture
def case() -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    attention = CrossAttention(UNITS, heads=HEADS, seed=1)
    for variable in attention.trainable_variables:
        variable.assign(rng.normal(size=variable.shape))
    memory = tf.constant(rng.normal(size=(BATCH, CONTEXT, UNITS)), tf.float32)
    queries = tf.constant(rng.normal(size=(BATCH, HORIZON, UNITS)), tf.float32)
    return attention, queries, memory


def reference(attention: Any) -> Any:
    size = UNITS // HEADS
    layer = keras.layers.MultiHeadAttention(HEADS, size, flash_attention=False)
    layer.build((BATCH, HORIZON, UNITS), (BATCH, CONTEXT, UNITS))
    shapes = {
        "query": ((UNITS, HEADS, size), (HEADS, size)),
        "key": ((UNITS, HEADS, size), (HEADS, size)),
        "value": ((UNITS, HEADS, size), (HEADS, size)),
        "output": ((HEADS, size, UNITS), (UNITS,)),
    }
    weights = []
    for part, (kernel, bias) in shapes.items():
        weights.append(attention.kernels[part].numpy().reshape(kernel))
        weights.append(attention.biases[part].numpy().reshape(bias))
    for variable, weight in zip(layer.weights, _in_order_of(layer, weights), strict=True):
        variable.assign(weight)
    return layer


def _in_order_of(layer: Any, weights: Any) -> Any:
    """Keras lists query, key, value, output; the names are checked so that another order cannot pass unseen."""
    parts = [variable.path.split("/")[-2] for variable in layer.weights]
    assert [part.split("_")[-1] for part in parts] == ["query"] * 2 + ["key"] * 2 + ["value"] * 2 + ["output"] * 2
    return weights


def test_attention_equals_keras(case: tuple[Any, Any, Any]) -> None:
    attention, queries, memory = case
    theirs = reference(attention)(queries, memory)
    np.testing.assert_allclose(attention(queries, *attention.project(memory)), theirs, rtol=1e-4, atol=1e-5)


def test_gradients_equal_keras(case: tuple[Any, Any, Any]) -> None:
    attention, queries, memory = case
    layer = reference(attention)

    def gradients(run: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([queries, memory])
            value = tf.reduce_sum(run() ** 2)
        return tape.gradient(value, [queries, memory])

    ours = gradients(lambda: attention(queries, *attention.project(memory)))
    theirs = gradients(lambda: layer(queries, memory))
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-3)


def test_one_step_at_a_time_finds_what_all_steps_find(case: tuple[Any, Any, Any]) -> None:
    attention, queries, memory = case
    keys_values = attention.project(memory)
    whole = attention(queries, *keys_values)
    steps = [attention(queries[:, step : step + 1], *keys_values) for step in range(HORIZON)]
    np.testing.assert_allclose(tf.concat(steps, axis=1), whole, atol=1e-5)


def test_equal_keys_average_the_values() -> None:
    attention = CrossAttention(4, heads=2, seed=1)
    for part in ("value", "output"):
        attention.kernels[part].assign(np.eye(4))
    attention.kernels["key"].assign(np.zeros((4, 4)))
    memory = tf.constant([[[1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0]]])
    np.testing.assert_allclose(attention(tf.ones((1, 1, 4)), *attention.project(memory)), [[[2.0, 3.0, 4.0, 5.0]]])


def test_heads_that_do_not_divide_the_units_are_refused() -> None:
    with pytest.raises(ValueError, match="heads: got 3"):
        CrossAttention(8, heads=3, seed=1)
