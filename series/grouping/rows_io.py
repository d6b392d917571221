"""The one reader of row files, which `components/ingest/beam_writing.py` writes with `series/sources/rows.py`."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from tapeline.schemas.features import ROW_NUMBER, SERIES_ID, TIMESTAMP, rest
from tapeline.series.arrays import Array
from tapeline.series.float_pairs import join_floats
from tapeline.series.grouping.series_rows import NUMBERS, TEXTS, RowFeatures

_ROWS_A_BATCH = 32_768
_READ_BYTES = 8 * 2**20


def read_rows(path: str, features: RowFeatures, *, one_in: int = 1) -> Iterator[dict[str, Array]]:
    """Yields the rows of one file in batches.

    Args:
        path: A gzip TFRecord file.
        features: What is read.
        one_in: Of so many rows, the first is read.

    Yields:
        `series_id` (bytes `[N]`), `timestamp` (int64 `[N]`), `NUMBERS` (float64 `[N, numbers]`, NaN where missing),
        each vector (float32 `[N, width]`), `row_number` (int64 `[N]`) where it is asked for, and `TEXTS` (bytes
        `[N, texts]`) where there are any.
    """
    parts = [part for name in features.numbers for part in (name, rest(name))]
    spec = {
        SERIES_ID: tf.io.FixedLenFeature([], tf.string),
        TIMESTAMP: tf.io.FixedLenFeature([], tf.int64),
        **({ROW_NUMBER: tf.io.FixedLenFeature([], tf.int64)} if features.row_number else {}),
        **{name: tf.io.FixedLenFeature([width], tf.float32) for name, width in features.vectors.items() if width},
        **{name: tf.io.RaggedFeature(tf.float32, row_splits_dtype=tf.int64) for name in parts},
        **{name: tf.io.FixedLenFeature([], tf.string) for name in features.texts},
    }

    def parse(serialized: tf.Tensor) -> dict[str, Any]:
        parsed = tf.io.parse_example(serialized, spec)
        return {**parsed, **{name: (parsed[name].flat_values, parsed[name].row_splits) for name in parts}}

    records = tf.data.TFRecordDataset(path, compression_type="GZIP", buffer_size=_READ_BYTES)
    if one_in > 1:
        records = records.shard(one_in, 0)
    for batch in records.batch(_ROWS_A_BATCH).map(parse).prefetch(1).as_numpy_iterator():
        size = len(batch[TIMESTAMP])
        numbers = np.full((size, len(features.numbers)), np.nan)
        for at, name in enumerate(features.numbers):
            numbers[:, at] = join_floats(_column(batch.pop(name), np.nan), _column(batch.pop(rest(name)), 0.0))
        nothing = {name: np.zeros((size, 0), np.float32) for name, width in features.vectors.items() if not width}
        if features.texts:
            batch[TEXTS] = np.stack([batch.pop(name) for name in features.texts], axis=1)
        yield {**batch, **nothing, NUMBERS: numbers}


def _column(ragged: tuple[Array, Array], missing: float) -> Array:
    """One float32 a row, `[N]`, of the values `[n]` and the row splits `[N + 1]`."""
    values, row_splits = ragged
    column = np.full(len(row_splits) - 1, missing, np.float32)
    present = np.diff(row_splits) > 0
    column[present] = values[row_splits[:-1][present]]
    return column
