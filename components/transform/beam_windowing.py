"""What a worker does with a group of whole series: cuts it, and writes its chunks and windows into files of its own.

A group's files have names, records and an order that do not depend on the
run: what a runner repeats replaces its files by equal ones.
"""

import dataclasses
import os
import uuid
from collections.abc import Iterable, Iterator

import pyarrow as pa
import tensorflow as tf
from apache_beam.metrics.metric import Metrics
from tfx_bsl.coders import example_coder

from tapeline.components.transform.window_group import GroupCut, WindowPlan, cut_group
from tapeline.components.transform.window_tally import UNMEASURED, Tally, longest_steps, unscaled_series
from tapeline.schemas.errors import DataError
from tapeline.series.chunking import SplitSteps, own_bounds
from tapeline.series.grouping.series_rows import SeriesRows
from tapeline.series.time_features import TimeFeatures
from tapeline.series.time_grid import TimeGrid

_COUNTERS = "tapeline.windows"


@dataclasses.dataclass(frozen=True)
class WriteGroup:
    """From a group's key and all its rows to its files, and one line: its tally.

    Attributes:
        plan: How windows are cut.
        splits: First ordinal of each split, and the one after its last; None where each series is cut by its own end.
        folders: Where files go: `("chunks" or "windows", split)` to a folder.
        temporary: Where files are begun.
    """

    plan: WindowPlan
    splits: SplitSteps | None
    folders: dict[tuple[str, str], str]
    temporary: str

    def __call__(self, key: int, rows: SeriesRows) -> Iterator[str]:
        """Cuts and writes one group."""
        unscaled = unscaled_series(rows)
        if unscaled:
            yield Tally(unscaled=unscaled).as_json()
            return
        of_time = TimeFeatures(self.plan.data, self.plan.features)
        splits = own_bounds(rows, TimeGrid.of(self.plan.data)) if self.splits is None else self.splits
        try:
            cut = cut_group(rows, plan=self.plan, splits=splits, of_time=of_time)
        except DataError as error:
            yield Tally(problems=(str(error),)).as_json()
            return
        windows = {split: len(starts) for split, starts in cut.starts.items()} | {UNMEASURED: cut.unmeasured}
        counts = {"rows": len(rows.code), "series": len(rows.ids)}
        counts |= {f"windows_{kind}": count for kind, count in windows.items()}
        for name, count in counts.items():
            Metrics.counter(_COUNTERS, name).inc(count)
        longest = longest_steps(cut.grid, splits, context_length=self.plan.window.least_context)
        # The rows are on the grid now.
        del rows
        self._write_files(f"{key:05d}.gz", cut)
        yield Tally(windows=windows, longest=longest).as_json()

    def _write_files(self, name: str, cut: GroupCut) -> None:
        for (kind, split), folder in self.folders.items():
            if not len(cut.starts[split]):
                continue
            if kind == "chunks":
                batches = cut.chunk_batches(split, self.plan)
            else:
                batches = cut.window_batches(split, self.plan.spec(split))
            self._write(os.path.join(folder, f"{kind}-{name}"), batches)

    def _write(self, target: str, batches: Iterable[pa.RecordBatch]) -> None:
        encoder = example_coder.RecordBatchToExamplesEncoder()
        path = os.path.join(self.temporary, uuid.uuid4().hex)
        # Level 1: windows repeat their neighbours, which the fastest level sees as well as the slowest.
        options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)
        with tf.io.TFRecordWriter(path, options) as writer:
            for batch in batches:
                for example in encoder.encode(batch):
                    writer.write(example)
        tf.io.gfile.rename(path, target, overwrite=True)
