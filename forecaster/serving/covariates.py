"""Covariates inside the served graph: raw columns in, scaled window features out.

Columns go through the very graph that Transform fitted, so they are scaled as
in training; a model whose only covariates are calendar features computes those
and carries no such graph.
"""

import os
from collections.abc import Mapping

import tensorflow as tf

from tapeline.forecaster.serving.calendar_table import CalendarTable
from tapeline.schemas import features as names
from tapeline.schemas.sections import DataConfig, FeaturesConfig
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.gap_filling import fill_gaps, hold_known

Tensors = Mapping[str, tf.Tensor]


class Covariates(tf.Module):
    """Scales the covariates of requests.

    Args:
        transform_graph_uri: Folder of the TransformGraph artifact.
        data: Time zone of the calendar.
        features: Which columns play which part.
        shape: Widths of a window.
    """

    def __init__(
        self, *, transform_graph_uri: str, data: DataConfig, features: FeaturesConfig, shape: WindowShape
    ) -> None:
        super().__init__(name="covariates")
        self._columns = {
            names.PAST_COVARIATES: features.past_covariates,
            names.FUTURE_COVARIATES: features.future_covariates,
            names.STATIC_COVARIATES: features.static_covariates,
        }
        self._shape = shape
        self._calendar = CalendarTable(features.calendar, data.timezone)
        if features.columns:
            self._transform = tf.saved_model.load(os.path.join(transform_graph_uri, "transform_fn"))

    def input_specs(self) -> dict[str, tf.TensorSpec]:
        """Returns what a request must hold: `[B, T', P]`, `[B, T' + H, K]` and `[B, S]`; unused inputs are left out."""
        ranks = {names.PAST_COVARIATES: 3, names.FUTURE_COVARIATES: 3, names.STATIC_COVARIATES: 2}
        return {
            role: tf.TensorSpec([None] * (ranks[role] - 1) + [len(columns)], tf.float64, name=role)
            for role, columns in self._columns.items()
            if columns
        }

    def __call__(self, raw: Tensors, times: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the window features `past_covariates`, `future_covariates` and `static_covariates`.

        Args:
            raw: Those of the inputs that the model has, cut to the context (and `L` steps ahead); NaN where missing.
            times: Epoch seconds of the context and `L` steps ahead, int64 `[B, T + L]`.
        """
        shape, batch = self._shape, tf.shape(times)[0]
        length = times.shape[1] or tf.shape(times)[1]
        if any(self._columns.values()):
            scaled = self._scaled(raw, times)
        else:
            scaled = {names.FUTURE_COVARIATES: tf.reshape(self._calendar(times), [batch, length, shape.future])}
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
        if names.PAST_COVARIATES in raw:
            ahead = tf.fill(
                [batch, length - self._shape.context_length, self._shape.past], tf.constant(float("nan"), tf.float64)
            )
            steps |= self._by_column(names.PAST_COVARIATES, tf.concat([raw[names.PAST_COVARIATES], ahead], axis=1))
        if names.FUTURE_COVARIATES in raw:
            steps |= self._by_column(names.FUTURE_COVARIATES, raw[names.FUTURE_COVARIATES])
        if names.STATIC_COVARIATES in raw:
            static = tf.repeat(raw[names.STATIC_COVARIATES][:, tf.newaxis], length, axis=1)
            steps |= self._by_column(names.STATIC_COVARIATES, static)
        (arguments, _) = self._transform.transform_fn.structured_input_signature
        inputs = {name: _rows(steps.get(name), spec, rows) for name, spec in arguments[0].items()}
        outputs = self._transform.transform_fn(inputs)
        return {
            role: tf.reshape(outputs[role], [batch, length, outputs[role].shape[-1]])
            for role in self._columns
            if role in outputs
        }

    def _by_column(self, role: str, values: tf.Tensor) -> dict[str, tf.Tensor]:
        """Each column as Transform's graph takes it: float32, and what that rounds away."""
        columns: dict[str, tf.Tensor] = {}
        for name, exact in zip(self._columns[role], tf.unstack(values, axis=-1), strict=True):
            rounded = tf.cast(exact, tf.float32)
            columns |= {name: rounded, names.rest(name): tf.cast(exact - tf.cast(rounded, tf.float64), tf.float32)}
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
