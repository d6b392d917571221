"""The losses and the metric of training, from scratch: by lead step, blind to unobserved targets.

A target is `[B, H]` in scaled space and NaN where nothing was measured. Those steps take no part: not in the sum, not
in the divisor, not in the gradient.

>>> loss = HorizonWeightedMAE(horizon=2)
>>> target, forecast = [[0.0, float("nan")], [0.0, 0.0]], [[4.0, 9.0], [2.0, 3.0]]
>>> float(loss(target, forecast))  # (4 + 2 + 3) / 3
3.0
>>> [float(part) for part in loss.sums(target, forecast)]  # to add up over shards, batches or replicas
[9.0, 3.0]
>>> metric = LeadStepMAE(horizon=2)
>>> metric.update_state(target, forecast)
>>> metric.by_lead_step().numpy().tolist()
[3.0, 3.0]
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.schemas.training_config import LossConfig

Weights = str | Sequence[float]


def lead_step_weights(weights: Weights, *, horizon: int, growth: float = 2.0) -> npt.NDArray[np.float32]:
    """Returns how much each lead step counts, with mean 1.

    Args:
        weights: `uniform`, `linear` or `exponential`, or one positive number for each step.
        horizon: `H`.
        growth: Weight of the last step over that of the first, for `linear` and `exponential`.

    Returns:
        `[H]`.

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
    normalised: npt.NDArray[np.float32] = (given / given.mean()).astype(np.float32)
    return normalised


def observed_errors(
    y_true: tf.Tensor, y_pred: tf.Tensor, *, horizon: int, sample_weight: tf.Tensor | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the error of each step and how much it counts.

    Args:
        y_true: `[B, H]`, NaN where unobserved.
        y_pred: `[B, H]`.
        horizon: `H`.
        sample_weight: `[B]` or `[B, H]`, or None for 1.

    Returns:
        Forecast less target, and the weight, `[B, H]` each; both are 0 where the target is NaN.

    Raises:
        ValueError: The two are not both `[B, H]`, as far as it is known when the graph is built. TensorFlow would
            broadcast in silence: `[B, H]` less `[B, H, 1]` is `[B, B or H, H]`.
    """
    y_true, y_pred = tf.convert_to_tensor(y_true, tf.float32), tf.convert_to_tensor(y_pred, tf.float32)
    same = y_true.shape.rank == y_pred.shape.rank == 2 and y_true.shape.is_compatible_with(y_pred.shape)
    if not same or not y_pred.shape.is_compatible_with((None, horizon)):
        raise ValueError(
            f"y_true has shape {y_true.shape}, y_pred has {y_pred.shape}: both must be [B, {horizon}]. "
            "Squeeze or expand one of them before the loss."
        )
    unobserved = tf.math.is_nan(y_true)
    # The NaN is replaced before the subtraction. Choosing 0 afterwards would give the right loss but a NaN
    # gradient: 0 * NaN, from the branch not taken, is NaN.
    error = y_pred - tf.where(unobserved, y_pred, y_true)
    counted = tf.cast(~unobserved, tf.float32)
    if sample_weight is not None:
        sample_weight = tf.convert_to_tensor(sample_weight, tf.float32)
        counted *= sample_weight[:, tf.newaxis] if sample_weight.shape.rank == 1 else sample_weight
    return error, counted


class HorizonWeightedLoss(keras.losses.Loss):
    """A loss by lead step; subclasses say what one error costs.

    Called as any Keras loss it returns the weighted mean over all observed steps. `sums` gives the two numbers that the
    mean is made of: whoever adds up several shards, batches or replicas divides once at the end, and gets what one
    large batch would have got, however the unobserved steps lie.
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

    def elementwise(self, error: tf.Tensor) -> tf.Tensor:
        """Returns what each error costs before it is weighted, 0 for an error of 0; `[B, H]` both."""
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
            Two scalars; their quotient is the loss. The second depends on `y_true` and `sample_weight` alone.

        Raises:
            ValueError: The shapes differ.
        """
        error, counted = observed_errors(y_true, y_pred, horizon=self.horizon, sample_weight=sample_weight)
        counted = self.weights * counted
        return tf.reduce_sum(self.elementwise(error) * counted), tf.reduce_sum(counted)

    def __call__(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the mean over all observed steps, a scalar; Keras' own reduction would count the unobserved too."""
        return tf.math.divide_no_nan(*self.sums(y_true, y_pred, sample_weight))


class HorizonWeightedMAE(HorizonWeightedLoss):
    """Mean absolute error with weights by lead step."""

    def elementwise(self, error: tf.Tensor) -> tf.Tensor:
        return tf.abs(error)


class HorizonWeightedHuber(HorizonWeightedLoss):
    """Huber's loss over `delta`, with weights by lead step: like the absolute error for large errors, smooth for small.

    With `e` the error, `e^2 / (2 delta)` for `|e| <= delta` and `|e| - delta / 2` beyond: Huber's loss divided by
    `delta`, so that it is in the unit of the target.
    """

    def __init__(self, *, delta: float, **options: Any) -> None:
        """Sets the weights and where the loss turns.

        Args:
            delta: Where the loss turns from squared to absolute, in scaled units.
            **options: See `HorizonWeightedLoss`.
        """
        super().__init__(**options)
        self.delta = delta

    def elementwise(self, error: tf.Tensor) -> tf.Tensor:
        size = tf.abs(error)
        inside = tf.minimum(size, self.delta)
        return inside * inside / (2.0 * self.delta) + (size - inside)


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
        """Adds windows; takes what `observed_errors` takes, and raises what it raises."""
        error, counted = observed_errors(y_true, y_pred, horizon=self.horizon, sample_weight=sample_weight)
        self.total.assign_add(tf.reduce_sum(tf.abs(error) * counted, axis=0))
        self.weight.assign_add(tf.reduce_sum(counted, axis=0))

    def result(self) -> tf.Tensor:
        """Returns the mean over all windows and lead steps, a scalar; 0 before the first window."""
        return tf.math.divide_no_nan(tf.reduce_sum(self.total), tf.reduce_sum(self.weight))

    def by_lead_step(self) -> tf.Tensor:
        """Returns the mean over all windows at each lead step, `[H]`; NaN where a step was never observed."""
        return self.total / self.weight
