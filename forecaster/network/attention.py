"""Multi-head cross-attention from scratch: each decoder step looks back at the whole context.

    keys, values = attention.project(encoder_outputs)        # once a window
    attended = attention(decoder_outputs, keys, values)      # [B, H, U], or one step: [B, 1, U]

Vaswani et al., "Attention Is All You Need" (2017), section 3.2.
"""

import keras
import tensorflow as tf


class CrossAttention(keras.layers.Layer):
    """Decoder outputs ask, encoder outputs answer."""

    def __init__(self, units: int, *, heads: int, seed: int, name: str | None = None) -> None:
        """Makes the weights.

        Args:
            units: `U`, width of queries, keys, values and result.
            heads: Parts that the units are divided into, each with attention weights of its own.
            seed: Seed of the initial weights.
            name: Name of the layer.

        Raises:
            ValueError: The units do not divide evenly among the heads.
        """
        super().__init__(name=name)
        if units % heads:
            raise ValueError(f"heads: got {heads}, must divide the units ({units}) evenly.")
        self.units = units
        self.heads = heads
        names = ("query", "key", "value", "output")
        self.kernels = {
            part: self.add_weight(
                shape=(units, units),
                initializer=keras.initializers.GlorotUniform(seed=seed + number),
                name=f"{part}_kernel",
            )
            for number, part in enumerate(names)
        }
        self.biases = {
            part: self.add_weight(shape=(units,), initializer="zeros", name=f"{part}_bias") for part in names
        }
        self.built = True

    def project(self, encoded: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns keys and values of the context, `[B, heads, T, U / heads]` each.

        Args:
            encoded: Encoder outputs `[B, T, U]`.
        """
        return self._split(self._linear("key", encoded)), self._split(self._linear("value", encoded))

    def call(self, queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        """Returns what the queries find.

        Args:
            queries: Decoder outputs `[B, H, U]`.
            keys: From `project`.
            values: From `project`.

        Returns:
            `[B, H, U]`.
        """
        asked = self._split(self._linear("query", queries))
        # A dot product of d independent terms of variance 1 has variance d: divided by its root, the softmax
        # starts neither flat nor saturated, whatever the size of a head.
        scores = tf.matmul(asked, keys, transpose_b=True) * (self.units // self.heads) ** -0.5
        found = tf.matmul(tf.nn.softmax(scores), values)
        joined = tf.transpose(found, (0, 2, 1, 3))
        return self._linear("output", tf.reshape(joined, (-1, tf.shape(queries)[1], self.units)))

    def _linear(self, part: str, inputs: tf.Tensor) -> tf.Tensor:
        return tf.tensordot(inputs, self.kernels[part].value, axes=1) + self.biases[part].value

    def _split(self, inputs: tf.Tensor) -> tf.Tensor:
        """`[B, N, U]` to `[B, heads, N, U / heads]`."""
        parted = tf.reshape(inputs, (-1, tf.shape(inputs)[1], self.heads, self.units // self.heads))
        return tf.transpose(parted, (0, 2, 1, 3))
