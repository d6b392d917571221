"""Losses over a forecast horizon, from scratch: weighted by lead step, blind to unobserved targets.

    loss = make_loss(config.training.loss, horizon=24)
    loss(target, forecast)                      # one number
    total, weight = loss.sums(target, forecast)  # its parts, to add up over shards, batches or replicas

A target is `[B, H]` in scaled space and NaN where nothing was measured. Those
steps take no part: not in the sum, not in the divisor, not in the gradient.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tapeline.schemas.training_config import LossConfig

Weights = str | Sequence[float]


def lead_step_weights(weights: Weights, *, horizon: int, growth: float = 2.0) -> np.ndarray:
    """Returns how much each lead step counts, with mean 1.

    Args:
        weights: `uniform`, `linear` or `exponential`, or one positive number a step.
        horizon: `H`.
        growth: Weight of the last step over that of the first, for `linear` and `exponential`.

    Returns:
        float32 `[H]`.

    Raises:
        ValueError: The name is unknown, or a list has the wrong length or a weight that is not positive.
    """
    if not isinstance(weights, str):
        given = np.asarray(weights, np.float64)
        if given.shape != (horizon,):
            raise ValueError(f"weights: got {given.size} of them, must be one a lead step: horizon is {horizon}.")
        if not (np.isfinite(given) & (given > 0)).all():
            raise ValueError(f"weights: got {list(weights)}, each must be a positive number.")
    elif weights == "uniform":
        given = np.ones(horizon)
    elif weights == "linear":
        given = np.linspace(1.0, growth, horizon)
    elif weights == "exponential":
        given = np.geomspace(1.0, growth, horizon)
    else:
        raise ValueError(f"weights: got {weights!r}, must be uniform, linear, exponential or one number a lead step.")
    return (given / given.mean()).astype(np.float32)


def check_shapes(y_true: tf.Tensor, y_pred: tf.Tensor, *, horizon: int | None = None) -> None:
    """Refuses shapes that TensorFlow would broadcast in silence: `[B, H]` less `[B, H, 1]` is `[B, B or H, H]`.

    Raises:
        ValueError: The two are not both `[B, H]`, as far as it is known when the graph is built.
    """
    same = y_true.shape.rank == y_pred.shape.rank == 2 and y_true.shape.is_compatible_with(y_pred.shape)
    if not same or (horizon is not None and not y_pred.shape.is_compatible_with((None, horizon))):
        rule = f"[B, {horizon}]" if horizon is not None else "[B, H]"
        raise ValueError(
            f"y_true has shape {y_true.shape}, y_pred has {y_pred.shape}: both must be {rule}. "
            "Squeeze or expand one of them before the loss."
        )


def horizon_weighted_absolute_error(y_true: tf.Tensor, y_pred: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Returns `weights * |y_true - y_pred|`, 0 where the target is NaN.

    Args:
        y_true: `[B, H]`, NaN where unobserved.
        y_pred: `[B, H]`.
        weights: `[H]`.

    Returns:
        `[B, H]`.

    Raises:
        ValueError: The shapes differ.
    """
    return weights * tf.abs(_error(y_true, y_pred))


def horizon_weighted_huber(y_true: tf.Tensor, y_pred: tf.Tensor, weights: tf.Tensor, delta: float) -> tf.Tensor:
    """Returns the weighted Huber loss over `delta`: like the absolute error for large errors, smooth below `delta`.

    With `e` the error, `e^2 / (2 delta)` for `|e| <= delta` and `|e| - delta / 2`
    beyond: Huber's loss divided by `delta`, so that it is in the unit of the target.

    Args:
        y_true: `[B, H]`, NaN where unobserved.
        y_pred: `[B, H]`.
        weights: `[H]`.
        delta: Where the loss turns from squared to absolute.

    Returns:
        `[B, H]`.

    Raises:
        ValueError: The shapes differ.
    """
    size = tf.abs(_error(y_true, y_pred))
    inside = tf.minimum(size, delta)
    return weights * (inside * inside / (2.0 * delta) + (size - inside))


