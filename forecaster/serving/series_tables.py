"""What the served graph knows of every series: its scale, its index, how far "as a season ago" was wrong on train.

The scales are those of `tapeline.series.scaling.Scaler`, which Transform
fitted on the train split: `scaled = (value - offset) / scale`.
"""

from collections.abc import Mapping, Sequence

import tensorflow as tf

from tapeline.forecaster.serving.request_rules import Rule
from tapeline.series.scaling import Scaler


class SeriesScales(tf.Module):
    """Offset and scale by series id.

    Args:
        scaler: The fitted scales.
    """

    def __init__(self, scaler: Scaler) -> None:
        super().__init__(name="series_scales")
        self.per_series = scaler.scope != "all"
        """Whether the series matters; else one scale holds for all."""
        self._refuses = scaler.scope == "none"
        self._overall = scaler.overall
        if self.per_series:
            # Row 0 is the scale of a series without one of its own.
            self._offset = tf.constant([scaler.overall[0], *scaler.offset], tf.float64)
            self._scale = tf.constant([scaler.overall[1], *scaler.scales], tf.float64)
            rows = tf.range(1, len(scaler.ids) + 1, dtype=tf.int64)
            self._rows = _table(tf.constant(list(scaler.ids), tf.string), rows, default=0)

    def __call__(self, series_id: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns offset and scale, float64 `[B]` each.

        Args:
            series_id: Strings `[B]`; only their number matters where one scale holds for all.
        """
        if not self.per_series:
            offset, scale = (tf.fill(tf.shape(series_id)[:1], tf.constant(x, tf.float64)) for x in self._overall)
            return offset, scale
        rows = self._rows.lookup(series_id)
        return tf.gather(self._offset, rows), tf.gather(self._scale, rows)

    def rules(self, series_id: tf.Tensor) -> list[Rule]:
        """Returns the rule that refuses series without a scale, where the configuration refuses them."""
        if not self._refuses:
            return []
        unknown = tf.equal(self._rows.lookup(series_id), 0)
        return [
            Rule(
                ~tf.reduce_any(unknown),
                "series_id: the model was not trained on these series and has no scale for them; "
                "ask for series that it knows, or train with scaling.unseen_series: global:",
                lambda: [tf.boolean_mask(series_id, unknown)],
            )
        ]


class SeriesIndex(tf.Module):
    """The index of the series that a model has weights of their own for.

    Args:
        series: Their ids, in the order of training; none where the model has no such weights.
    """

    def __init__(self, series: Sequence[bytes] = ()) -> None:
        super().__init__(name="series_index")
        self.series = tuple(series)
        indices = tf.range(len(self.series), dtype=tf.int32)
        self._rows = _table(tf.constant(list(self.series), tf.string), indices, default=-1) if self.series else None

    def __call__(self, series_id: tf.Tensor) -> tf.Tensor:
        """Returns the indices, int32 `[B]`; -1 for any other series.

        Args:
            series_id: Strings `[B]`.
        """
        return self._rows.lookup(series_id) if self._rows is not None else tf.fill(tf.shape(series_id)[:1], -1)


class NaiveErrors(tf.Module):
    """The error of "as a season ago" by series id: what MASE divides by.

    Args:
        errors: Mean absolute errors in scaled space, from `tapeline.series.seasons.naive_errors`.
    """

    def __init__(self, errors: Mapping[bytes, float]) -> None:
        super().__init__(name="naive_errors")
        # TensorFlow has no empty tables; there are no errors where no series is as long as a season.
        self._errors = (
            _table(tf.constant(list(errors), tf.string), tf.constant(list(errors.values()), tf.float32), float("nan"))
            if errors
            else None
        )

    def __call__(self, series_id: tf.Tensor) -> tf.Tensor:
        """Returns the errors, float32 `[B]`; NaN for series whose error on train is not known.

        Args:
            series_id: Strings `[B]`.
        """
        return self._errors.lookup(series_id) if self._errors else tf.fill(tf.shape(series_id), float("nan"))


def _table(keys: tf.Tensor, values: tf.Tensor, default: float) -> tf.lookup.StaticHashTable:
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), default_value=default)
