"""Reading the rows that SeriesExampleGen writes.

for rows in read_rows(path, ("target", "wind")):
    rows.values            # [N, 2], NaN where a feature is absent or empty
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import tensorflow as tf

from tapeline.components.data_gate.rows import Rows
from tapeline.schemas.features import ROW_NUMBER, SERIES_ID, TIMESTAMP

_ROWS_A_BATCH = 32_768
_READ_BYTES = 8 * 2**20


def read_rows(path: str, columns: Sequence[str]) -> Iterator[Rows]:
    """Yields the rows of one file in batches.

    Args:
        path: A gzip TFRecord file.
        columns: Target and covariates, in the order of `Rows.values`.
    """
    spec = {
        SERIES_ID: tf.io.FixedLenFeature([], tf.string),
        TIMESTAMP: tf.io.FixedLenFeature([], tf.int64),
        ROW_NUMBER: tf.io.FixedLenFeature([], tf.int64),
        **{column: tf.io.RaggedFeature(tf.float32, row_splits_dtype=tf.int64) for column in columns},
    }

    def parse(serialized: tf.Tensor) -> dict:
        parsed = tf.io.parse_example(serialized, spec)
        return {**parsed, **{column: (parsed[column].flat_values, parsed[column].row_splits) for column in columns}}

    records = tf.data.TFRecordDataset(path, compression_type="GZIP", buffer_size=_READ_BYTES)
    for batch in records.batch(_ROWS_A_BATCH).map(parse).prefetch(1).as_numpy_iterator():
        code, ids = pd.factorize(pd.Index(batch[SERIES_ID], dtype=object))
        values = np.stack([single_values(*batch[column]) for column in columns], axis=1)
        yield Rows(ids.to_numpy(), code, batch[TIMESTAMP], batch[ROW_NUMBER], values)


def single_values(values: np.ndarray, row_splits: np.ndarray) -> np.ndarray:
    """Returns the first value of each row, float32 `[N]`; NaN where a row has none.

    Args:
        values: The values of all rows, one row after the other.
        row_splits: Where each row's values begin and end, int64 `[N + 1]`.
    """
    single = np.full(len(row_splits) - 1, np.nan, np.float32)
    present = np.diff(row_splits) > 0
    single[present] = values[row_splits[:-1][present]]
    return single
