"""The LSTM, apart from how it is unrolled over time.

>>> core = LSTMCore(4, input_size=2, seed=1)
>>> output, state = core(tf.zeros((3, 2)), core.initial_state(3))  # one step: autoregressive decoding
>>> outputs, state = unroll(core, tf.zeros((3, 10, 2)), state)     # a whole sequence, in one kernel
>>> tuple(output.shape), tuple(outputs.shape)
((3, 4), (3, 10, 4))

One set of weights, in Keras' layout (gates in the order input, forget, cell, output), drives five ways of computing the
same numbers: a single step written out, a fused kernel for the CPU whose forward and backward passes are one C++ call
each, Keras' own layer, which takes cuDNN on a GPU, a loop of plain operations, which is the fastest for hundreds of
windows and only serves, and the same loop in what other platforms than TensorFlow have.
"""

from typing import Literal, NamedTuple

import keras
import tensorflow as tf

Kernel = Literal["auto", "fused", "keras", "loop", "portable"]


class State(NamedTuple):
    """What an LSTM carries from step to step.

    Attributes:
        hidden: `[B, U]`, also the output of the last step.
        cell: `[B, U]`.
    """

    hidden: tf.Tensor
    cell: tf.Tensor


class LSTMCore(keras.layers.Layer):
    """One step of an LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000)."""

    def __init__(self, units: int, *, input_size: int, seed: int, name: str | None = None) -> None:
        """Makes the weights.

        Args:
            units: `U`, width of the state.
            input_size: `F`, width of the inputs.
            seed: Seed of the initial weights.
            name: Name of the layer.
        """
        super().__init__(name=name)
        self.units = units
        self.input_size = input_size
        self.sequence = keras.layers.LSTM(
            units,
            return_sequences=True,
            return_state=True,
            kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
            recurrent_initializer=keras.initializers.Orthogonal(seed=seed + 1),
            name=None if name is None else f"{name}_lstm",
        )
        self.sequence.build((None, None, input_size))
        self.built = True

    @property
    def kernel(self) -> keras.Variable:
        """`[F, 4 U]`."""
        return self.sequence.cell.kernel

    @property
    def recurrent_kernel(self) -> keras.Variable:
        """`[U, 4 U]`."""
        return self.sequence.cell.recurrent_kernel

    @property
    def bias(self) -> keras.Variable:
        """`[4 U]`, 1 for the forget gates at first."""
        return self.sequence.cell.bias

    def initial_state(self, batch: tf.Tensor | int) -> State:
        """Returns zeros for `batch` windows."""
        zeros = tf.zeros((batch, self.units))
        return State(zeros, zeros)

    def call(self, inputs: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Makes one step.

        Args:
            inputs: `[B, F]`.
            state: The state before the step.

        Returns:
            The output `[B, U]` and the state after the step.
        """
        return self.advance(tf.matmul(inputs, self.kernel.value), state)

    def advance(self, projected: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Makes one step from inputs that went through `kernel` already.

        A decoder knows most of its inputs before it starts: it projects those of all steps at once and only the
        fed-back value step by step.

        Args:
            projected: `inputs @ kernel`, `[B, 4 U]`.
            state: The state before the step.

        Returns:
            The output `[B, U]` and the state after the step.
        """
        gates = projected + tf.matmul(state.hidden, self.recurrent_kernel.value) + self.bias.value
        write, keep, candidate, read = tf.split(gates, 4, axis=1)
        cell = tf.sigmoid(keep) * state.cell + tf.sigmoid(write) * tf.tanh(candidate)
        hidden = tf.sigmoid(read) * tf.tanh(cell)
        return hidden, State(hidden, cell)


def on_cpu() -> bool:
    """Returns whether the fused kernel, which is for the CPU, is what runs a sequence."""
    return not tf.config.list_logical_devices("GPU")


def unroll(
    core: LSTMCore,
    inputs: tf.Tensor,
    state: State | None = None,
    *,
    kernel: Kernel = "auto",
    recurrent_kernel: tf.Tensor | None = None,
) -> tuple[tf.Tensor, State]:
    """Runs a core over a sequence whose inputs are all known.

    Args:
        core: The LSTM.
        inputs: `[B, T, F]`.
        state: The state before the first step; None for zeros.
        kernel: `fused` for the CPU, `keras` for Keras' layer (cuDNN on a GPU), `auto` by whether TensorFlow sees a GPU;
            `loop` for large batches that no gradient is wanted of; `portable` for converters.
        recurrent_kernel: `[U, 4 U]` in place of the core's own; Keras' layer does not take one, and the fused kernel
            stands in for it.

    Returns:
        The outputs of all steps `[B, T, U]` and the state after the last.
    """
    if state is None:
        state = core.initial_state(tf.shape(inputs)[0])
    if recurrent_kernel is None and (kernel == "keras" or (kernel == "auto" and not on_cpu())):
        outputs, hidden, cell = core.sequence(inputs, initial_state=[state.hidden, state.cell])
        return outputs, State(hidden, cell)
    recurrent = core.recurrent_kernel.value if recurrent_kernel is None else recurrent_kernel
    weights = [core.kernel.value, recurrent]
    if kernel in ("loop", "portable"):
        return _unroll_loop(core, tf.concat(weights, axis=0), inputs, state, portable=kernel == "portable")
    if core.input_size % 2:
        # The fused kernel writes a warning into the log at each call for one window with an odd number of inputs.
        inputs = tf.pad(inputs, [[0, 0], [0, 0], [0, 1]])
        weights.insert(1, tf.zeros((1, 4 * core.units)))
    return _unroll_fused(core, tf.concat(weights, axis=0), inputs, state)


def _unroll_loop(
    core: LSTMCore, weights: tf.Tensor, inputs: tf.Tensor, state: State, *, portable: bool
) -> tuple[tf.Tensor, State]:
    # With the candidate's columns doubled, one sigmoid serves all gates: tanh(x) = 2 sigmoid(2 x) - 1. Matrix product,
    # bias and sigmoid are then one operation of TensorFlow's CPU library, with vector instructions that the fused
    # kernel does not use.
    doubled = tf.repeat(tf.constant([1.0, 1.0, 2.0, 1.0]), core.units)
    weights, bias = weights * doubled, core.bias.value * doubled
    by_time = tf.transpose(inputs, (1, 0, 2))
    # A TensorArray of a number of rows that is not known exists in TensorFlow alone. Elsewhere the outputs so far are
    # one tensor, which moves up by a step each time; the number of steps must then be known.
    steps = by_time.shape[0] if portable else tf.shape(by_time)[0]

    def body(
        step: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor, done: tf.TensorArray | tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        products = tf.matmul(tf.concat([by_time[step], hidden], axis=1), weights)
        write, keep, candidate, read = tf.split(tf.sigmoid(tf.nn.bias_add(products, bias)), 4, axis=1)
        cell = keep * cell + write * (2.0 * candidate - 1.0)
        hidden = read * tf.tanh(cell)
        more = tf.concat([done[1:], hidden[tf.newaxis]], axis=0) if portable else done.write(step, hidden)
        return step + 1, hidden, cell, more

    if portable:
        done = tf.zeros((steps, tf.shape(inputs)[0], core.units))
    else:
        done = tf.TensorArray(tf.float32, size=steps, element_shape=(None, core.units))
    start = 0, state.hidden, state.cell, done
    _, hidden, cell, done = tf.while_loop(lambda step, *_: step < steps, body, start)
    return tf.transpose(done if portable else done.stack(), (1, 0, 2)), State(hidden, cell)


def _unroll_fused(core: LSTMCore, weights: tf.Tensor, inputs: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
    # BlockLSTM wants its gates in the order input, cell, forget, output. BlockLSTMV2 takes Keras' order and computes
    # the same forecast, but its gradient (TensorFlow 2.16) still believes in the older order and is wrong.
    no_peephole = tf.zeros((core.units,))
    block = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.shape(inputs, out_type=tf.int64)[1],
        # Time comes first.
        x=tf.transpose(inputs, (1, 0, 2)),
        cs_prev=state.cell,
        h_prev=state.hidden,
        w=_kernel_order(weights),
        wci=no_peephole,
        wcf=no_peephole,
        wco=no_peephole,
        b=_kernel_order(core.bias.value),
        # The forget gate's bias is in the weights already; the cell is not clipped.
        forget_bias=0.0,
        cell_clip=-1.0,
        use_peephole=False,
    )
    return tf.transpose(block.h, (1, 0, 2)), State(block.h[-1], block.cs[-1])


def _kernel_order(weights: tf.Tensor) -> tf.Tensor:
    """Turns gates of the last axis from Keras' order (input, forget, cell, output) to input, cell, forget, output."""
    write, keep, candidate, read = tf.split(weights, 4, axis=-1)
    return tf.concat([write, candidate, keep, read], axis=-1)
