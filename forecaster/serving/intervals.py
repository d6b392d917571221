"""Prediction intervals and quantiles inside the served graph.

>>> fitted = PredictionIntervals(names=("lower", "upper"), offsets=np.array([[-0.5, -1.0], [0.5, 2.0]]))
>>> ends = Intervals(fitted).around(tf.constant([[3.0, 4.0]]))
>>> {name: values.numpy().tolist() for name, values in ends.items()}
{'lower': [[2.5, 3.0]], 'upper': [[3.5, 6.0]]}
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from tapeline.schemas import features as names
from tapeline.series.error_ratios import MOST_LIVELY
from tapeline.series.prediction_intervals import PredictionIntervals


class Intervals(tf.Module):
    """Puts intervals and quantiles around forecasts.

    Args:
        fitted: How far they lie from a forecast.
    """

    def __init__(self, fitted: PredictionIntervals) -> None:
        super().__init__(name="intervals")
        self.names = fitted.names
        """Outputs."""
        self.per_series = bool(fitted.error_ratios)
        """Whether the series matters; else errors of one size are expected of all."""
        self._usual_change = fitted.usual_change
        self._offsets = np.asarray(fitted.offsets, np.float32)
        if self.per_series:
            keys = tf.constant(list(fitted.error_ratios), tf.string)
            ratios = tf.constant(list(fitted.error_ratios.values()), tf.float32)
            self._ratios = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, ratios), 1.0)

    def error_ratio(self, window: Mapping[str, tf.Tensor]) -> tf.Tensor | float:
        """Returns how large the errors of each window are beside those of a middling one, float32 `[B, 1]`, or 1.

        Args:
            window: Holds the series and the scaled context.
        """
        ratio = self._ratios.lookup(window[names.SERIES_ID])[:, tf.newaxis] if self.per_series else 1.0
        return self.in_context(ratio, window[names.CONTEXT])

    def in_context(self, ratio: tf.Tensor | float, context: tf.Tensor) -> tf.Tensor | float:
        """Returns the ratio of a window, from that of its series: as `tapeline.series.error_ratios.context_ratios`.

        Args:
            ratio: Of the series, float32 `[B, 1]`, or a number.
            context: Scaled, `[B, T]`.
        """
        if self._usual_change is None:
            return ratio
        change = tf.reduce_mean(tf.abs(context[:, 1:] - context[:, :-1]), axis=1, keepdims=True)
        lively = tf.clip_by_value(change / (self._usual_change * ratio), 1.0 / MOST_LIVELY, MOST_LIVELY)
        return ratio * tf.sqrt(lively)

    def offsets(self, length: tf.Tensor | int) -> tf.Tensor:
        """Returns the offsets of a forecast of any length, `[R, length]`, scaled.

        No error tells how wrong a forecast is beyond the trained horizon `H`.
        Its errors are those of a walk in blocks: each block adds an error of its
        own to the one that the block before it ended with. As if these were
        independent, their squares add up, each with the sign of its offset: lead
        step `k H + j` has `sqrt(k q_H^2 + q_j^2)`. Within `H` that is `q_j` itself.
        What adds up keeps its order, so levels do not cross here either.

        Args:
            length: Lead steps.
        """
        horizon = self._offsets.shape[1]
        if isinstance(length, int) and length <= horizon:
            return tf.constant(self._offsets[:, :length])
        own, last = tf.constant(self._offsets), tf.constant(self._offsets[:, -1:])
        steps = tf.range(length)
        blocks = tf.cast(steps // horizon, tf.float32)
        # An infinite offset times 0 blocks would be no number.
        walked = tf.where(blocks > 0.0, blocks * last * tf.abs(last), 0.0)
        inside = tf.gather(own, steps % horizon, axis=1)
        squares = walked + inside * tf.abs(inside)
        return tf.where(blocks > 0.0, tf.sign(squares) * tf.sqrt(tf.abs(squares)), inside)

    def around(self, forecast: tf.Tensor, unit: tf.Tensor | float = 1.0) -> dict[str, tf.Tensor]:
        """Returns the ends of all intervals, and the quantiles, by their output's name, `[B, L]` each.

        Args:
            forecast: `[B, L]`, in scaled space or in the target's unit.
            unit: Units of `forecast` in one scaled unit, times the window's error ratio: a number or `[B, 1]`.
        """
        return dict(zip(self.names, tf.unstack(self.together(forecast, unit), axis=1), strict=True))

    def together(self, forecast: tf.Tensor, unit: tf.Tensor | float = 1.0) -> tf.Tensor:
        """Returns the same in one tensor, `[B, R, L]`, in the order of `names`; see `around`."""
        length = forecast.shape[1] or tf.shape(forecast)[1]
        offsets = tf.cast(self.offsets(length), forecast.dtype)
        unit = tf.cast(unit, forecast.dtype)
        return forecast[:, tf.newaxis] + offsets * (unit if unit.shape.rank == 0 else unit[:, tf.newaxis])
