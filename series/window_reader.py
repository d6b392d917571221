"""The one reader of chunk files and of windows, whose one writer is `window_writer`.

`docs/data-formats.md` describes both layouts. Chunks are read into NumPy;
windows are parsed by TensorFlow ops, inside a graph.
"""

import glob
import os
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import tensorflow as tf
from tfx_bsl.coders import example_coder

from tapeline.schemas import features as names
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.arrays import Array, Floats
from tapeline.series.windowing import Chunk

_CHUNKS_A_BATCH = 128


def split_files(uri: str, split: str) -> list[str]:
    """Returns the files of one split of an Examples artifact, sorted.

    Args:
        uri: The artifact's folder.
        split: `train`, `eval` or `test`.
    """
    return sorted(tf.io.gfile.glob(os.path.join(glob.escape(uri), f"Split-{split}", "*")))


def read_chunks(files: Sequence[str]) -> Iterator[Chunk]:
    """Yields the chunks in files, in their order.

    Args:
        files: Paths of gzip TFRecord files, as `split_files` lists them.
    """
    decoder = example_coder.ExamplesToRecordBatchDecoder()
    records = tf.data.TFRecordDataset(list(files), compression_type="GZIP")
    for batch in records.batch(_CHUNKS_A_BATCH).as_numpy_iterator():
        yield from _chunks(decoder.DecodeBatch(batch.tolist()))


def _chunks(batch: pa.RecordBatch) -> Iterator[Chunk]:
    """Views on the Arrow buffers: the values of a batch are copied once, by the decoder."""
    columns = {name: _ragged(batch.column(i)) for i, name in enumerate(batch.schema.names)}
    empty = np.zeros(0, np.float32), np.zeros(batch.num_rows + 1, np.int64)

    def part(name: str, row: int) -> Array:
        values, offsets = columns.get(name, empty)
        return values[offsets[row] : offsets[row + 1]]

    series = batch.column(batch.schema.get_field_index(names.SERIES_ID)).flatten()
    for row in range(batch.num_rows):
        timestamp = part(names.TIMESTAMP, row)
        yield Chunk(
            series_id=series[row].as_py(),
            timestamp=timestamp,
            target=part(names.TARGET, row),
            past_covariates=_two_dimensional(part(names.PAST_COVARIATES, row), len(timestamp)),
            future_covariates=_two_dimensional(part(names.FUTURE_COVARIATES, row), len(timestamp)),
            static_covariates=part(names.STATIC_COVARIATES, row),
            forecast_offsets=part(names.FORECAST_OFFSETS, row),
        )


def _ragged(column: pa.Array) -> tuple[Array, Array]:
    if pa.types.is_large_binary(column.type.value_type):
        return np.zeros(0, np.float32), np.zeros(len(column) + 1, np.int64)
    return column.values.to_numpy(zero_copy_only=False), column.offsets.to_numpy(zero_copy_only=False)


def _two_dimensional(values: Floats, rows: int) -> Array:
    return values.reshape(rows, len(values) // rows)


def window_feature_spec(shape: WindowShape, *, with_target: bool) -> dict[str, tf.io.FixedLenFeature]:
    """Returns how to parse a window; features of width 0 are not in the Examples.

    Args:
        shape: Widths of the window's parts.
        with_target: Whether the target is parsed; a serving graph must not need it.
    """
    sizes = window_sizes(shape)
    if not with_target:
        del sizes[names.TARGET]
    return {
        names.SERIES_ID: tf.io.FixedLenFeature([], tf.string),
        names.FORECAST_START: tf.io.FixedLenFeature([], tf.int64),
        **{name: tf.io.FixedLenFeature(size, tf.float32) for name, size in sizes.items() if 0 not in size},
    }


def window_sizes(shape: WindowShape) -> dict[str, list[int]]:
    """Returns the sizes of one window's float features by name, the target's among them."""
    context, horizon = shape.context_length, shape.horizon
    return {
        names.CONTEXT: [context],
        names.CONTEXT_OBSERVED: [context],
        names.PAST_COVARIATES: [context, shape.past],
        names.FUTURE_COVARIATES: [context + horizon, shape.future],
        names.STATIC_COVARIATES: [shape.static],
        names.TARGET: [horizon],
    }


def parse_windows(serialized: tf.Tensor, shape: WindowShape, *, with_target: bool) -> dict[str, tf.Tensor]:
    """Parses a batch of serialized windows with TensorFlow ops.

    Args:
        serialized: Strings `[B]`.
        shape: Widths of the window's parts.
        with_target: Whether `target` is parsed and returned.

    Returns:
        Every window feature of `docs/data-formats.md` as a batch; features of width 0 as `[B, ..., 0]`.
    """
    parsed: dict[str, tf.Tensor] = tf.io.parse_example(serialized, window_feature_spec(shape, with_target=with_target))
    batch = tf.shape(serialized)[0]
    for name, size in window_sizes(shape).items():
        if 0 in size:
            parsed[name] = tf.zeros([batch, *size])
    return parsed
