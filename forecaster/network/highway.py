"""The linear highway: one linear map from all that is known to all lead steps.

It runs under the recurrent part of the model, which only learns what is left over. Started from its closed-form ridge
solution (`tapeline.forecaster.network.ridge`) the untrained model is already a strong baseline, the NLinear of Zeng et
al., "Are Transformers Effective for Time Series Forecasting?" (2023), with known covariates; frozen, it is the gate's
baseline `ridge`.
"""

import keras
import tensorflow as tf

from tapeline.forecaster.network.inputs import Window
from tapeline.schemas import features
from tapeline.schemas.window_spec import WindowShape


def highway_size(shape: WindowShape) -> int:
    """Returns `D`, the width of what the highway reads."""
    return shape.context_length + shape.horizon * shape.future + shape.static


def highway_inputs(window: Window, shape: WindowShape) -> tf.Tensor:
    """Returns what the highway reads: the context relative to its last value, the known future, the series.

    Args:
        window: Features of `docs/data-formats.md`.
        shape: Their widths.

    Returns:
        `[B, D]`, `D = T + H K + S`.
    """
    context = window[features.CONTEXT]
    parts = [context - context[:, -1:]]
    if shape.future:
        ahead = window[features.FUTURE_COVARIATES][:, shape.context_length :]
        parts.append(tf.reshape(ahead, (-1, shape.horizon * shape.future)))
    if shape.static:
        parts.append(window[features.STATIC_COVARIATES])
    return tf.concat(parts, axis=1)


class LinearHighway(keras.layers.Layer):
    """A linear forecast relative to the last context value; at first that of persistence: all zeros."""

    def __init__(self, shape: WindowShape, *, trainable: bool = True, name: str = "highway") -> None:
        """Makes the weights.

        Args:
            shape: Widths of a window.
            trainable: False freezes it, as a baseline.
            name: Name of the layer.
        """
        super().__init__(name=name, trainable=trainable)
        self.shape = shape
        self.kernel = self.add_weight(shape=(highway_size(shape), shape.horizon), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(shape.horizon,), initializer="zeros", name="bias")
        self.built = True

    def call(self, window: Window) -> tf.Tensor:
        """Returns the forecast less the last context value, `[B, H]`.

        Args:
            window: Features of `docs/data-formats.md`.
        """
        return tf.matmul(highway_inputs(window, self.shape), self.kernel.value) + self.bias.value
