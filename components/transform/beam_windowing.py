"""Windows on Beam: what workers do with files of scaled rows.

Two passes. The first parses each file once, surveys it, and lays its rows down
as arrays (`ScanFile`). The second sends every row to the blocks of time that
need it (`RouteRows`), groups, and writes a group's chunks and windows into
files of its own (`WriteGroup`). Only pieces go through the grouping, which say
where rows lie: a runner that groups in memory holds none of the data. A group
has a bounded number of rows however long a series or wide a panel is, and its
files have names, records and an order that do not depend on the run: what a
runner repeats replaces its files by equal ones.
"""

import dataclasses
import json
import os
import uuid
from collections.abc import Iterable, Iterator

import apache_beam as beam
import numpy as np
import pandas as pd
import pyarrow as pa
import tensorflow as tf
from tfx_bsl.coders import example_coder

from tapeline.components.transform.group import WindowPlan, cut_group
from tapeline.components.transform.survey import Key, Survey, merge_surveys, route, survey_rows
from tapeline.schemas import features as names
from tapeline.schemas.errors import DataError
from tapeline.series.calendar import Calendar
from tapeline.series.chunking import Rows
from tapeline.series.grouping.pieces import Piece, PieceWriter, divide, load, read_piece, save
from tapeline.series.time_grid import TimeGrid
from tapeline.series.window_reader import read_scaled_rows

UNMEASURED = "unmeasured"
"""Windows that are left out because too little of them was measured, in the counts."""

_COUNTERS = "tapeline.windows"
_SURVEYS_A_MERGE = 32

Load = tuple[str, tuple[Piece, ...]]
"""A split, and rows of it that one worker routes at a time."""


@dataclasses.dataclass(frozen=True)
class ScanFile:
    """First pass: surveys a file of one split, `(split, path)`, and lays its rows down.

    Yields one line of JSON: where the survey lies, and the loads of the second pass.
    """

    plan: WindowPlan
    folder: str

    def __call__(self, file: tuple[str, str]) -> Iterator[str]:
        """Scans one file."""
        split, path = file
        parts: list[Survey] = []
        pieces: list[Piece] = []
        grid = TimeGrid.of(self.plan.data)
        features = self.plan.features
        widths = len(features.past_covariates), features.future_size, len(features.static_covariates)
        with PieceWriter(self.folder) as writer:
            for batch in read_scaled_rows(path, past=widths[0], future=widths[1], static=widths[2]):
                ids, ordinal = batch[names.SERIES_ID], grid.ordinals(batch[names.TIMESTAMP])
                part = survey_rows(
                    split=split,
                    ids=ids,
                    ordinal=ordinal,
                    target=batch[names.TARGET],
                    static=batch[names.STATIC_COVARIATES],
                    block_steps=self.plan.block_steps,
                    spec=self.plan.spec(split),
                )
                parts.append(part)
                if len(parts) == _SURVEYS_A_MERGE:
                    parts = [merge_surveys(parts)]
                code, unique = pd.factorize(pd.Index(ids, dtype=object))
                past, future = batch[names.PAST_COVARIATES], batch[names.FUTURE_COVARIATES]
                rows = Rows(unique.to_numpy(), code, ordinal, batch[names.TARGET], past, future)
                pieces.append(writer.write(rows))
                beam.metrics.Metrics.counter(_COUNTERS, "rows").inc(len(code))
        if parts:
            survey = save(merge_surveys(parts), self.folder)
            yield json.dumps({"survey": survey, "loads": [(split, some) for some in divide(pieces)]})


class RouteRows(beam.DoFn):
    """Second pass: a load to the pieces of rows that each group needs, `((block, group), Piece)`.

    Args:
        plan: How windows are cut.
        survey_path: Where the survey of all rows lies.
        folder: Where rows are laid down, sorted by group.
    """

    def __init__(self, plan: WindowPlan, survey_path: str, folder: str) -> None:
        self._plan = plan
        self._survey_path = survey_path
        self._folder = folder

    def setup(self) -> None:
        """Loads what all loads share."""
        self._survey = load(self._survey_path)

    def process(self, element: Load) -> Iterator[tuple[Key, Piece]]:
        """Routes the rows of one load."""
        split, pieces = element
        rows = Rows.join([read_piece(piece) for piece in pieces])
        spec = self._plan.spec(split)
        with PieceWriter(self._folder) as writer:
            for key, routed in route(rows, self._survey, block_steps=self._plan.block_steps, spec=spec):
                yield key, writer.write(routed)


class WriteGroup(beam.DoFn):
    """Second pass: all rows of a group to its files, and a line with the number of windows in each split, as JSON.

    Args:
        plan: How windows are cut.
        survey_path: Where the survey of all rows lies.
        folders: Where files go: `("chunks" or "windows", split)` to a folder.
        temporary: Where files are begun.
    """

    def __init__(self, plan: WindowPlan, survey_path: str, folders: dict[tuple[str, str], str], temporary: str) -> None:
        self._plan = plan
        self._survey_path = survey_path
        self._folders = folders
        self._temporary = temporary

    def setup(self) -> None:
        """Loads what all groups share."""
        self._survey = load(self._survey_path)
        self._calendar = Calendar(self._plan.features.calendar, self._plan.data.timezone)
        self._encoder = example_coder.RecordBatchToExamplesEncoder()

    def process(self, element: tuple[Key, Iterable[Piece]]) -> Iterator[str]:
        """Cuts and writes one group."""
        (block, group), pieces = element
        rows = Rows.join([read_piece(piece) for piece in pieces])
        try:
            cut = cut_group(rows, self._survey, block=block, plan=self._plan, calendar=self._calendar)
        except DataError as error:
            yield json.dumps({"problem": str(error)})
            return
        name = f"{int(np.searchsorted(self._survey.blocks, block)):06d}-{group:05d}.gz"
        counts = {UNMEASURED: cut.unmeasured}
        for split, starts in cut.starts.items():
            spec = self._plan.spec(split)
            counts[split] = len(starts)
            if not len(starts):
                continue
            if ("chunks", split) in self._folders:
                self._write(self._folders["chunks", split], f"chunks-{name}", cut.chunk_batches(split, self._plan))
            if ("windows", split) in self._folders:
                self._write(self._folders["windows", split], f"windows-{name}", cut.window_batches(split, spec))
        # A series is counted in the block that its first row lies in.
        begun = int((cut.grid.first // self._plan.block_steps == block).sum())
        beam.metrics.Metrics.counter(_COUNTERS, "series").inc(begun)
        for kind, count in counts.items():
            beam.metrics.Metrics.counter(_COUNTERS, f"windows_{kind}").inc(count)
        yield json.dumps(counts)

    def _write(self, folder: str, name: str, batches: Iterable[pa.RecordBatch]) -> None:
        path = os.path.join(self._temporary, uuid.uuid4().hex)
        # Level 1: windows repeat their neighbours, which the fastest level sees as well as the slowest.
        options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)
        with tf.io.TFRecordWriter(path, options) as writer:
            for batch in batches:
                for example in self._encoder.encode(batch):
                    writer.write(example)
        tf.io.gfile.rename(path, os.path.join(folder, name), overwrite=True)
