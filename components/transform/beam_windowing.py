"""How series are divided into groups, and what a worker does with one: cuts it, and writes files of its own.

A group's files have names, records and an order that do not depend on the
run: what a runner repeats replaces its files by equal ones.
"""

import dataclasses
import os
import uuid
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import tensorflow as tf
from apache_beam.metrics.metric import Metrics
from tfx_bsl.coders import example_coder

from tapeline.components.transform.window_group import GroupCut, WindowPlan, cut_group
from tapeline.components.transform.window_tally import UNMEASURED, Tally, longest_steps, unscaled_series
from tapeline.schemas.errors import DataError
from tapeline.series.arrays import Ints
from tapeline.series.chunking import SplitSteps, own_bounds, split_bounds
from tapeline.series.grouping.series_rows import SeriesRows
from tapeline.series.grouping.series_survey import Grouping, SeriesSurvey, refuse_long
from tapeline.series.time_features import TimeFeatures
from tapeline.series.time_grid import TimeGrid

_COUNTERS = "tapeline.windows"


_SPARSE = 8
"""Steps that take as much memory in a group as one row."""


def survey_steps(survey: SeriesSurvey, plan: WindowPlan) -> Ints:
    """Returns how many steps each series has from its first row to its last, int64 `[u]`."""
    grid = TimeGrid.of(plan.data)
    return grid.ordinals(survey.last) - grid.ordinals(survey.first) + 1


def divide_steps(survey: SeriesSurvey, *, plan: WindowPlan, own_ends: bool) -> Grouping | None:
    """Divides series into groups, and tells each where the splits begin; None where a series is too long.

    Args:
        survey: Facts about all rows.
        plan: How windows are cut.
        own_ends: Whether each series was cut by its own end.
    """
    steps = survey_steps(survey, plan)
    try:
        refuse_long(survey, steps, unit="steps", width=plan.row_features.width)
    except DataError:
        return None
    splits = None if own_ends else split_bounds(survey.split_first, TimeGrid.of(plan.data))
    # Steps without a row take memory too: a series that has few rows for its time counts for more.
    return Grouping.of(survey, np.maximum(survey.rows, steps // _SPARSE), known=(splits,))


@dataclasses.dataclass(frozen=True)
class WriteGroup:
    """From a group's key and all its rows to its files, and one line: its tally.

    Attributes:
        plan: How windows are cut.
        folders: Where files go: `("chunks" or "windows", split)` to a folder.
        temporary: Where files are begun.
    """

    plan: WindowPlan
    folders: dict[tuple[str, str], str]
    temporary: str

    def __call__(self, key: int, rows: SeriesRows, splits: SplitSteps | None) -> Iterator[str]:
        """Cuts and writes one group.

        Args:
            key: The group.
            rows: All its rows, scaled.
            splits: First ordinal of each split, and the one after its last; None: each series is cut by its own end.
        """
        unscaled = unscaled_series(rows)
        if unscaled:
            yield Tally(unscaled=unscaled).as_json()
            return
        of_time = TimeFeatures(self.plan.data, self.plan.features)
        if splits is None:
            splits = own_bounds(rows, TimeGrid.of(self.plan.data))
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
