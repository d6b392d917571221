"""The scale of every series inside the served graph.

The same numbers as `tapeline.series.scaling.Scaler`, which Transform
fitted on the train split: `scaled = (value - offset) / scale`.
"""

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
            entries = tf.lookup.KeyValueTensorInitializer(tf.constant(list(scaler.ids), tf.string), rows)
            self._rows = tf.lookup.StaticHashTable(entries, default_value=0)

    def __call__(self, series_id: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns offset and scale, float64 `[B]` each.

        Args:
            series_id: Strings `[B]`; only their number matters where one scale holds for all.
        """
        if not self.per_series:
            batch = tf.shape(series_id)[:1]
            return tuple(tf.fill(batch, tf.constant(number, tf.float64)) for number in self._overall)
        rows = self._rows.lookup(series_id)
        return tf.gather(self._offset, rows), tf.gather(self._scale, rows)

    def rules(self, series_id: tf.Tensor) -> list[Rule]:
        """Returns what refuses series without a scale, where the configuration refuses them."""
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
