"""The decoder: it reads its last own segment and what is known of the coming one, and writes that.

In three ways, which give the same numbers: from segments that are all given, in one pass; free-running, step after
step; and free-running in one pass, which holds as long as nothing but a linear head stands between the decoder's output
and its next input.
"""

import dataclasses
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tapeline.forecaster.network.layers import CrossAttention, LayerNormalisation
from tapeline.forecaster.network.log_view import WindowLogs
from tapeline.forecaster.network.recurrent import Kernel, LSTMCore, State, on_cpu, unroll
from tapeline.forecaster.network.segments import segments_before, to_segments

_LONGEST_UNROLLED = 64
"""Segments up to this many are unrolled in the graph, the fastest way to serve; more run in a loop."""

_LONGEST_UNROLLED_IN_TRAINING = 8
"""The same in training, where each shard has them all once more for the way back: a graph takes minutes to build."""


class Encoded(NamedTuple):
    """What the decoder needs to know about a window; `N` segments of `p` steps hold the horizon.

    Attributes:
        last: Last context value `[B, 1]`, scaled.
        unit: What values are divided by: one number, or one a window `[B, 1]`.
        linear: The highway's forecast less `last`, `[B, H]`; zeros without a highway.
        before: The context's last segment `[B, p]`, scaled: what the first decoder step reads.
        known: What each decoder step knows besides the segment before it, `[B, N, D]`, after dropout.
        state: The decoder's state before its first step.
        memory: Keys and values of the context for the attention; empty without it.
        value_mask: Dropout of the segment before each decoder step `[B, 1, p]`, or None.
        output_mask: Dropout of the decoder's outputs `[B, 1, U]`, or None.
        logs: Where values are seen as logarithms: how to get there and back. All that is called scaled above is then one.
    """

    last: tf.Tensor
    unit: tf.Tensor
    linear: tf.Tensor
    before: tf.Tensor
    known: tf.Tensor
    state: State
    memory: tuple[tf.Tensor, ...]
    value_mask: tf.Tensor | None
    output_mask: tf.Tensor | None
    logs: WindowLogs | None = None

    @property
    def segment_length(self) -> int:
        """`p`."""
        return int(self.before.shape[1])

    @property
    def horizon(self) -> int:
        """`H`."""
        return int(self.linear.shape[1])

    def segments(self, values: tf.Tensor) -> tf.Tensor:
        """Returns values of the horizon `[B, H]` by segment, `[B, N, p]`, zeros at the end."""
        return to_segments(values[:, :, tf.newaxis], self.segment_length, pad="end")

    def fed_back(self, values: tf.Tensor) -> tf.Tensor:
        """Returns what the decoder reads when values of the horizon `[B, H]` are fed back to it: `[B, N p]`.

        Args:
            values: Scaled; NaN where unobserved, which the highway's forecast stands in for.
        """
        seen = values if self.logs is None else self.logs.to_logs(values)
        return segments_before(self.before, tf.where(tf.math.is_nan(seen), self.last + self.linear, seen))


