"""StatisticsGen writes what TFX's own component writes, in the main process and on Beam."""

import pathlib
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from tfx.types import standard_artifacts
from tfx_bsl.coders import example_coder

from tapeline.schemas.features import SPLITS
from tests.components.statistics_gen.test_statistics_executor import describe, write_rows


def as_examples(rows: Any, folder: pathlib.Path) -> Any:
    """The same rows as `tf.train.Example`s: TFX's component describes no Parquet whose columns are no lists."""
    artifact = standard_artifacts.Examples()
    artifact.uri, artifact.split_names = str(folder), rows.split_names
    for path in sorted(pathlib.Path(rows.uri).rglob("*.parquet")):
        target = folder / path.parent.name / f"{path.stem}.gz"
        target.parent.mkdir(parents=True, exist_ok=True)
        table = pq.read_table(str(path))
        lists = []
        for column in table.columns:
            kind = pa.float32() if pa.types.is_floating(column.type) else column.type
            lists.append(pa.array([None if value is None else [value] for value in column.to_pylist()], pa.list_(kind)))
        batch = pa.RecordBatch.from_arrays(lists, table.column_names)
        with tf.io.TFRecordWriter(str(target), "GZIP") as writer:
            for record in example_coder.RecordBatchToExamplesEncoder().encode(batch):
                writer.write(record)
    return artifact


def test_statistics_are_those_of_tfx_here_and_on_beam(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tfx.components.statistics_gen import executor as stock

    examples = write_rows(tmp_path / "rows")
    _, here = describe(examples, tmp_path / "here")
    monkeypatch.setattr("tapeline.components.statistics_gen.beam_statistics.ROWS_HERE", 100)
    _, on_beam = describe(examples, tmp_path / "beam")
    _, of_tfx = describe(as_examples(examples, tmp_path / "examples"), tmp_path / "tfx", executor=stock.Executor)
    assert list(here) == list(of_tfx) == list(SPLITS)
    for split in SPLITS:
        assert here[split] == on_beam[split] == of_tfx[split], split
