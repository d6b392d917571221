"""The linear highway: one linear map from all that is known to all lead steps.

It runs under the recurrent part of the model, which only learns what is left over. Started from its closed-form ridge
solution (`tapeline.forecaster.network.ridge`) the untrained model is already a strong baseline, the NLinear of Zeng et
al., "Are Transformers Effective for Time Series Forecasting?" (2023), with known covariates; frozen, it is the gate's
baseline `ridge`.

It may read the context alone, and it may have a map of its own for each series beside the one that is shared. In
training it can be cross-fitted: each window then gets the forecast of a map that was fitted without its time.
"""

from typing import Literal

import keras
import tensorflow as tf

from tapeline.forecaster.network.category_inputs import one_hot_shape, one_hot_window
from tapeline.forecaster.network.inputs import Window, lag_positions
from tapeline.forecaster.network.ridge_fit import RidgeFit
from tapeline.forecaster.network.views import HOURS, WEEKEND, seen_window
from tapeline.schemas import features
from tapeline.schemas.training_config import ViewConfig
from tapeline.schemas.window_spec import WindowShape

Reads = Literal["context", "known", "all"]
"""What a highway reads: the context alone; also what is known ahead and of the series; also more waves of the calendar,
and of amounts that are known ahead what they were at the lags, and all squares."""

WIDEST_FIRST: tuple[Reads, ...] = ("all", "known", "context")

WAVES = 6
"""Waves of each calendar cycle that `all` has, the base wave included."""

WEEKEND_WAVES = 4
"""Waves of the day that `all` has a second time for weekends alone."""

_MOST_MORE = 2_000
"""Most inputs that `all` may add: a part that does not fit any more is left out."""

_FEW_MAPS = 16
"""Up to this many, all maps are applied and one result is picked; gathering a map for each window costs more."""


def highway_size(shape: WindowShape, reads: Reads = "all") -> int:
    """Returns `D`, the width of what the highway reads."""
    if reads == "context":
        return shape.context_length
    wide = one_hot_shape(shape)
    return wide.context_length + wide.horizon * wide.future + wide.static + (more_size(shape) if reads == "all" else 0)


def more_size(shape: WindowShape) -> int:
    """Returns how many inputs `all` has beyond what is known.

    >>> more_size(WindowShape(context_length=48, horizon=10, future=3, calendar=("hour_of_day",), lags=(24, 48)))
    60
    """
    return sum(_more(shape).values())


def _more(shape: WindowShape) -> dict[str, int]:
    """The parts that `all` has beyond what is known, with their widths."""
    cycles = sum(name != WEEKEND for name in shape.calendar)
    parts = {
        "waves": 2 * (WAVES - 1) * cycles,
        "amounts": len(shape.amounts) * shape.horizon * (1 + 2 * len(shape.lags)),
        "weekends": 2 * WEEKEND_WAVES * shape.horizon if {WEEKEND, HOURS} <= set(shape.calendar) else 0,
    }
    chosen: dict[str, int] = {}
    for name, width in parts.items():
        if width and sum(chosen.values()) + width <= _MOST_MORE:
            chosen[name] = width
    return chosen


def widest_reads(reads: Reads, shape: WindowShape) -> Reads:
    """Returns the widest that comes to the same, where there is nothing more to read."""
    size = highway_size(shape, reads)
    return next(wider for wider in WIDEST_FIRST if highway_size(shape, wider) == size)


def highway_inputs(window: Window, shape: WindowShape, reads: Reads = "all") -> tf.Tensor:
    """Returns what the highway reads: the context relative to its last value, the known future, the series, and more.

    More is what bends a line. What a temperature does depends on how much it differs from the one under the values of
    the context, and grows to both sides of a mild one: so amounts are read at the lags, and squared. A cycle of the
    calendar is rarely one wave: its multiples are read at the first lead step, from which a linear map has those of all
    others. Categories are one-hot; columns of many are left out.

    Args:
        window: Features of `docs/data-formats.md`.
        shape: Their widths.
        reads: How much of it; each adds behind what the one before it reads.

    Returns:
        `[B, D]`: `T` inputs of the context, `H K + S` of what is known with the widths that categories have as inputs,
        and `more_size`.
    """
    context = window[features.CONTEXT]
    parts = [context - context[:, -1:]]
    if reads != "context":
        plain, wide = one_hot_window(window, shape), one_hot_shape(shape)
        if wide.future:
            ahead = plain[features.FUTURE_COVARIATES][:, shape.context_length :]
            parts.append(tf.reshape(ahead, (-1, shape.horizon * wide.future)))
        if wide.static:
            parts.append(plain[features.STATIC_COVARIATES])
    if reads == "all":
        makers = {"waves": _waves, "amounts": _amounts, "weekends": _weekends}
        parts += [tf.reshape(makers[name](window, shape), (-1, width)) for name, width in _more(shape).items()]
    return tf.concat(parts, axis=1)


def _waves(window: Window, shape: WindowShape) -> tf.Tensor:
    """The further waves of each calendar cycle at the first lead step."""
    seen = seen_window(_lead(window, shape, steps=1), shape=shape, view=ViewConfig(harmonics=WAVES))
    return seen[features.FUTURE_COVARIATES][:, :, shape.future :]