def _error(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    check_shapes(y_true, y_pred)
    # The NaN is replaced before the subtraction. Choosing 0 afterwards would give the right loss but a NaN
    # gradient: 0 * NaN, from the branch not taken, is NaN.
    return y_pred - tf.where(tf.math.is_nan(y_true), y_pred, y_true)


class HorizonWeightedLoss(keras.losses.Loss):
    """A loss by lead step; subclasses say what one error costs.

    Called as any Keras loss it returns the weighted mean over all observed
    steps. `sums` gives the two numbers that the mean is made of: whoever adds
    up several shards, batches or replicas divides once at the end, and gets
    what one large batch would have got, however the unobserved steps lie.
    """

    def __init__(
        self, *, horizon: int, weights: Weights = "uniform", growth: float = 2.0, name: str | None = None
    ) -> None:
        """Sets the weights.

        Args:
            horizon: `H`.
            weights: See `lead_step_weights`.
            growth: See `lead_step_weights`.
            name: Name of the loss.
        """
        super().__init__(name=name)
        self.horizon = horizon
        self.weights = lead_step_weights(weights, horizon=horizon, growth=growth)

    def elementwise(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Returns the weighted loss of each step, `[B, H]`, 0 where the target is NaN."""
        raise NotImplementedError

    def sums(
        self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the sum of all losses and the sum of the weights of all observed steps.

        Args:
            y_true: `[B, H]`, NaN where unobserved.
            y_pred: `[B, H]`.
            sample_weight: `[B]` or `[B, H]`, or None for 1.

        Returns:
            Two scalars; their quotient is the loss.

        Raises:
            ValueError: The shapes differ.
        """
        y_true, y_pred = tf.convert_to_tensor(y_true), tf.convert_to_tensor(y_pred)
        check_shapes(y_true, y_pred, horizon=self.horizon)
        losses = self.elementwise(y_true, y_pred)
        counted = tf.where(tf.math.is_nan(y_true), 0.0, self.weights)
        if sample_weight is not None:
            sample_weight = tf.convert_to_tensor(sample_weight, losses.dtype)
            if sample_weight.shape.rank == 1:
                sample_weight = sample_weight[:, tf.newaxis]
            losses, counted = losses * sample_weight, counted * sample_weight
        return tf.reduce_sum(losses), tf.reduce_sum(counted)

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Returns the mean over all observed steps, a scalar; 0 where nothing was observed."""
        return tf.math.divide_no_nan(*self.sums(y_true, y_pred))

    def __call__(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the mean over all observed steps, a scalar; Keras' own reduction would count the unobserved too."""
        return tf.math.divide_no_nan(*self.sums(y_true, y_pred, sample_weight))


class HorizonWeightedMAE(HorizonWeightedLoss):
    """Mean absolute error with weights by lead step."""

    def elementwise(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        return horizon_weighted_absolute_error(y_true, y_pred, self.weights)


class HorizonWeightedHuber(HorizonWeightedLoss):
    """Huber's loss over `delta`, with weights by lead step."""

    def __init__(self, *, delta: float, **options: Any) -> None:
        """Sets the weights and where the loss turns.

        Args:
            delta: Where the loss turns from squared to absolute, in scaled units.
            **options: See `HorizonWeightedLoss`.
        """
        super().__init__(**options)
        self.delta = delta

    def elementwise(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        return horizon_weighted_huber(y_true, y_pred, self.weights, self.delta)


def make_loss(config: LossConfig, horizon: int) -> HorizonWeightedLoss:
    """Returns the loss that a configuration asks for.

    Args:
        config: The section `training.loss`.
        horizon: `H`.
    """
    options: dict[str, Any] = {"horizon": horizon, "weights": config.weights, "growth": config.growth}
    if config.kind == "huber":
        return HorizonWeightedHuber(delta=config.delta, name="huber", **options)
    return HorizonWeightedMAE(name="mae", **options)
