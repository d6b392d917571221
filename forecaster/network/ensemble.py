"""Several forecasters as one: their weighted average, and another one for series that the average would hurt."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tapeline.forecaster.network.inputs import Window
from tapeline.forecaster.network.recurrent import Kernel
from tapeline.schemas.window_spec import WindowShape


class Ensemble(keras.Model):
    """A weighted average of members, called like one network."""

    def __init__(self, members: Sequence[keras.layers.Layer], weights: Sequence[float], *, shape: WindowShape) -> None:
        """Takes members that are trained already.

        Args:
            members: Layers, `member(window, training=False, kernel=...)` → `[B, H]`, scaled.
            weights: The share of each; they add up to 1.
            shape: Widths of a window.

        Raises:
            ValueError: There are not as many weights as members, or the weights do not add up to 1.
        """
        super().__init__(name="ensemble")
        if len(members) != len(weights) or not np.isclose(sum(weights), 1.0):
            raise ValueError(f"weights: got {list(weights)}, must be one for each of {len(members)} members, 1 in all.")
        self.shape = shape
        self.members = list(members)
        self.shares = [float(weight) for weight in weights]
        self.built = True

    def call(self, window: Window, training: bool = False, kernel: Kernel = "auto") -> tf.Tensor:
        """Forecasts free-running.

        Args:
            window: Features of `docs/data-formats.md`, without the target.
            training: Only False: the members are trained one by one.
            kernel: How sequences are run through the LSTMs.

        Returns:
            `[B, H]`, scaled.
        """
        forecasts = [member(window, training=False, kernel=kernel) for member in self.members]
        if len(forecasts) == 1:
            return forecasts[0]
        return tf.add_n([share * forecast for share, forecast in zip(self.shares, forecasts, strict=True)])
