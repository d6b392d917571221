"""The second pass over a source: what a Beam worker runs to write a block's rows.

Kept apart from the executor, so that workers load no more of TFX than this.
"""

import json
import os
import uuid
from collections.abc import Iterator

import tensorflow as tf
from apache_beam.metrics.metric import Metrics
from tfx_bsl.coders import example_coder

from tapeline.components.ingest.series_cuts import AnyBounds
from tapeline.schemas.features import SPLITS
from tapeline.series.sources.beam_scanning import COUNTERS
from tapeline.series.sources.reading import Block, read_batches
from tapeline.series.sources.rows import RowLayout, example_batches, read_rows

UNUSED_ROWS = "unused"
"""Rows that lie in no split, in the counts."""


class BlockWriter:
    """Writes the rows of a block into one file a split."""

    def __init__(
        self,
        *,
        layout: RowLayout,
        first_rows: tuple[int, ...],
        bounds: AnyBounds,
        folders: dict[str, str],
        temporary: str,
    ) -> None:
        self.layout = layout
        self.first_rows = first_rows
        self.bounds = bounds
        self.folders = folders
        self.temporary = temporary

    def __call__(self, block: Block) -> Iterator[str]:
        """Writes a block and yields the rows that each split got, as JSON."""
        encoder = example_coder.RecordBatchToExamplesEncoder()
        writers: dict[str, tuple[str, tf.io.TFRecordWriter]] = {}
        counts = dict.fromkeys((*SPLITS, UNUSED_ROWS), 0)
        row = self.first_rows[block.index]
        for batch in read_batches(block):
            rows = read_rows(batch, self.layout, first_row=row)
            row += len(rows)
            for targets, split_of_row in self.bounds.of_rows(rows, self.layout):
                for at, name in enumerate(SPLITS):
                    chosen = split_of_row == at
                    if not chosen.any():
                        continue
                    if name not in writers:
                        path = os.path.join(self.temporary, uuid.uuid4().hex)
                        writers[name] = path, tf.io.TFRecordWriter(path, "GZIP")
                    for example_batch in example_batches(rows, self.layout, targets=targets, chosen=chosen):
                        for example in encoder.encode(example_batch):
                            writers[name][1].write(example)
                        counts[name] += example_batch.num_rows
                counts[UNUSED_ROWS] += int((split_of_row < 0).sum()) * len(targets)
        for name, (path, writer) in writers.items():
            writer.close()
            final = os.path.join(self.folders[name], f"data_tfrecord-{block.index:05d}.gz")
            tf.io.gfile.rename(path, final, overwrite=True)
        for name, count in counts.items():
            Metrics.counter(COUNTERS, f"rows_{name}").inc(count)
        yield json.dumps(counts)
