"""Chunks and windows survive their way through serialized Examples."""

import pathlib
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from tfx_bsl.coders import example_coder

from tapeline.schemas.window_spec import WindowShape
from tapeline.series.window_reader import parse_windows, read_chunks, split_files


def example(**features: Any) -> Any:
    def encoded(values: Any) -> Any:
        if isinstance(values[0], bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        if isinstance(values[0], int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))

    named = {name: encoded(values) for name, values in features.items()}
    return tf.train.Example(features=tf.train.Features(feature=named)).SerializeToString()


def test_chunk_is_read_row_major(tmp_path: pathlib.Path) -> None:
    serialized = example(
        series_id=[b"a"],
        timestamp=[0, 60, 120],
        target=[1.0, float("nan"), 3.0],
        past_covariates=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        static_covariates=[9.0],
        forecast_offsets=[2],
    )
    with tf.io.TFRecordWriter(str(tmp_path / "chunks"), "GZIP") as writer:
        writer.write(serialized)
    (chunk,) = read_chunks([str(tmp_path / "chunks")])
    assert chunk.series_id == b"a"
    np.testing.assert_array_equal(chunk.target, [1, np.nan, 3])
    np.testing.assert_array_equal(chunk.past_covariates, [[1, 2], [3, 4], [5, 6]])
    assert chunk.future_covariates.shape == (3, 0)
    np.testing.assert_array_equal(chunk.static_covariates, [9])
    np.testing.assert_array_equal(chunk.forecast_offsets, [2])


def test_chunks_of_several_files_come_in_order(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "Split-train"
    folder.mkdir()
    for number in range(3):
        with tf.io.TFRecordWriter(str(folder / f"part-{number}.gz"), options="GZIP") as writer:
            writer.write(example(series_id=[b"%d" % number], timestamp=[0], target=[1.0], forecast_offsets=[0]))
    chunks = list(read_chunks(split_files(str(tmp_path), "train")))
    assert [chunk.series_id for chunk in chunks] == [b"0", b"1", b"2"]


SHAPE = WindowShape(context_length=2, horizon=1, past=0, future=2, static=1)
WINDOW = dict(
    series_id=[b"a"],
    forecast_start=[3600],
    context=[0.5, 1.5],
    context_observed=[1.0, 0.0],
    future_covariates=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    static_covariates=[7.0],
)


def test_windows_are_parsed_into_batches() -> None:
    batch = parse_windows(tf.constant([example(**WINDOW, target=[8.0])] * 2), SHAPE, with_target=True)
    assert {name: tuple(value.shape) for name, value in batch.items()} == {
        "series_id": (2,),
        "forecast_start": (2,),
        "context": (2, 2),
        "context_observed": (2, 2),
        "past_covariates": (2, 2, 0),
        "future_covariates": (2, 3, 2),
        "static_covariates": (2, 1),
        "target": (2, 1),
    }
    np.testing.assert_array_equal(batch["future_covariates"][1], [[1, 2], [3, 4], [5, 6]])


def test_parsing_without_target_needs_none() -> None:
    batch = parse_windows(tf.constant([example(**WINDOW)]), SHAPE, with_target=False)
    assert "target" not in batch


def test_parsing_with_target_refuses_a_window_without() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="target"):
        parse_windows(tf.constant([example(**WINDOW)]), SHAPE, with_target=True)


def test_window_written_from_arrow_is_parsed_back() -> None:
    columns = {
        name: pa.array([values]) for name, values in WINDOW.items() if name not in ("series_id", "forecast_start")
    }
    columns = {name: column.cast(pa.list_(pa.float32())) for name, column in columns.items()}
    columns["series_id"] = pa.array([[b"a"]], pa.list_(pa.binary()))
    columns["forecast_start"] = pa.array([[3600]], pa.list_(pa.int64()))
    batch = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
    (serialized,) = example_coder.RecordBatchToExamplesEncoder().encode(batch)
    parsed = parse_windows(tf.constant([serialized]), SHAPE, with_target=False)
    np.testing.assert_array_equal(parsed["context"], [[0.5, 1.5]])
    assert parsed["forecast_start"].numpy().tolist() == [3600]
