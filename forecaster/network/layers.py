"""The layers around the recurrence, from scratch: cross-attention and normalisation.

>>> attention = CrossAttention(4, heads=2, seed=1)
>>> keys, values = attention.project(tf.ones((3, 10, 4)))       # encoder outputs, once for each window
>>> tuple(attention(tf.ones((3, 5, 4)), keys, values).shape)    # decoder outputs, of all steps or of one
(3, 5, 4)
"""

import keras
import tensorflow as tf


class CrossAttention(keras.layers.Layer):
    """Multi-head attention: decoder outputs ask, encoder outputs answer; each step looks back at the whole context.

    Vaswani et al., "Attention Is All You Need" (2017), section 3.2.
    """

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
        """Turns `[B, N, U]` into `[B, heads, N, U / heads]`."""
        parted = tf.reshape(inputs, (-1, tf.shape(inputs)[1], self.heads, self.units // self.heads))
        return tf.transpose(parted, (0, 2, 1, 3))


class LayerNormalisation(keras.layers.Layer):
    """Gives the features of each step mean 0 and variance 1, then a learned scale and shift (Ba et al. 2016).

    Unlike batch normalisation it looks at one step of one window only: it does the same in training, in a fused pass
    and in an autoregressive step.
    """

    def __init__(self, size: int, *, epsilon: float = 1e-3, name: str | None = None) -> None:
        """Makes the weights.

        Args:
            size: Width of the features.
            epsilon: Added to the variance, against a division by 0.
            name: Name of the layer.
        """
        super().__init__(name=name)
        self.epsilon = epsilon
        self.gamma = self.add_weight(shape=(size,), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(size,), initializer="zeros", name="beta")
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Normalises the last axis of `[..., F]`."""
        mean = tf.reduce_mean(inputs, axis=-1, keepdims=True)
        centred = inputs - mean
        variance = tf.reduce_mean(centred * centred, axis=-1, keepdims=True)
        return centred * tf.math.rsqrt(variance + self.epsilon) * self.gamma.value + self.beta.value
