"""The metric that training and backtests look at: mean absolute error by lead step.

metric = LeadStepMAE(horizon=24)
metric.update_state(target, forecast)
metric.result()        # overall
metric.by_lead_step()  # [24]
"""

from typing import Any

import keras
import tensorflow as tf

from tapeline.components.trainer.losses import check_shapes


class LeadStepMAE(keras.metrics.Metric):
    """Mean absolute error, overall and by lead step; unobserved targets (NaN) are left out."""

    def __init__(self, *, horizon: int, name: str = "mae", **options: Any) -> None:
        """Makes an empty metric.

        Args:
            horizon: `H`.
            name: Name of the metric.
            **options: See `keras.metrics.Metric`.
        """
        super().__init__(name=name, **options)
        self.horizon = horizon
        self.total = self.add_variable(shape=(horizon,), initializer="zeros", name="total")
        self.weight = self.add_variable(shape=(horizon,), initializer="zeros", name="weight")

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None) -> None:
        """Adds windows.

        Args:
            y_true: `[B, H]`, NaN where unobserved.
            y_pred: `[B, H]`.
            sample_weight: `[B]` or `[B, H]`, or None for 1.

        Raises:
            ValueError: The shapes differ.
        """
        y_true, y_pred = tf.convert_to_tensor(y_true, self.dtype), tf.convert_to_tensor(y_pred, self.dtype)
        check_shapes(y_true, y_pred, horizon=self.horizon)
        weight = tf.cast(~tf.math.is_nan(y_true), self.dtype)
        if sample_weight is not None:
            sample_weight = tf.convert_to_tensor(sample_weight, self.dtype)
            weight *= sample_weight[:, tf.newaxis] if sample_weight.shape.rank == 1 else sample_weight
        error = tf.abs(y_pred - tf.where(tf.math.is_nan(y_true), y_pred, y_true))
        self.total.assign_add(tf.reduce_sum(error * weight, axis=0))
        self.weight.assign_add(tf.reduce_sum(weight, axis=0))

    def result(self) -> tf.Tensor:
        """Returns the mean over all windows and lead steps, a scalar; 0 before the first window."""
        return tf.math.divide_no_nan(tf.reduce_sum(self.total), tf.reduce_sum(self.weight))

    def by_lead_step(self) -> tf.Tensor:
        """Returns the mean over all windows at each lead step, `[H]`; NaN where a step was never observed."""
        return self.total / self.weight
