"""The sequence-to-sequence forecaster: an LSTM over the context, an LSTM over the horizon, a line under both.

>>> model = Seq2SeqForecaster(shape=WindowShape(context_length=8, horizon=3), config=ModelConfig(units=4), seed=1)
>>> window = {"context": tf.ones((2, 8)), "context_observed": tf.ones((2, 8))}
>>> model(window).numpy().tolist()  # free-running: the decoder reads its own output
[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
>>> truth = tf.ones((2, 3))
>>> model.decode(model.encode(window), previous=truth).shape  # teacher forcing: all decoder inputs are given
TensorShape([2, 3])

All that enters the network is relative to the last context value and in units of `spread`, the usual distance of the
future from it: a level that training never saw looks like one that it did. The output head starts at zero, so the
untrained model is its linear highway, and training can only add to it.
"""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tapeline.forecaster.network.draws import Place, variational_mask
from tapeline.forecaster.network.highway import LinearHighway
from tapeline.forecaster.network.inputs import Window, decoder_inputs, decoder_size, encoder_inputs, encoder_size
from tapeline.forecaster.network.layers import CrossAttention, LayerNormalisation
from tapeline.forecaster.network.recurrent import Kernel, LSTMCore, State, on_cpu, unroll
from tapeline.forecaster.network.ridge import RidgeFit
from tapeline.schemas import features
from tapeline.schemas.sections import RollingConfig
from tapeline.schemas.training_config import ModelConfig
from tapeline.schemas.window_spec import WindowShape

_LONGEST_UNROLLED = 64
"""Horizons up to this are unrolled in the graph, the fastest way to serve; longer ones run in a loop."""


class Encoded(NamedTuple):
    """What the decoder needs to know about a window.

    Attributes:
        last: Last context value `[B, 1]`, scaled.
        linear: The highway's forecast less `last`, `[B, H]`; zeros without a highway.
        known: What each decoder step knows besides the value before it, `[B, H, D]`, after dropout.
        state: The decoder's state before its first step.
        memory: Keys and values of the context for the attention; empty without it.
        value_mask: Dropout of the value before each decoder step `[B, 1, 1]`, or None.
        output_mask: Dropout of the decoder's outputs `[B, 1, U]`, or None.
    """

    last: tf.Tensor
    linear: tf.Tensor
    known: tf.Tensor
    state: State
    memory: tuple[tf.Tensor, ...]
    value_mask: tf.Tensor | None
    output_mask: tf.Tensor | None


