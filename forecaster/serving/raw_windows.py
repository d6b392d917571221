"""Turns a request in the data's own units into the window that the model takes, inside the graph.

What Transform does on Beam for training happens here for a request: checks,
scaling, gap filling, calendar. A request longer than the context is cut to its
newest steps; a shorter one is padded in front with steps that were not
measured. With a horizon that is asked for, the window goes on for as many
whole blocks of the trained horizon as hold it.
"""

from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf

from tapeline.forecaster.serving.covariates import Covariates
from tapeline.forecaster.serving.float_tensors import joined
from tapeline.forecaster.serving.input_rules import (
    AHEAD,
    ALONG_TIME,
    LONGEST_HORIZON,
    UP_TO_NOW,
    known_ahead,
    number_rule,
    size_rules,
)
from tapeline.forecaster.serving.request_rules import Rule, enforce, first_offender
from tapeline.forecaster.serving.series_tables import SeriesIndex, SeriesScales
from tapeline.forecaster.serving.time_steps import TimeSteps
from tapeline.schemas import features as names
from tapeline.schemas.served_model import HORIZON, TIMESTAMPS
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.gap_filling import fill_gaps


class Request(NamedTuple):
    """A request, ready for the model.

    Attributes:
        window: The window features of `docs/data-formats.md`, without the target; `L` steps ahead in place of `H`.
        offset: Offset of each series, float64 `[B, 1]`.
        scale: Scale of each series, float64 `[B, 1]`.
        forecast_time: Epoch seconds of each forecast value, int64 `[B, L]`.
        horizon: Steps that were asked for, at most `L`.
        blocks: Trained horizons in `L`.
    """

    window: dict[str, tf.Tensor]
    offset: tf.Tensor
    scale: tf.Tensor
    forecast_time: tf.Tensor
    horizon: tf.Tensor | int
    blocks: tf.Tensor | int


