"""How far "as a season ago" was wrong on the train split, inside the scored graph: what MASE divides by."""

from collections.abc import Mapping

import tensorflow as tf


class NaiveErrors(tf.Module):
    """The error of each series, by its id.

    Args:
        errors: Mean absolute errors in scaled space, from `tapeline.series.seasons.naive_errors`.
    """

    def __init__(self, errors: Mapping[bytes, float]) -> None:
        super().__init__(name="naive_errors")
        self._table = None
        # TensorFlow has no empty tables; no series is as long as a season where there are none.
        if errors:
            keys = tf.constant(list(errors), tf.string)
            values = tf.constant(list(errors.values()), tf.float32)
            entries = tf.lookup.KeyValueTensorInitializer(keys, values)
            self._table = tf.lookup.StaticHashTable(entries, default_value=float("nan"))

    def __call__(self, series_id: tf.Tensor) -> tf.Tensor:
        """Returns the errors, float32 `[B]`; NaN for series whose error on train is not known.

        Args:
            series_id: Strings `[B]`.
        """
        if self._table is None:
            return tf.fill(tf.shape(series_id), float("nan"))
        return self._table.lookup(series_id)
