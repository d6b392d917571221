"""Small layers that fit a recurrent network: normalisation, and dropout that holds still over time.

mask = variational_mask((batch, 1, units), rate=0.2, seed=seed)  # one mask a window
outputs = LayerNormalisation(units)(outputs) * mask              # the same at every step
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from tapeline.forecaster.network.draws import Place, draw_uniform


def variational_mask(
    shape: Sequence[int | tf.Tensor], *, rate: float, seed: tf.Tensor, place: Place | None = None
) -> tf.Tensor:
    """Draws a dropout mask: 0 with probability `rate`, else `1 / (1 - rate)`, so that the mean stays 1.

    Dropout that draws anew at every step destroys what a recurrent network
    carries along; one mask a window, the same at every step, does not (Gal and
    Ghahramani, "A Theoretically Grounded Application of Dropout in Recurrent
    Neural Networks", 2016). Give a time axis of length 1 and let it broadcast.

    Args:
        shape: Shape of the mask.
        rate: Probability of a zero.
        seed: `[2]` integers; the same seed draws the same mask.
        place: Where the windows lie in their batch; None: they are the batch.

    Returns:
        float32, of the given shape.
    """
    kept = draw_uniform(shape, seed=seed, place=place) >= rate
    return tf.cast(kept, tf.float32) / (1.0 - rate)


class LayerNormalisation(keras.layers.Layer):
    """Mean 0 and variance 1 over the features of each step, then a learned scale and shift (Ba et al. 2016).

    Unlike batch normalisation it looks at one step of one window only: it does
    the same in training, in a fused pass and in an autoregressive step.
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
