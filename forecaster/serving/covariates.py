"""Covariates inside the served graph: raw columns in, scaled window features out.

Columns go through the very graph that Transform fitted, so they are scaled as
in training; a model whose only covariates are calendar features computes those
and carries no such graph.
"""

import os
from collections.abc import Mapping

import tensorflow as tf

from tapeline.forecaster.serving.calendar_table import CalendarTable
from tapeline.forecaster.serving.float_tensors import split_tensor
from tapeline.forecaster.serving.request_rules import Rule, first_offender
from tapeline.schemas import features as names
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.gap_filling import fill_gaps, hold_known
from tapeline.series.holiday_flags import END_SECOND, FIRST_SECOND, HolidayFlags, show_day
from tapeline.series.time_grid import TimeGrid

Tensors = Mapping[str, tf.Tensor]


class Covariates(tf.Module):
    """Scales the covariates of requests.

    Args:
        transform_graph_uri: Folder of the TransformGraph artifact.
        data: Frequency and time zone.
        features: Which columns play which part.
        shape: Widths of a window.
        holidays_until: First time that no forecast may reach, in epoch seconds, where the model has holidays.
    """

    def __init__(
        self,
        *,
        transform_graph_uri: str,
        data: DataConfig,
        features: FeaturesConfig,
        shape: WindowShape,
        holidays_until: int = END_SECOND,
    ) -> None:
        super().__init__(name="covariates")
        self._columns = {role: getattr(features, role) for role in names.CATEGORIES}
        self._numbers = {role: features.numbers(role) for role in names.CATEGORIES}
        self._texts = {role: features.texts(role) for role in names.CATEGORIES}
        self._shape = shape
        self._codes = features.holidays
        self._until = holidays_until
        self._holidays = HolidayFlags(features.holidays, TimeGrid.of(data))
        self._calendar = CalendarTable(features.calendar, data.timezone)
        if features.columns:
            self._transform = tf.saved_model.load(os.path.join(transform_graph_uri, "transform_fn"))

    def input_specs(self) -> dict[str, tf.TensorSpec]:
        """Returns what a request must hold: `[B, T', P]`, `[B, T' + H, K]` and `[B, S]`; unused inputs are left out.

        Columns of categories are texts in an input of their own, of the same rank.
        """
        ranks = {names.PAST_COVARIATES: 3, names.FUTURE_COVARIATES: 3, names.STATIC_COVARIATES: 2}
        inputs = [(role, role, columns, tf.float64) for role, columns in self._numbers.items()]
        inputs += [(role, names.CATEGORIES[role], columns, tf.string) for role, columns in self._texts.items()]
        return {
            name: tf.TensorSpec([None] * (ranks[role] - 1) + [len(columns)], dtype, name=name)
            for role, name, columns, dtype in inputs
            if columns
        }

    def rules(self, first: tf.Tensor, last: tf.Tensor) -> list[Rule]:
        """Returns the rule that refuses times whose holidays are not known.

        Args:
            first: Epoch seconds of the first step of each context, int64 `[B]`.
            last: Epoch seconds of the last step that is forecast, int64 `[B]`.
        """
        if not self._codes:
            return []
        inside = (first >= FIRST_SECOND) & (last < self._until)
        return [
            Rule(
                tf.reduce_all(inside),
                f"timestamps: the model knows the holidays of {', '.join(self._codes)} from {show_day(FIRST_SECOND)} up "
                f"to, and without, {show_day(self._until)}; ask for times inside, or train again on newer data; "
                "first offending row, its first time and the last time of its forecast:",
                lambda: [row := first_offender(inside), first[row], last[row]],
            )
        ]

    def __call__(self, raw: Tensors, times: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the window features `past_covariates`, `future_covariates` and `static_covariates`.

        Args:
            raw: Those of the inputs that the model has, cut to the context (and `L` steps ahead); NaN, or an empty text,
                where missing.
            times: Epoch seconds of the context and `L` steps ahead, int64 `[B, T + L]`.
        """
        shape, batch = self._shape, tf.shape(times)[0]
        length = times.shape[1] or tf.shape(times)[1]
        if any(self._columns.values()):
            scaled = self._scaled(raw, times)
        else:
            of_time = self._calendar(times)
            if self._codes:
                of_time = tf.concat([self._holidays(times), of_time], axis=-1)
            scaled = {names.FUTURE_COVARIATES: tf.reshape(of_time, [batch, length, shape.future])}
        past = scaled.get(names.PAST_COVARIATES, tf.zeros([batch, length, 0]))[:, : shape.context_length]
        past = tf.ensure_shape(past, [None, shape.context_length, shape.past])
        future = scaled.get(names.FUTURE_COVARIATES, tf.zeros([batch, length, 0]))
        return {
            names.PAST_COVARIATES: fill_gaps(past)[0] if shape.past else past,
            names.FUTURE_COVARIATES: (
                hold_known(future, context_length=shape.context_length)
                if self._columns[names.FUTURE_COVARIATES]
                else future
            ),
            names.STATIC_COVARIATES: scaled.get(names.STATIC_COVARIATES, tf.zeros([batch, length, 0]))[:, 0],
        }

    def _scaled(self, raw: Tensors, times: tf.Tensor) -> dict[str, tf.Tensor]:
        """Rows of context and horizon through Transform's graph: each feature as `[B, T + L, width]`."""
        batch, length = tf.shape(times)[0], times.shape[1] or tf.shape(times)[1]
        rows = batch * length
        steps: dict[str, tf.Tensor] = {names.TIMESTAMP: times}
        for role in self._columns:
            numbers, texts = raw.get(role), raw.get(names.CATEGORIES[role])
            if numbers is not None:
                missing = tf.constant(float("nan"), tf.float64)
                steps |= _pairs(self._numbers[role], self._at_each_step(role, numbers, missing, length))
            if texts is not None:
                at_each_step = self._at_each_step(role, texts, tf.constant(""), length)
                steps |= dict(zip(self._texts[role], tf.unstack(at_each_step, axis=-1), strict=True))
        (arguments, _) = self._transform.transform_fn.structured_input_signature
        inputs = {name: _rows(steps.get(name), spec, rows) for name, spec in arguments[0].items()}
        outputs = self._transform.transform_fn(inputs)
        return {
            role: tf.reshape(outputs[role], [batch, length, outputs[role].shape[-1]])
            for role in self._columns
            if role in outputs
        }

    def _at_each_step(self, role: str, values: tf.Tensor, missing: tf.Tensor, length: tf.Tensor | int) -> tf.Tensor:
        """Values of context and horizon, `[B, T + L, ...]`: those of the past are missing ahead."""
        if role == names.PAST_COVARIATES:
            size = [tf.shape(values)[0], length - self._shape.context_length, values.shape[-1]]
            return tf.concat([values, tf.fill(size, missing)], axis=1)
        return tf.repeat(values[:, tf.newaxis], length, axis=1) if role == names.STATIC_COVARIATES else values


def _pairs(names_of: tuple[str, ...], values: tf.Tensor) -> dict[str, tf.Tensor]:
    """Each column as Transform's graph takes it: float32, and what that rounds away."""
    columns: dict[str, tf.Tensor] = {}
    for name, exact in zip(names_of, tf.unstack(values, axis=-1), strict=True):
        columns[name], columns[names.rest(name)] = split_tensor(exact)
    return columns


def _rows(values: tf.Tensor | None, spec: tf.TypeSpec, rows: tf.Tensor) -> tf.Tensor | tf.SparseTensor:
    """One value a row, as Transform's graph takes it; what the covariates do not depend on is left empty."""
    if values is None:
        empty = "" if spec.dtype == tf.string else 0
        values = tf.fill([rows], tf.constant(empty, spec.dtype))
    flat = tf.reshape(tf.cast(values, spec.dtype), [-1])
    if isinstance(spec, tf.SparseTensorSpec):
        # A value that is there and NaN is scaled as one that is missing: to NaN.
        row = tf.range(tf.cast(rows, tf.int64))
        indices = tf.stack([row, tf.zeros_like(row)], axis=1)
        return tf.SparseTensor(indices, flat, tf.stack([tf.cast(rows, tf.int64), 1]))
    return flat[:, tf.newaxis] if spec.shape.rank == 2 else flat
