"""Prediction intervals inside the served graph.

>>> ends = Intervals(np.array([[0.5, 1.0], [1.0, 2.0]])).around(tf.constant([[3.0, 4.0]]))
>>> {name: values.numpy().tolist() for name, values in ends.items()}
{'lower': [[2.5, 3.0]], 'upper': [[3.5, 5.0]], 'lower_95': [[2.0, 2.0]], 'upper_95': [[4.0, 6.0]]}
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.schemas.served_model import INTERVALS


class Intervals(tf.Module):
    """Puts intervals around forecasts.

    Args:
        half_widths: `[2, H]`, scaled, from `conformal_half_widths`.
    """

    def __init__(self, half_widths: npt.NDArray[np.floating[Any]]) -> None:
        super().__init__(name="intervals")
        self._half_widths = np.asarray(half_widths, np.float32)

    def half_widths(self, length: tf.Tensor | int) -> tf.Tensor:
        """Returns the half-widths of a forecast of any length, `[2, length]`, scaled.

        No residual tells how wrong a forecast is beyond the trained horizon
        `H`. Its errors are those of a walk in blocks: each block adds an error
        of its own to the one that the block before it ended with. As if these
        were independent, their squares add up: lead step `k H + j` has
        `sqrt(k q_H^2 + q_j^2)`. Within `H` that is `q_j` itself.

        Args:
            length: Lead steps.
        """
        horizon = self._half_widths.shape[1]
        if isinstance(length, int) and length <= horizon:
            return tf.constant(self._half_widths[:, :length])
        own, last = tf.constant(self._half_widths), tf.constant(self._half_widths[:, -1:])
        steps = tf.range(length)
        blocks = tf.cast(steps // horizon, tf.float32)
        # An infinite half-width times 0 blocks would be no number.
        walked = tf.where(blocks > 0.0, blocks * tf.square(last), 0.0)
        inside = tf.gather(own, steps % horizon, axis=1)
        return tf.where(blocks > 0.0, tf.sqrt(walked + tf.square(inside)), inside)

    def around(self, forecast: tf.Tensor, scale: tf.Tensor | float = 1.0) -> dict[str, tf.Tensor]:
        """Returns the ends of all intervals by their output's name, `[B, L]` each.

        Args:
            forecast: `[B, L]`, in scaled space or in the target's unit.
            scale: Units of `forecast` in one scaled unit, a number or `[B, 1]`.
        """
        length = forecast.shape[1] or tf.shape(forecast)[1]
        widths = tf.cast(self.half_widths(length), forecast.dtype)
        ends: dict[str, tf.Tensor] = {}
        for row, (lower, upper) in enumerate(INTERVALS):
            reach = widths[row] * scale
            ends |= {lower: forecast - reach, upper: forecast + reach}
        return ends
