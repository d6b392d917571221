"""Scaled values as logarithms and back, without a detour over large numbers.

With `value = offset + scale x`, `log(value) = log(offset) + log1p(x scale / offset)`. What is fitted to a series without
`log(offset)` and reads it without `log(offset)` forecasts the same, so that is left out: one ratio a series is all that
is needed. The view is for series whose values were all above 0 (their offset, a minimum or a mean,
is above 0 too). A value of a context that is not above half the least one known is taken for that half.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from tapeline.forecaster.network.inputs import Window
from tapeline.schemas import features
from tapeline.series.arrays import Array

MOST_GROWTH = 5.0
"""A forecast is at most so much above or below its context, in logarithms: 148 times."""


@dataclasses.dataclass(frozen=True)
class LogView:
    """The numbers that logarithms of some series need; row 0 is for series that are not known.

    Attributes:
        ratio: `scale / offset`, `[1 + N]` or `[1]`.
        least: The least value that a logarithm is taken of, over the offset, likewise.
    """

    ratio: Array
    least: Array

    def to_logs(self, values: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """Returns logarithms less that of the offset, `[B, ...]`.

        Args:
            values: Scaled, `[B, ...]`.
            rows: Which numbers belong to each, `[B]`.
        """
        shape = (-1, *[1] * (values.shape.rank - 1))
        ratio, least = (tf.reshape(tf.gather(_float32(part), rows), shape) for part in (self.ratio, self.least))
        return _log1p(tf.maximum(values * ratio, least - 1.0))

    def to_values(self, ahead: tf.Tensor, rows: tf.Tensor, *, context: tf.Tensor) -> tf.Tensor:
        """Returns forecasts in scaled space, bounded by what their context may grow to.

        Args:
            ahead: Forecasts of logarithms, `[B, ..., H]`.
            rows: Which numbers belong to each, `[B]`.
            context: The logarithms they were made from, `[B, T]`.
        """
        shape = (-1, *[1] * (ahead.shape.rank - 1))
        lowest = tf.reshape(tf.reduce_min(context, axis=1), shape) - MOST_GROWTH
        highest = tf.reshape(tf.reduce_max(context, axis=1), shape) + MOST_GROWTH
        bounded = tf.clip_by_value(ahead, lowest, highest)
        return _expm1(bounded) / tf.reshape(tf.gather(_float32(self.ratio), rows), shape)


@dataclasses.dataclass(frozen=True, eq=False)
class WindowLogs:
    """The logarithms of some windows: how to get there and back.

    Attributes:
        view: The numbers that it needs.
        rows: Which of these each window has, `[B]`.
        context: The logarithms of the contexts, `[B, T]`.
    """

    view: LogView
    rows: tf.Tensor
    context: tf.Tensor

    @classmethod
    def of(cls, window: Window, view: LogView) -> "WindowLogs":
        """Returns those of the contexts of windows."""
        rows = series_rows(window, count=len(view.ratio))
        return cls(view, rows, view.to_logs(tf.convert_to_tensor(window[features.CONTEXT]), rows))

    def to_logs(self, values: tf.Tensor) -> tf.Tensor:
        """Returns logarithms of scaled values, `[B, ...]`; NaN stays NaN."""
        return tf.where(tf.math.is_nan(values), values, self.view.to_logs(values, self.rows))

    def to_values(self, ahead: tf.Tensor) -> tf.Tensor:
        """Returns forecasts `[B, H]` of logarithms as scaled values."""
        return self.view.to_values(ahead, self.rows, context=self.context)


def in_logs(window: Window, view: LogView) -> dict[str, tf.Tensor]:
    """Returns windows whose context, and target where they have one, are logarithms."""
    logs = WindowLogs.of(window, view)
    changed = {features.CONTEXT: logs.context}
    if features.TARGET in window:
        changed[features.TARGET] = logs.to_logs(tf.convert_to_tensor(window[features.TARGET]))
    return {**window, **changed}


def series_rows(window: Window, *, count: int) -> tf.Tensor:
    """Returns which row of a table each window's series has, `[B]`: 0 for all others; 0 where there is one row.

    Args:
        window: Features of `docs/data-formats.md`.
        count: Rows of the table.
    """
    if count == 1:
        return tf.zeros(tf.shape(window[features.CONTEXT])[:1], tf.int32)
    return window[features.SERIES_INDEX] + 1


def log_view(least: Array, *, offset: Array, scale: Array) -> LogView | None:
    """Returns the view, or None where a value or an offset is not above 0.

    Args:
        least: The least scaled value of each series, `[G]`.
        offset: Of each series, `[1 + G]`, row 0 for all others.
        scale: Likewise.
    """
    own = offset[1:] + scale[1:] * least
    least = np.concatenate([own.min(keepdims=True), own])
    if not (np.all(least > 0.0) and np.all(offset > 0.0)):
        return None
    if np.ptp(offset) == 0.0 and np.ptp(scale) == 0.0:
        # One scale for all: no row has to be looked up.
        least, offset, scale = least.min(keepdims=True), offset[:1], scale[:1]
    return LogView(ratio=scale / offset, least=0.5 * least / offset)


def _float32(numbers: Array) -> tf.Tensor:
    return tf.constant(numbers, tf.float32)


def _log1p(values: tf.Tensor) -> tf.Tensor:
    """Returns `log(1 + x)` without losing the digits of a small `x`; the operation of that name is not in ONNX.

    Source: Kahan, in Goldberg, What Every Computer Scientist Should Know About Floating-Point Arithmetic, ACM Computing
    Surveys 23 (1991), theorem 4.
    """
    rounded = 1.0 + values
    lost = tf.cast(tf.equal(rounded, 1.0), values.dtype)
    return lost * values + (1.0 - lost) * tf.math.log(rounded) * values / (rounded - 1.0 + lost)


def _expm1(values: tf.Tensor) -> tf.Tensor:
    """Returns `exp(x) - 1` likewise: it is `tanh(x / 2) (exp(x) + 1)`."""
    return tf.tanh(values / 2.0) * (tf.exp(values) + 1.0)
