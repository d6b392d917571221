"""The values that a target can have, inside the served graph: what is served lies between them.

>>> bounds = Bounds(DataConfig(frequency="D", lower_bound=0.0))
>>> bounds.within(tf.constant([[-3.0, 5.0]])).numpy().tolist()                             # in the target's unit
[[0.0, 5.0]]
>>> bounds.within(tf.constant([[-3.0, 5.0]]), offset=10.0, scale=5.0).numpy().tolist()      # scaled
[[-2.0, 5.0]]
"""

import numpy as np
import tensorflow as tf

from tapeline.schemas.sections import DataConfig
from tapeline.series.arrays import Array, Floats, Names
from tapeline.series.scaling import Scaler


class Bounds:
    """Cuts values off at the bounds of the target.

    Args:
        data: Its bounds, in its unit; None where there is none.
    """

    def __init__(self, data: DataConfig) -> None:
        self._lower, self._upper = data.lower_bound, data.upper_bound

    def within(
        self, values: tf.Tensor, *, offset: tf.Tensor | float = 0.0, scale: tf.Tensor | float = 1.0
    ) -> tf.Tensor:
        """Returns values that lie within the bounds; what is no number stays so.

        Args:
            values: `[B, L]`.
            offset: Where their space has its 0, in the target's unit: a number or `[B, 1]`.
            scale: Units of the target in one of theirs.
        """
        # Not `tf.clip_by_value`: of a value that is no number it may make a bound, and the gate would never know.
        if self._lower is not None:
            lowest = tf.cast((self._lower - offset) / scale, values.dtype)
            values = tf.where(values < lowest, lowest, values)
        if self._upper is not None:
            largest = tf.cast((self._upper - offset) / scale, values.dtype)
            values = tf.where(values > largest, largest, values)
        return values


def within_bounds(forecast: Floats, series: Names, *, data: DataConfig, scaler: Scaler) -> Array:
    """Returns scaled forecasts as they are served, outside of a graph.

    Args:
        forecast: `[B, H]`.
        series: The series of each, `[B]`.
        data: The bounds.
        scaler: The fitted scales.
    """
    bounds = (
        -np.inf if data.lower_bound is None else data.lower_bound,
        np.inf if data.upper_bound is None else data.upper_bound,
    )
    lowest, largest = (scaler.scale(np.full(len(series), bound), series)[:, np.newaxis] for bound in bounds)
    return np.clip(forecast, lowest, largest)
