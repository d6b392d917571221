"""The LSTM core: one set of weights, the same numbers however it is unrolled, as Keras computes them."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.network.recurrent import LSTMCore, State, unroll

BATCH, LENGTH, SIZE, UNITS = 3, 7, 4, 5


@pytest.fixture(params=[SIZE, SIZE + 1], ids=["even width", "odd width"])
def case(request: pytest.FixtureRequest) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    core = LSTMCore(UNITS, input_size=request.param, seed=1)
    for variable in core.trainable_variables:
        variable.assign(rng.normal(size=variable.shape))
    inputs = tf.constant(rng.normal(size=(BATCH, LENGTH, request.param)), tf.float32)
    state = State(*(tf.constant(rng.normal(size=(BATCH, UNITS)), tf.float32) for _ in range(2)))
    return core, inputs, state


def reference(core: Any, inputs: Any, state: Any) -> tuple[Any, Any, State]:
    layer = keras.layers.LSTM(UNITS, return_sequences=True, return_state=True, use_cudnn=False)
    layer.build(inputs.shape)
    layer.set_weights([core.kernel, core.recurrent_kernel, core.bias])
    outputs, hidden, cell = layer(inputs, initial_state=list(state))
    return layer.trainable_variables, outputs, State(hidden, cell)


def stepwise(core: Any, inputs: Any, state: Any) -> tuple[Any, Any]:
    outputs = []
    for step in range(inputs.shape[1]):
        output, state = core(inputs[:, step], state)
        outputs.append(output)
    return tf.stack(outputs, axis=1), state


WAYS: dict[str, Any] = {
    "fused": lambda *case: unroll(*case, kernel="fused"),
    "keras": lambda *case: unroll(*case, kernel="keras"),
    "auto": unroll,
    "loop": lambda *case: unroll(*case, kernel="loop"),
    "portable": lambda *case: unroll(*case, kernel="portable"),
    "stepwise": stepwise,
}


@pytest.mark.parametrize("way", WAYS)
def test_outputs_state_and_gradients_equal_keras(case: tuple[Any, Any, Any], way: Any) -> None:
    core, inputs, state = case
    pull = tf.constant(np.random.default_rng(1).normal(size=(BATCH, LENGTH, UNITS)), tf.float32)

    def gradients(run: Any) -> tuple[Any, Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch([inputs, *state])
            variables, outputs, final = run()
            # Both the outputs and each part of the final state take part, so that an error in any shows.
            value = tf.reduce_sum(pull * outputs) + tf.reduce_sum(final.hidden**2) + tf.reduce_sum(final.cell**3)
        return outputs, final, tape.gradient(value, [variable.value for variable in variables] + [inputs, *state])

    theirs = gradients(lambda: reference(core, inputs, state))
    ours = gradients(lambda: (core.trainable_variables, *WAYS[way](core, inputs, state)))
    for mine, other in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-5)


def test_the_state_defaults_to_zeros(case: tuple[Any, Any, Any]) -> None:
    core, inputs, _ = case
    zeros = core.initial_state(BATCH)
    np.testing.assert_array_equal(unroll(core, inputs)[0], unroll(core, inputs, zeros)[0])


def test_a_sequence_in_two_parts_equals_the_whole(case: tuple[Any, Any, Any]) -> None:
    core, inputs, state = case
    whole, final = unroll(core, inputs, state)
    first, middle = unroll(core, inputs[:, :3], state)
    second, last = unroll(core, inputs[:, 3:], middle)
    np.testing.assert_allclose(tf.concat([first, second], axis=1), whole, atol=1e-6)
    np.testing.assert_allclose(last.cell, final.cell, atol=1e-6)


def test_a_step_from_projected_inputs_equals_a_step_from_inputs(case: tuple[Any, Any, Any]) -> None:
    core, inputs, state = case
    plain, _ = core(inputs[:, 0], state)
    projected, _ = core.advance(tf.matmul(inputs[:, 0], core.kernel), state)
    np.testing.assert_array_equal(plain, projected)


def test_the_batch_may_be_unknown_when_the_graph_is_built(case: tuple[Any, Any, Any]) -> None:
    core, inputs, _ = case
    graph = tf.function(
        lambda inputs: unroll(core, inputs)[0],
        input_signature=[tf.TensorSpec((None, None, core.input_size), tf.float32)],
    )
    np.testing.assert_allclose(graph(inputs[:2, :4]), unroll(core, inputs[:2, :4])[0], atol=1e-6)


def test_one_seed_gives_one_set_of_weights() -> None:
    one, same, other = (LSTMCore(UNITS, input_size=SIZE, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.kernel, same.kernel)
    np.testing.assert_array_equal(one.recurrent_kernel, same.recurrent_kernel)
    assert not np.array_equal(one.kernel, other.kernel)


def test_forget_gates_start_open() -> None:
    bias = LSTMCore(2, input_size=1, seed=1).bias.numpy()
    # gates in the order input, forget, cell, output, two units each
    np.testing.assert_array_equal(bias, [0, 0, 1, 1, 0, 0, 0, 0])


def test_the_fused_kernel_gets_an_even_width_since_it_warns_of_an_odd_one_at_each_call() -> None:
    core = LSTMCore(UNITS, input_size=SIZE + 1, seed=1)
    outputs = tf.function(lambda inputs: unroll(core, inputs)[0])
    graph = outputs.get_concrete_function(tf.TensorSpec((None, LENGTH, SIZE + 1))).graph
    (kernel,) = (operation for operation in graph.get_operations() if operation.type == "BlockLSTM")
    assert kernel.inputs[1].shape[-1] == SIZE + 2