@dataclasses.dataclass(frozen=True, kw_only=True)
class SegmentDecoder:
    """The parts of a network that decode; their weights belong to the network.

    Attributes:
        core: The LSTM; its first `p` inputs are the segment before.
        head_kernel: `[U, p]`, or `[2 U, p]` with attention.
        head_bias: `[p]`.
        attention: Over the encoder's outputs, or None.
        norm: Of the outputs, or None.
    """

    core: LSTMCore
    head_kernel: keras.Variable
    head_bias: keras.Variable
    attention: CrossAttention | None
    norm: LayerNormalisation | None

    def decode(self, encoded: Encoded, previous: tf.Tensor) -> tf.Tensor:
        """Forecasts from given decoder inputs, in one pass over the horizon.

        Args:
            encoded: What the network made of the windows.
            previous: The segment before each segment `[B, N p]`, scaled: the truth, or anything else.

        Returns:
            `[B, H]`, scaled.
        """
        values = encoded.segments((previous - encoded.last) / encoded.unit)
        if encoded.value_mask is not None:
            values *= encoded.value_mask
        outputs, _ = unroll(self.core, tf.concat([values, encoded.known], axis=2), encoded.state)
        return encoded.last + encoded.linear + self._correction(outputs, encoded)[:, : encoded.horizon]

    def rollout(self, encoded: Encoded, *, kernel: Kernel, training: bool = False) -> tf.Tensor:
        """Forecasts segment by segment, each from the forecast of the one before.

        Args:
            encoded: What the network made of the windows.
            kernel: How the horizon is run through the LSTM, where it can be in one call.
            training: Whether the graph is built for training.

        Returns:
            `[B, H]`, scaled.
        """
        if self.attention is None and self.norm is None and encoded.output_mask is None and on_cpu():
            return self._rollout_at_once(encoded, kernel)
        return self.rollout_by_steps(encoded, unrolled=_LONGEST_UNROLLED_IN_TRAINING if training else _LONGEST_UNROLLED)

    def rollout_by_steps(self, encoded: Encoded, *, unrolled: int = _LONGEST_UNROLLED) -> tf.Tensor:
        """Does so step after step: what attention, a norm or dropout between output and input ask for."""
        length, weights = encoded.segment_length, self.core.kernel.value
        linear = encoded.segments(encoded.linear)
        # Only what is fed back is unknown in advance: all else goes through the kernel in one multiplication.
        projected = tf.tensordot(encoded.known, weights[length:], axes=1)

        def advance(step: tf.Tensor | int, values: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
            fed = values / encoded.unit
            if encoded.value_mask is not None:
                fed *= encoded.value_mask[:, 0]
            output, state = self.core.advance(projected[:, step] + tf.matmul(fed, weights[:length]), state)
            return linear[:, step] + self._correction(output[:, tf.newaxis], encoded), state

        count = int(linear.shape[1])
        values, state = encoded.before - encoded.last, encoded.state
        if count <= unrolled:
            steps = []
            for step in range(count):
                values, state = advance(step, values, state)
                steps.append(values)
            return encoded.last + tf.concat(steps, axis=1)[:, : encoded.horizon]

        def body(step: tf.Tensor, values: tf.Tensor, state: State, done: tf.TensorArray) -> tuple[Any, ...]:
            values, state = advance(step, values, state)
            return step + 1, values, state, done.write(step, values)

        done = tf.TensorArray(tf.float32, size=count, element_shape=(None, length))
        *_, done = tf.while_loop(lambda step, *_: step < count, body, (0, values, state, done))
        by_window = tf.reshape(tf.transpose(done.stack(), (1, 0, 2)), (-1, count * length))
        return encoded.last + by_window[:, : encoded.horizon]

    def _rollout_at_once(self, encoded: Encoded, kernel: Kernel) -> tf.Tensor:
        """Does the same in one call, where nothing but a linear head stands between the decoder's output and input.

        The segment that a step reads is then `linear / unit + h W + b`, `h` being the output of the step before it: the
        part with `h` goes through `W K` (`K`: the rows of the decoder's kernel that the segment meets) as it goes
        through the recurrent kernel. So `W K` is added to that kernel, and the rest is known before the first step.
        """
        weights, state, length = self.head_kernel.value, encoded.state, encoded.segment_length
        # The first step reads the context. What the changed kernel makes of the encoder's state is taken off again.
        first = (encoded.before - encoded.last) / encoded.unit - tf.matmul(state.hidden, weights)
        lines = encoded.segments(encoded.linear / encoded.unit)
        values = tf.concat([first[:, tf.newaxis], lines[:, :-1] + self.head_bias.value], axis=1)
        fed_back = tf.matmul(weights, self.core.kernel.value[:length])
        outputs, _ = unroll(
            self.core,
            tf.concat([values, encoded.known], axis=2),
            state,
            recurrent_kernel=self.core.recurrent_kernel.value + fed_back,
            kernel=kernel,
        )
        return encoded.last + encoded.linear + self._correction(outputs, encoded)[:, : encoded.horizon]

    def _correction(self, outputs: tf.Tensor, encoded: Encoded) -> tf.Tensor:
        """Returns what the network adds to the line, `[B, M p]`, from outputs of `M` decoder steps, `[B, M, U]`."""
        if self.attention is not None:
            outputs = tf.concat([outputs, self.attention(outputs, *encoded.memory)], axis=2)
        if self.norm is not None:
            outputs = self.norm(outputs)
        if encoded.output_mask is not None:
            outputs *= encoded.output_mask
        # A loop over the whole horizon forgets how many steps it made.
        steps = outputs.shape[1] or encoded.known.shape[1]
        width, length = self.head_kernel.shape
        # Written out: `tf.tensordot` would find the number of windows by eight operations of their own.
        products = tf.matmul(tf.reshape(outputs, (-1, width)), self.head_kernel.value)
        corrections = tf.reshape(products, (-1, steps, length)) + self.head_bias.value
        return tf.reshape(corrections, (-1, steps * length)) * encoded.unit
