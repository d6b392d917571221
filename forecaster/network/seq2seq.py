"""The sequence-to-sequence forecaster: an LSTM over the context, an LSTM over the horizon, a line under both.

>>> model = Seq2SeqForecaster(shape=WindowShape(context_length=8, horizon=3), config=ModelConfig(units=4), seed=1)
>>> window = {"context": tf.ones((2, 8)), "context_observed": tf.ones((2, 8))}
>>> model(window).numpy().tolist()  # free-running: the decoder reads its own output
[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
>>> truth = tf.ones((2, 3))
>>> model.decode(model.encode(window), previous=truth).shape  # teacher forcing: all decoder inputs are given
TensorShape([2, 3])

All that enters the network is relative to the last context value and in units of `spread`, the usual distance of the
future from it: a level that training never saw looks like one that it did. (A view can ask for the level as well, or
for a unit of the window's own.) The output head starts at zero, so the untrained model is its linear highway, and
training can only add to it.

Encoder and decoder take `segment_length` steps at a time; with 1, a step is a step.
"""

import keras
import tensorflow as tf

from tapeline.forecaster.network.category_inputs import CategoryInputs
from tapeline.forecaster.network.decoding import Encoded, SegmentDecoder
from tapeline.forecaster.network.draws import Place, variational_mask
from tapeline.forecaster.network.highway import LinearHighway
from tapeline.forecaster.network.inputs import Window, decoder_inputs, decoder_size, encoder_inputs, encoder_size
from tapeline.forecaster.network.layers import CrossAttention, LayerNormalisation
from tapeline.forecaster.network.log_view import LogView, WindowLogs
from tapeline.forecaster.network.recurrent import Kernel, LSTMCore, unroll
from tapeline.forecaster.network.ridge_fit import RidgeFit
from tapeline.forecaster.network.segments import last_segment, to_segments
from tapeline.forecaster.network.views import seen_shape, seen_window, window_unit
from tapeline.schemas import features
from tapeline.schemas.features_config import RollingConfig
from tapeline.schemas.training_config import ModelConfig
from tapeline.schemas.window_spec import WindowShape


class Seq2SeqForecaster(keras.Model):
    """Forecasts a horizon from a context; see the module's first lines."""

    def __init__(
        self,
        *,
        shape: WindowShape,
        config: ModelConfig,
        rolling: tuple[RollingConfig, ...] = (),
        seed: int,
        logs: LogView | None = None,
    ) -> None:
        """Makes all layers and their weights.

        Args:
            shape: Widths of a window.
            config: The section `model`.
            rolling: Rolling statistics of the context, as inputs to the encoder.
            seed: Seed of the initial weights.
            logs: How values are seen as logarithms; None: they are not.
        """
        super().__init__(name="forecaster")
        self.shape = shape
        self.config = config
        self.rolling = rolling
        self.logs = logs
        view, segment, units = config.view, config.segment_length, config.units
        self.highway = (
            None
            if view.highway == "none"
            else LinearHighway(shape, reads=view.highway, per_series=view.highway_per_series)
        )
        self.spread = self.add_weight(shape=(), initializer="ones", trainable=False, name="spread")
        self.encoder_length = min(config.encoder_length or shape.context_length, shape.context_length)
        self.categories = CategoryInputs(shape, seed=seed + 6)
        self.seen = seen_shape(self.categories.expanded, view)
        known_size = decoder_size(
            self.seen, config.lags, highway=self.highway is not None, lag_covariates=view.lag_covariates
        )
        self.decoder_size = segment * (1 + known_size) + int(view.level)
        self.encoder = LSTMCore(units, input_size=segment * encoder_size(self.seen, rolling), seed=seed, name="encoder")
        self.decoder = LSTMCore(units, input_size=self.decoder_size, seed=seed + 2, name="decoder")
        heads = config.attention_heads
        self.attention = CrossAttention(units, heads=heads, seed=seed + 4, name="attention") if heads else None
        self.output_size = units * (2 if heads else 1)
        self.norm = LayerNormalisation(self.output_size, name="norm") if config.layer_norm else None
        self.head_kernel = self.add_weight(shape=(self.output_size, segment), initializer="zeros", name="head_kernel")
        self.head_bias = self.add_weight(shape=(segment,), initializer="zeros", name="head_bias")
        self.decoding = SegmentDecoder(
            core=self.decoder,
            head_kernel=self.head_kernel,
            head_bias=self.head_bias,
            attention=self.attention,
            norm=self.norm,
        )
        self.built = True

    def adopt(self, fit: RidgeFit) -> None:
        """Starts from a ridge regression: its spread, and its line where the model has a highway.

        Args:
            fit: From `tapeline.forecaster.network.ridge`, of the kind that the view asks for.
        """
        self.spread.assign(fit.spread)
        if self.highway is not None:
            self.highway.adopt(fit, cross_fit=self.config.cross_fit)

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
        logs = None if self.logs is None else WindowLogs.of(window, self.logs)
        if logs is not None:
            window = {**window, features.CONTEXT: logs.context}
        context, view, segment = window[features.CONTEXT], self.config.view, self.config.segment_length
        last = context[:, -1:]
        unit = window_unit(context, self.spread.value) if view.window_units else self.spread.value
        linear = self.highway(window, training=training) if self.highway is not None else None
        seen = seen_window(self.categories(window), shape=self.categories.expanded, view=view)
        inputs = encoder_inputs(seen, shape=self.seen, rolling=self.rolling, length=self.encoder_length, unit=unit)
        inputs = to_segments(inputs, segment, pad="start")
        known = decoder_inputs(
            seen,
            linear,
            shape=self.seen,
            lags=self.config.lags,
            unit=unit,
            lag_covariates=view.lag_covariates,
        )
        known = to_segments(known, segment, pad="end")
        if view.level:
            known = tf.concat([known, tf.tile(last[:, tf.newaxis], (1, known.shape[1], 1))], axis=2)
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
            inputs, known = inputs * encoder_mask, known * input_mask[:, :, segment:]
            value_mask = input_mask[:, :, :segment]
        outputs, state = unroll(self.encoder, inputs, kernel=kernel)
        memory = self.attention.project(outputs) if self.attention is not None else ()
        return Encoded(
            last=last,
            unit=unit,
            linear=linear,
            before=last_segment(context, segment),
            known=known,
            state=state,
            memory=memory,
            value_mask=value_mask,
            output_mask=output_mask,
            logs=logs,
        )

    def decode(self, encoded: Encoded, previous: tf.Tensor) -> tf.Tensor:
        """Forecasts from given decoder inputs, in one pass over the horizon.

        Args:
            encoded: From `encode`.
            previous: The segment before each segment, `[B, N p]`, scaled, as `encoded.fed_back` makes it; with segments
                of one step the value before each lead step, `[B, H]`.

        Returns:
            `[B, H]`, scaled.
        """
        return self._in_values(self.decoding.decode(encoded, previous), encoded)

    def rollout(self, encoded: Encoded, *, kernel: Kernel = "auto", training: bool = False) -> tf.Tensor:
        """Forecasts segment by segment, each from the forecast before it.

        Args:
            encoded: From `encode`.
            kernel: How the horizon is run through the LSTM, where it can be in one call.
            training: Whether the graph is built for training.

        Returns:
            `[B, H]`, scaled.
        """
        return self._in_values(self.decoding.rollout(encoded, kernel=kernel, training=training), encoded)

    def _in_values(self, ahead: tf.Tensor, encoded: Encoded) -> tf.Tensor:
        return ahead if encoded.logs is None else encoded.logs.to_values(ahead)

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