class Seq2SeqForecaster(keras.Model):
    """Forecasts a horizon from a context; see the module's first lines."""

    def __init__(
        self, *, shape: WindowShape, config: ModelConfig, rolling: tuple[RollingConfig, ...] = (), seed: int
    ) -> None:
        """Makes all layers and their weights.

        Args:
            shape: Widths of a window.
            config: The section `model`.
            rolling: Rolling statistics of the context, as inputs to the encoder.
            seed: Seed of the initial weights.
        """
        super().__init__(name="forecaster")
        self.shape = shape
        self.config = config
        self.rolling = rolling
        self.highway = LinearHighway(shape) if config.linear_highway else None
        self.spread = self.add_weight(shape=(), initializer="ones", trainable=False, name="spread")
        self.encoder_length = min(config.encoder_length or shape.context_length, shape.context_length)
        self.decoder_size = 1 + decoder_size(shape, config.lags, highway=config.linear_highway)
        self.encoder = LSTMCore(config.units, input_size=encoder_size(shape, rolling), seed=seed, name="encoder")
        self.decoder = LSTMCore(config.units, input_size=self.decoder_size, seed=seed + 2, name="decoder")
        heads = config.attention_heads
        self.attention = CrossAttention(config.units, heads=heads, seed=seed + 4, name="attention") if heads else None
        self.output_size = config.units * (2 if heads else 1)
        self.norm = LayerNormalisation(self.output_size, name="norm") if config.layer_norm else None
        self.head_kernel = self.add_weight(shape=(self.output_size, 1), initializer="zeros", name="head_kernel")
        self.head_bias = self.add_weight(shape=(1,), initializer="zeros", name="head_bias")
        self.built = True

    def adopt(self, fit: RidgeFit) -> None:
        """Starts from a ridge regression: its spread, and its line where the model has a highway.

        Args:
            fit: From `tapeline.forecaster.network.ridge.fit_ridge`.
        """
        self.spread.assign(fit.spread)
        if self.highway is not None:
            self.highway.set_weights([fit.kernel, fit.bias])

    def encode(
        self,
        window: Window,
        *,
        training: bool = False,
        seed: tf.Tensor | None = None,
        place: Place | None = None,
        kernel: Kernel = "auto",
    ) -> Encoded:
        """Reads the context.

        Args:
            window: Features of `docs/data-formats.md`, without the target.
            training: Whether dropout is on.
            seed: `[2]` integers that dropout draws from; needed where it is on.
            place: Where the windows lie in the batch that dropout draws for.
            kernel: How the context is run through the LSTM.

        Raises:
            ValueError: Dropout is on and no seed was given.
        """
        context = window[features.CONTEXT]
        last = context[:, -1:]
        spread = self.spread.value
        linear = self.highway(window) if self.highway is not None else None
        inputs = encoder_inputs(
            window, shape=self.shape, rolling=self.rolling, length=self.encoder_length, spread=spread
        )
        known = decoder_inputs(window, linear, shape=self.shape, lags=self.config.lags, spread=spread)
        if linear is None:
            linear = tf.zeros((tf.shape(context)[0], self.shape.horizon))
        value_mask = output_mask = None
        if training and self.config.dropout:
            if seed is None:
                raise ValueError(f"seed: is None, but dropout ({self.config.dropout}) needs one in training.")
            batch = tf.shape(context)[0]
            widths = (inputs.shape[2], self.decoder_size, self.output_size)
            encoder_mask, input_mask, output_mask = (
                variational_mask((batch, 1, width), rate=self.config.dropout, seed=part, place=place)
                for width, part in zip(widths, tf.unstack(tf.random.split(seed, 3)), strict=True)
            )
            inputs, known, value_mask = inputs * encoder_mask, known * input_mask[:, :, 1:], input_mask[:, :, :1]
        outputs, state = unroll(self.encoder, inputs, kernel=kernel)
        memory = self.attention.project(outputs) if self.attention is not None else ()
        return Encoded(last, linear, known, state, memory, value_mask, output_mask)

    def decode(self, encoded: Encoded, previous: tf.Tensor) -> tf.Tensor:
        """Forecasts from given decoder inputs, in one pass over the horizon.

        Args:
            encoded: From `encode`.
            previous: Value before each lead step `[B, H]`, scaled: the truth, or anything else.

        Returns:
            `[B, H]`, scaled.
        """
        values = ((previous - encoded.last) / self.spread.value)[:, :, tf.newaxis]
        if encoded.value_mask is not None:
            values *= encoded.value_mask
        outputs, _ = unroll(self.decoder, tf.concat([values, encoded.known], axis=2), encoded.state)
        return encoded.last + encoded.linear + self._correction(outputs, encoded)

    def rollout(self, encoded: Encoded, *, kernel: Kernel = "auto") -> tf.Tensor:
        """Forecasts step by step, each from the forecast before it.

        Args:
            encoded: From `encode`.
            kernel: How the horizon is run through the LSTM, where it can be in one call.

        Returns:
            `[B, H]`, scaled.
        """
        if self.attention is None and self.norm is None and encoded.output_mask is None and on_cpu():
            return self._rollout_at_once(encoded, kernel)
        weights = self.decoder.kernel.value
        # Only the fed-back value is unknown in advance: all else goes through the kernel in one multiplication.
        projected = tf.tensordot(encoded.known, weights[1:], axes=1)

        def advance(step: tf.Tensor | int, value: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
            fed = value / self.spread.value
            if encoded.value_mask is not None:
                fed *= encoded.value_mask[:, 0]
            output, state = self.decoder.advance(projected[:, step] + fed * weights[:1], state)
            correction = self._correction(output[:, tf.newaxis], encoded)
            return encoded.linear[:, step, tf.newaxis] + correction, state

        horizon = self.shape.horizon
        value, state = tf.zeros_like(encoded.last), encoded.state
        if horizon <= _LONGEST_UNROLLED:
            steps = []
            for step in range(horizon):
                value, state = advance(step, value, state)
                steps.append(value)
            return encoded.last + tf.concat(steps, axis=1)

        def body(step: tf.Tensor, value: tf.Tensor, state: State, done: tf.TensorArray) -> tuple[Any, ...]:
            value, state = advance(step, value, state)
            return step + 1, value, state, done.write(step, value[:, 0])

        done = tf.TensorArray(tf.float32, size=horizon, element_shape=(None,))
        *_, done = tf.while_loop(lambda step, *_: step < horizon, body, (0, value, state, done))
        return encoded.last + tf.transpose(done.stack())

    def _rollout_at_once(self, encoded: Encoded, kernel: Kernel) -> tf.Tensor:
        """Does the same in one call, where nothing but a linear head stands between the decoder's output and input.

        The value that a step reads is then `linear / spread + h w + b`, `h` being the output of the step before it: the
        part with `h` goes through `w k` (`k`: the row of the decoder's kernel that the value meets) as it goes through
        the recurrent kernel. So `w k` is added to that kernel, and the rest is known before the first step.
        """
        weights, state = self.head_kernel.value, encoded.state
        # The first step reads 0. What the changed kernel makes of the encoder's state is taken off again.
        first = -tf.matmul(state.hidden, weights)
        rest = encoded.linear[:, :-1] / self.spread.value + self.head_bias.value
        values = tf.concat([first, rest], axis=1)[:, :, tf.newaxis]
        fed_back = tf.matmul(weights, self.decoder.kernel.value[:1])
        outputs, _ = unroll(
            self.decoder,
            tf.concat([values, encoded.known], axis=2),
            state,
            recurrent_kernel=self.decoder.recurrent_kernel.value + fed_back,
            kernel=kernel,
        )
        return encoded.last + encoded.linear + self._correction(outputs, encoded)

    def call(
        self, window: Window, training: bool = False, seed: tf.Tensor | None = None, kernel: Kernel = "auto"
    ) -> tf.Tensor:
        """Forecasts free-running: the decoder reads its own output.

        Args:
            window: Features of `docs/data-formats.md`, without the target.
            training: Whether dropout is on.
            seed: `[2]` integers that dropout draws from.
            kernel: How sequences are run through the LSTMs.

        Returns:
            `[B, H]`, scaled.
        """
        return self.rollout(self.encode(window, training=training, seed=seed, kernel=kernel), kernel=kernel)

    def variable_groups(self) -> dict[str, list[keras.Variable]]:
        """Returns the trainable variables by part: `highway` and `network`, for an optimizer each."""
        highway = self.highway.trainable_variables if self.highway is not None else []
        network = [each for each in self.trainable_variables if all(each is not other for other in highway)]
        return {"highway": highway, "network": network}

    def _correction(self, outputs: tf.Tensor, encoded: Encoded) -> tf.Tensor:
        """Returns what the network adds to the line, `[B, N]`, from decoder outputs `[B, N, U]`."""
        if self.attention is not None:
            outputs = tf.concat([outputs, self.attention(outputs, *encoded.memory)], axis=2)
        if self.norm is not None:
            outputs = self.norm(outputs)
        if encoded.output_mask is not None:
            outputs *= encoded.output_mask
        corrections = tf.tensordot(outputs, self.head_kernel.value, axes=1) + self.head_bias.value
        return corrections[:, :, 0] * self.spread.value