def _amounts(window: Window, shape: WindowShape) -> tf.Tensor:
    """Amounts at the lags, then squared, ahead and at the lags: `[B, 1 + 2 L, H, A]`."""
    amounts = tf.gather(window[features.FUTURE_COVARIATES], shape.amounts, axis=2)
    ahead = amounts[:, shape.context_length :]
    before = [tf.gather(amounts, lag_positions(lag, shape), axis=1) for lag in shape.lags]
    return tf.stack([*before, *(values * values for values in (ahead, *before))], axis=1)


def _weekends(window: Window, shape: WindowShape) -> tf.Tensor:
    """The waves of the day at all lead steps, zero but for weekends."""
    view = ViewConfig(harmonics=WEEKEND_WAVES, weekend_hours=True)
    seen = seen_window(_lead(window, shape, steps=shape.horizon), shape=shape, view=view)
    return seen[features.FUTURE_COVARIATES][:, :, -2 * WEEKEND_WAVES :]


def _lead(window: Window, shape: WindowShape, *, steps: int) -> Window:
    """The columns known ahead at the first lead steps alone."""
    ahead = window[features.FUTURE_COVARIATES][:, shape.context_length : shape.context_length + steps]
    return {features.FUTURE_COVARIATES: ahead}


class LinearHighway(keras.layers.Layer):
    """A linear forecast relative to the last context value; at first that of persistence: all zeros."""

    def __init__(
        self,
        shape: WindowShape,
        *,
        reads: Reads = "all",
        per_series: bool = False,
        trainable: bool = True,
        name: str = "highway",
    ) -> None:
        """Makes the weights.

        Args:
            shape: Widths of a window.
            reads: How much is read.
            per_series: Whether each series of `shape.series` has a map of its own; the shared one is then for others.
            trainable: False freezes it, as a baseline.
            name: Name of the layer.
        """
        super().__init__(name=name, trainable=trainable)
        self.shape = shape
        self.reads: Reads = reads
        self.series = shape.series if per_series else 0
        size = highway_size(shape, reads), shape.horizon
        self.kernel = self.add_weight(shape=size, initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=size[1:], initializer="zeros", name="bias")
        if self.series:
            own = self.series, *size
            self.series_kernel = self.add_weight(shape=own, initializer="zeros", name="series_kernel")
            self.series_bias = self.add_weight(
                shape=(self.series, shape.horizon), initializer="zeros", name="series_bias"
            )
        # Constants of training, and no weights: what is saved and served has none of them.
        self._fold_kernel: tf.Tensor | None = None
        self._fold_bias: tf.Tensor | None = None
        self.built = True

    def adopt(self, fit: RidgeFit, *, cross_fit: bool = False) -> None:
        """Takes the maps of a ridge regression.

        Args:
            fit: Of the same kind: what is read, and for how many series.
            cross_fit: Whether windows in training get the maps that were fitted without their time, where there are.
        """
        self.kernel.assign(fit.kernel)
        self.bias.assign(fit.bias)
        if self.series:
            self.series_kernel.assign(fit.series_kernel)
            self.series_bias.assign(fit.series_bias)
        self._fold_kernel = self._fold_bias = None
        if cross_fit and fit.fold_kernel is not None:
            kernel, bias = fit.fold_differences()
            self._fold_kernel, self._fold_bias = tf.constant(kernel), tf.constant(bias)

    def call(self, window: Window, training: bool = False) -> tf.Tensor:
        """Returns the forecast less the last context value, `[B, H]`.

        Args:
            window: Features of `docs/data-formats.md`; the series' index where series have maps of their own.
            training: Whether windows with a fold get the map that was fitted without it.
        """
        inputs = highway_inputs(window, self.shape, self.reads)
        # 0 is the shared map.
        series = window[features.SERIES_INDEX] + 1 if self.series else 0
        if self.series:
            kernels = tf.concat([self.kernel.value[tf.newaxis], self.series_kernel.value], axis=0)
            biases = tf.concat([self.bias.value[tf.newaxis], self.series_bias.value], axis=0)
            forecast = apply_maps(inputs, kernels, biases, series)
        else:
            forecast = tf.matmul(inputs, self.kernel.value) + self.bias.value
        if training and self._fold_kernel is not None and features.FOLD in window:
            place = (window[features.FOLD] + 1) * (self.series + 1) + series
            forecast += apply_maps(inputs, self._fold_kernel, self._fold_bias, place)
        return forecast


def apply_maps(inputs: tf.Tensor, kernels: tf.Tensor, biases: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """Returns what the linear map of each row makes of it, `[B, H]`.

    Args:
        inputs: `[B, D]`.
        kernels: Of all maps, `[M, D, H]`.
        biases: `[M, H]`.
        index: Which map each row gets, int32 `[B]`.
    """
    count = kernels.shape[0]
    if count <= _FEW_MAPS:
        everything = tf.tensordot(inputs, kernels, axes=[[1], [1]]) + biases
        return tf.reduce_sum(everything * tf.one_hot(index, count)[:, :, tf.newaxis], axis=1)
    return tf.matmul(inputs[:, tf.newaxis], tf.gather(kernels, index))[:, 0] + tf.gather(biases, index)
