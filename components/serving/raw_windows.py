"""Turns a request in the data's own units into the window that the model takes, inside the graph.

What `Windows` does on Beam for training happens here for a request: checks,
scaling, gap filling, calendar. A request longer than the context is cut to its
newest steps.
"""

from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf

from components.serving.covariates import Covariates
from components.serving.gap_filling import fill_gaps
from components.serving.requirements import first_offender, require
from components.serving.series_scales import SeriesScales
from components.serving.time_steps import TimeSteps
from schemas import features as names
from schemas.window_spec import WindowShape

TIMESTAMPS = "timestamps"
"""Input: time of each context step, epoch seconds `[B, T']`."""


class Request(NamedTuple):
    """A request, ready for the model.

    Attributes:
        window: The window features of `docs/data-formats.md`, without the target.
        offset: Offset of each series, float64 `[B, 1]`.
        scale: Scale of each series, float64 `[B, 1]`.
        forecast_time: Epoch seconds of each forecast value, int64 `[B, H]`.
    """

    window: dict[str, tf.Tensor]
    offset: tf.Tensor
    scale: tf.Tensor
    forecast_time: tf.Tensor


class RawWindows(tf.Module):
    """Reads requests.

    Args:
        scales: Scale of each series.
        covariates: How covariates are scaled.
        steps: The grid of times.
        shape: Widths of a window.
    """

    def __init__(self, *, scales: SeriesScales, covariates: Covariates, steps: TimeSteps, shape: WindowShape) -> None:
        super().__init__(name="raw_windows")
        self._scales = scales
        self._covariates = covariates
        self._steps = steps
        self._shape = shape

    def input_specs(self) -> dict[str, tf.TensorSpec]:
        """Returns what a request holds; inputs without a use are left out."""
        specs = {
            names.CONTEXT: tf.TensorSpec([None, None], tf.float32, name=names.CONTEXT),
            TIMESTAMPS: tf.TensorSpec([None, None], tf.int64, name=TIMESTAMPS),
        }
        if self._scales.per_series:
            specs[names.SERIES_ID] = tf.TensorSpec([None], tf.string, name=names.SERIES_ID)
        return specs | self._covariates.input_specs()

    def __call__(self, inputs: Mapping[str, tf.Tensor]) -> Request:
        """Returns the window of each row of a request.

        Args:
            inputs: Tensors as `input_specs` describes them.

        Raises:
            tf.errors.InvalidArgumentError: When the graph runs: a rule is broken; the message says which.
        """
        shape = self._shape
        with tf.control_dependencies(self._check_sizes(inputs)):
            newest = {name: self._cut(name, values) for name, values in inputs.items()}
        series_id = newest.get(names.SERIES_ID)
        if series_id is None:
            series_id = tf.fill(tf.shape(newest[names.CONTEXT])[:1], "")
        with tf.control_dependencies(self._check_values(newest, series_id)):
            newest = {name: tf.identity(values) for name, values in newest.items()}
        offset, scale = (number[:, tf.newaxis] for number in self._scales(series_id))
        scaled = tf.cast((tf.cast(newest[names.CONTEXT], tf.float64) - offset) / scale, tf.float32)
        context, observed = fill_gaps(scaled)
        timestamps = newest[TIMESTAMPS]
        forecast_time = self._steps.ahead(timestamps[:, -1], shape.horizon)
        times = tf.concat([timestamps, forecast_time], axis=1)
        window = {
            names.SERIES_ID: series_id,
            names.FORECAST_START: forecast_time[:, 0],
            names.CONTEXT: context,
            names.CONTEXT_OBSERVED: tf.cast(observed, tf.float32),
            **self._covariates(newest, times),
        }
        return Request(window, offset, scale, forecast_time)

    def _cut(self, name: str, values: tf.Tensor) -> tf.Tensor:
        """The newest steps of an input, with its static shape."""
        shape = self._shape
        length = {
            names.CONTEXT: shape.context_length,
            TIMESTAMPS: shape.context_length,
            names.PAST_COVARIATES: shape.context_length,
            names.FUTURE_COVARIATES: shape.context_length + shape.horizon,
        }.get(name)
        if length is None:
            return tf.identity(values)
        return tf.ensure_shape(values[:, -length:], [None, length, *values.shape[2:]])

    def _check_sizes(self, inputs: Mapping[str, tf.Tensor]) -> list[tf.Operation]:
        shape = self._shape
        batch, length = tf.unstack(tf.shape(inputs[names.CONTEXT]))
        checks = [
            require(
                length >= shape.context_length,
                f"context: too short; the model needs the last {shape.context_length} steps (longer is cut to the "
                "newest); steps given:",
                length,
            )
        ]
        lengths = {TIMESTAMPS: 0, names.PAST_COVARIATES: 0, names.FUTURE_COVARIATES: shape.horizon}
        for name, values in inputs.items():
            ahead = lengths.get(name)
            if ahead is None:
                rule, expected = "one row for each row of context", [batch]
            else:
                rule = "as many rows and steps as context" + (f", and {ahead} steps ahead" if ahead else "")
                expected = [batch, length + ahead]
            given = tf.shape(values)[: len(expected)]
            checks.append(
                require(tf.reduce_all(tf.equal(given, expected)), f"{name}: must have {rule}; shape given:", given)
            )
        return checks

    def _check_values(self, newest: Mapping[str, tf.Tensor], series_id: tf.Tensor) -> list[tf.Operation]:
        checks = self._steps.check(newest[TIMESTAMPS]) + self._scales.check(series_id)
        for name, values in newest.items():
            if values.dtype.is_floating:
                checks.append(self._check_numbers(name, values))
        context = newest[names.CONTEXT]
        measured = tf.reduce_any(~tf.math.is_nan(context), axis=1)
        checks.append(
            require(
                tf.reduce_all(measured),
                f"context: no measured value in the newest {self._shape.context_length} steps; give at least one; "
                "first offending row:",
                first_offender(measured),
            )
        )
        return checks

    def _check_numbers(self, name: str, values: tf.Tensor) -> tf.Operation:
        finite = tf.math.is_finite(values)
        if name == names.STATIC_COVARIATES:
            rule = "must be finite numbers"
        else:
            finite |= tf.math.is_nan(values)
            rule = "must be finite numbers, or NaN where a value is missing"
        return require(tf.reduce_all(finite), f"{name}: {rule}; first offending row:", first_offender(finite))
