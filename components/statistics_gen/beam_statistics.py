"""Statistics of rows by TFDV, on Arrow record batches that are whole blocks of a file.

TFX's StatisticsGen reads record by record, which takes longer than describing what was read.

>>> features = RowFeatures(numbers=("wind",))
>>> batch = {SERIES_ID: np.array([b"a", b"a"], object), TIMESTAMP: np.array([0, 60]), NUMBERS: np.array([[2.5], [np.nan]])}
>>> record_batch(batch, features).to_pydict()
{'series_id': [[b'a'], [b'a']], 'timestamp': [[0], [60]], 'wind': [[2.5], None]}
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_data_validation as tfdv
from apache_beam.pipeline import Pipeline
from tensorflow_data_validation.statistics import stats_impl
from tfx_bsl.arrow import table_util

from tapeline.schemas.features import ROW_NUMBER, SERIES_ID, TIMESTAMP
from tapeline.series.arrays import Array
from tapeline.series.grouping.rows_io import read_rows
from tapeline.series.grouping.series_rows import NUMBERS, TEXTS, RowFeatures
from tapeline.series.row_progress import Passage, Whole, watched

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


def describe_here(splits: Sequence[SplitFiles], features: RowFeatures) -> bool:
    """Describes splits in this process, if all of them together are small.

    Args:
        splits: What to describe.
        features: What is described.

    Returns:
        Whether it did: with more than `ROWS_HERE` rows it does not, and nothing is written.
    """
    held: list[list[pa.RecordBatch]] = []
    rows = 0
    for split in splits:
        held.append([])
        for path in split.files:
            for batch in read_rows(path, features, one_in=split.one_in):
                held[-1].append(record_batch(batch, features))
                rows += held[-1][-1].num_rows
                if rows > ROWS_HERE:
                    return False
    for split, batches in zip(splits, held, strict=True):
        found = stats_impl.generate_statistics_in_memory(table_util.MergeRecordBatches(batches), _options())
        with tf.io.gfile.GFile(split.target, "wb") as file:
            file.write(found.SerializeToString())
    return True


def describe_on_beam(
    make_pipeline: Callable[[], Pipeline], splits: Sequence[SplitFiles], features: RowFeatures, folder: str
) -> None:
    """Describes splits of any size, with one Beam job.

    Args:
        make_pipeline: Makes a Beam pipeline.
        splits: What to describe.
        features: What is described.
        folder: Temporary; workers reach it.
    """
    paths = [path for split in splits for path in split.files]
    with watched(folder, whole=functools.partial(Whole.of_files, paths)), make_pipeline() as pipeline:
        for split in splits:
            read = functools.partial(_read, features=features, one_in=split.one_in, passage=Passage(folder, "describe"))
            _ = (
                pipeline
                | f"Files[{split.name}]" >> beam.Create(split.files)
                | f"Spread[{split.name}]" >> beam.Reshuffle()
                | f"Read[{split.name}]" >> beam.FlatMap(read).with_output_types(pa.RecordBatch)
                | f"Describe[{split.name}]" >> tfdv.GenerateStatistics(_options())
                | f"Write[{split.name}]" >> tfdv.WriteStatisticsToBinaryFile(split.target)
            )


def record_batch(batch: dict[str, Array], features: RowFeatures) -> pa.RecordBatch:
    """Returns rows as TFX decodes them: a list of one value each, null where it is missing.

    Args:
        batch: Rows as `rows_io.read_rows` yields them.
        features: What was read.
    """
    size = len(batch[TIMESTAMP])
    columns = {SERIES_ID: _lists(batch[SERIES_ID]), TIMESTAMP: _lists(batch[TIMESTAMP])}
    if features.row_number:
        columns[ROW_NUMBER] = _lists(batch[ROW_NUMBER])
    for at, name in enumerate(features.numbers):
        values = batch[NUMBERS][:, at].astype(np.float32)
        missing = np.isnan(values)
        # What no row of a batch has is of no type yet.
        columns[name] = pa.nulls(size) if missing.all() else _lists(values, missing)
    columns |= {name: _lists(batch[TEXTS][:, at]) for at, name in enumerate(features.texts)}
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def _read(path: str, *, features: RowFeatures, one_in: int, passage: Passage) -> Iterator[pa.RecordBatch]:
    for batch in passage.over(read_rows(path, features, one_in=one_in), path, each=one_in):
        yield record_batch(batch, features)


def _lists(values: Array, missing: Array | None = None) -> pa.Array:
    if missing is None:
        missing = np.zeros(len(values), bool)
    present = np.append(0, np.cumsum(~missing))
    offsets = pa.array(present, pa.int64(), mask=np.append(missing, False))
    return pa.LargeListArray.from_arrays(offsets, pa.array(values[~missing]))


def _options() -> tfdv.StatsOptions:
    """Counts of distinct values come from sketches, here as on Beam: exact up to 16,384 of them."""
    options = tfdv.StatsOptions()
    options.use_sketch_based_topk_uniques = True
    return options
