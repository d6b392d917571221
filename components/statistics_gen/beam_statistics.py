"""Statistics of rows by TFDV, on Arrow record batches that are whole blocks of a file.

TFX's StatisticsGen reads record by record, which takes longer than describing what was read.
"""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import apache_beam as beam
import pyarrow as pa
import tensorflow as tf
import tensorflow_data_validation as tfdv
from apache_beam.pipeline import Pipeline
from tensorflow_data_validation.statistics import stats_impl
from tfx_bsl.arrow import table_util

from tapeline.series.grouping.rows_io import read_record_batches

ROWS_HERE = 100_000
"""So many rows are described in the process that asks for it: setting up a Beam job takes longer."""


class SplitFiles(NamedTuple):
    """A split to describe.

    Attributes:
        name: The split.
        files: Its files.
        one_in: Of so many rows one is described.
        target: Where its statistics go.
    """

    name: str
    files: tuple[str, ...]
    one_in: int
    target: str


def describe_here(splits: Sequence[SplitFiles], columns: Sequence[str]) -> bool:
    """Describes splits in this process, if all of them together are small.

    Args:
        splits: What to describe.
        columns: Features that are described.

    Returns:
        Whether it did: with more than `ROWS_HERE` rows it does not, and nothing is written.
    """
    held: list[list[pa.RecordBatch]] = []
    rows = 0
    for split in splits:
        held.append([])
        for path in split.files:
            for batch in read_record_batches(path, columns, one_in=split.one_in):
                held[-1].append(batch)
                rows += batch.num_rows
                if rows > ROWS_HERE:
                    return False
    for split, batches in zip(splits, held, strict=True):
        found = stats_impl.generate_statistics_in_memory(table_util.MergeRecordBatches(batches), _options())
        with tf.io.gfile.GFile(split.target, "wb") as file:
            file.write(found.SerializeToString())
    return True


def describe_on_beam(
    make_pipeline: Callable[[], Pipeline], splits: Sequence[SplitFiles], columns: Sequence[str]
) -> None:
    """Describes splits of any size, with one Beam job.

    Args:
        make_pipeline: Makes a Beam pipeline.
        splits: What to describe.
        columns: Features that are described.
    """
    with make_pipeline() as pipeline:
        for split in splits:
            read = functools.partial(read_record_batches, columns=columns, one_in=split.one_in)
            _ = (
                pipeline
                | f"Files[{split.name}]" >> beam.Create(split.files)
                | f"Spread[{split.name}]" >> beam.Reshuffle()
                | f"Read[{split.name}]" >> beam.FlatMap(read).with_output_types(pa.RecordBatch)
                | f"Describe[{split.name}]" >> tfdv.GenerateStatistics(_options())
                | f"Write[{split.name}]" >> tfdv.WriteStatisticsToBinaryFile(split.target)
            )


def _options() -> tfdv.StatsOptions:
    """Counts of distinct values come from sketches, here as on Beam: exact up to 16,384 of them."""
    options = tfdv.StatsOptions()
    options.use_sketch_based_topk_uniques = True
    return options