class RawWindows(tf.Module):
    """Reads requests.

    Args:
        scales: Scale of each series.
        index: Index of each series that has weights of its own.
        covariates: How covariates are scaled.
        steps: The grid of times.
        shape: Widths of a window.
        names_series: Whether something beside scales and index needs to know the series.
    """

    def __init__(
        self,
        *,
        scales: SeriesScales,
        index: SeriesIndex,
        covariates: Covariates,
        steps: TimeSteps,
        shape: WindowShape,
        names_series: bool = False,
    ) -> None:
        super().__init__(name="raw_windows")
        self._names_series = names_series or scales.per_series or bool(index.series)
        self._scales = scales
        self._index = index
        self._covariates = covariates
        self._steps = steps
        self._shape = shape

    def input_specs(self, *, any_horizon: bool = False) -> dict[str, tf.TensorSpec]:
        """Returns what a request holds; inputs without a use are left out.

        Args:
            any_horizon: Whether the request says how many steps it wants.
        """
        specs = {
            names.CONTEXT: tf.TensorSpec([None, None], tf.float64, name=names.CONTEXT),
            TIMESTAMPS: tf.TensorSpec([None, None], tf.int64, name=TIMESTAMPS),
        }
        if self._names_series:
            specs[names.SERIES_ID] = tf.TensorSpec([None], tf.string, name=names.SERIES_ID)
        specs |= self._covariates.input_specs()
        if any_horizon and not known_ahead(specs):
            specs[HORIZON] = tf.TensorSpec([], tf.int64, name=HORIZON)
        return specs

    def parse(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the inputs of serialized `tf.Example`s, each of exactly the context's length.

        Args:
            examples: Strings `[B]`; features under the inputs' names, row-major, NaN where a value is missing. What
                float32 rounds away of the numbers may stand beside them, under `features.rest` of their names.
        """
        specs = self.input_specs()
        features = {}
        for name, spec in specs.items():
            size = self._size(name, spec)
            features[name] = tf.io.FixedLenFeature(size, tf.float32 if spec.dtype.is_floating else spec.dtype)
            if spec.dtype.is_floating:
                features[names.rest(name)] = tf.io.FixedLenFeature(size, tf.float32, tf.zeros(size))
        parsed = tf.io.parse_example(examples, features)
        return {
            name: joined(parsed[name], parsed[names.rest(name)]) if spec.dtype.is_floating else parsed[name]
            for name, spec in specs.items()
        }

    def __call__(self, inputs: Mapping[str, tf.Tensor], *, any_horizon: bool = False) -> Request:
        """Returns the window of each row of a request.

        Args:
            inputs: Tensors as `input_specs` describes them.
            any_horizon: Whether the request says how many steps it wants; else it is the trained horizon.

        Raises:
            tf.errors.InvalidArgumentError: When the graph runs: a rule is broken; the message says which.
        """
        shape = self._shape
        inputs = dict(inputs)
        horizon: tf.Tensor | int = shape.horizon
        blocks: tf.Tensor | int = 1
        if any_horizon:
            horizon = self._asked(inputs)
        with tf.control_dependencies([enforce(size_rules(inputs, horizon, shape=shape))]):
            if any_horizon:
                horizon = tf.identity(horizon)
                blocks = (horizon + shape.horizon - 1) // shape.horizon
            length = blocks * shape.horizon
            missing = tf.maximum(shape.context_length - tf.shape(inputs[names.CONTEXT])[1], 0)
            inputs = {name: self._padded(name, values, missing) for name, values in inputs.items()}
            newest = {name: self._cut(name, values, horizon, length) for name, values in inputs.items()}
        series_id = newest.get(names.SERIES_ID)
        if series_id is None:
            series_id = tf.fill(tf.shape(newest[names.CONTEXT])[:1], "")
        forecast_time = self._steps.ahead(newest[TIMESTAMPS][:, -1], length)
        rules = self._value_rules(newest, series_id, length)
        rules += self._covariates.rules(newest[TIMESTAMPS][:, 0], forecast_time[:, horizon - 1])
        with tf.control_dependencies([enforce(rules)]):
            newest = {name: tf.identity(values) for name, values in newest.items()}
        offset, scale = (number[:, tf.newaxis] for number in self._scales(series_id))
        scaled = tf.cast((newest[names.CONTEXT] - offset) / scale, tf.float32)
        context, observed = fill_gaps(scaled)
        times = tf.concat([newest[TIMESTAMPS], forecast_time], axis=1)
        window = {
            names.SERIES_ID: series_id,
            names.FORECAST_START: forecast_time[:, 0],
            names.CONTEXT: context,
            names.CONTEXT_OBSERVED: tf.cast(observed, tf.float32),
            names.SERIES_INDEX: self._index(series_id),
            **self._covariates(newest, times),
        }
        return Request(window, offset, scale, forecast_time, horizon, blocks)

    def _size(self, name: str, spec: tf.TensorSpec) -> list[int]:
        """Sizes of one row of an input that holds the context and the trained horizon, no more."""
        ahead = self._shape.horizon if name in AHEAD else 0
        return [size if size is not None else self._shape.context_length + ahead for size in spec.shape[1:]]

    def _asked(self, inputs: dict[str, tf.Tensor]) -> tf.Tensor:
        """The horizon that a request asks for, int32; taken out of the inputs."""
        if HORIZON in inputs:
            # Clipped, so that no number wraps around: too long stays too long.
            most = LONGEST_HORIZON * self._shape.horizon + 1
            return tf.cast(tf.clip_by_value(inputs.pop(HORIZON), -1, most), tf.int32)
        return tf.shape(inputs[known_ahead(inputs)[0]])[1] - tf.shape(inputs[names.CONTEXT])[1]

    def _padded(self, name: str, values: tf.Tensor, missing: tf.Tensor) -> tf.Tensor:
        """An input with so many steps before it: their times, and nothing measured."""
        if name == TIMESTAMPS:
            return tf.concat([self._steps.before(values[:, 0], missing), values], axis=1)
        if name not in ALONG_TIME:
            return values
        filler = tf.constant("" if values.dtype == tf.string else float("nan"), values.dtype)
        paddings = [[0, 0], [missing, 0], *[[0, 0]] * (values.shape.rank - 2)]
        if values.dtype == tf.string:
            return tf.concat([tf.fill([tf.shape(values)[0], missing, values.shape[2]], filler), values], axis=1)
        return tf.pad(values, paddings, constant_values=filler)

    def _cut(self, name: str, values: tf.Tensor, horizon: tf.Tensor | int, length: tf.Tensor | int) -> tf.Tensor:
        """The newest steps of an input, with its static shape; an unknown end of the known future is held, or NaN."""
        context = self._shape.context_length
        if name in UP_TO_NOW:
            return tf.ensure_shape(values[:, -context:], [None, context, *values.shape[2:]])
        if name not in AHEAD:
            return tf.identity(values)
        known = values[:, -(context + horizon) :]
        if isinstance(horizon, int):
            return tf.ensure_shape(known, [None, context + horizon, *values.shape[2:]])
        if known.dtype == tf.string:
            return tf.concat([known, tf.repeat(known[:, -1:], length - horizon, axis=1)], axis=1)
        return tf.pad(known, [[0, 0], [0, length - horizon], [0, 0]], constant_values=float("nan"))

    def _value_rules(
        self, newest: Mapping[str, tf.Tensor], series_id: tf.Tensor, length: tf.Tensor | int
    ) -> list[Rule]:
        rules = self._steps.rules(newest[TIMESTAMPS], length) + self._scales.rules(series_id)
        rules += [number_rule(name, values) for name, values in newest.items() if values.dtype.is_floating]
        context = newest[names.CONTEXT]
        measured = tf.reduce_any(~tf.math.is_nan(context), axis=1)
        rules.append(
            Rule(
                tf.reduce_all(measured),
                f"context: no measured value in the newest {self._shape.context_length} steps; give at least one; "
                "first offending row:",
                lambda: [first_offender(measured)],
            )
        )
        return rules
