"""Between the passes over a source, and the second one: what a Beam worker runs to write a block's rows.

Kept apart from the executor, so that workers load no more of TFX than this.
"""

import contextlib
import dataclasses
import json
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from apache_beam.metrics.metric import Metrics

from tapeline.components.ingest.series_cuts import AnyBounds, find_split
from tapeline.schemas.errors import UserError
from tapeline.schemas.features import SPLITS
from tapeline.schemas.sections import SplitConfig
from tapeline.series.grouping.remote_files import rename
from tapeline.series.grouping.rows_io import RowFile
from tapeline.series.row_progress import Passage
from tapeline.series.sources.beam_scanning import COUNTERS
from tapeline.series.sources.block_progress import NoteBlock
from tapeline.series.sources.reading import Block, read_batches
from tapeline.series.sources.rows import RowLayout, read_rows, row_batches
from tapeline.series.sources.scanning import Survey, facts_from_json, survey_source
from tapeline.series.time_grid import TimeGrid

UNUSED_ROWS = "unused"
"""Rows that lie in no split, in the counts."""


PlacedBlock: TypeAlias = tuple[Block, int, AnyBounds]
"""A block, the number of its first row, and where time is cut."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settle:
    """What the first pass found, to what the second one writes.

    Attributes:
        blocks: All blocks.
        layout: The columns' roles.
        split: How rows are split.
        grid: The data's steps.
    """

    blocks: Sequence[Block]
    layout: RowLayout
    split: SplitConfig
    grid: TimeGrid

    def __call__(self, lines: Iterable[str]) -> Iterator[PlacedBlock]:
        """Yields all blocks; none where something is wrong, which the main process raises."""
        with contextlib.suppress(UserError):
            survey, bounds = self.survey(lines)
            yield from ((block, survey.first_rows[block.index], bounds) for block in self.blocks)

    def survey(self, lines: Iterable[str]) -> tuple[Survey, AnyBounds]:
        """Returns what is known of the source, and its splits.

        Raises:
            UserError: Something is wrong; all that is wrong with the data stands in one message.
        """
        survey = survey_source(self.blocks, map(facts_from_json, lines), self.layout)
        return survey, find_split(survey, split=self.split, grid=self.grid)


class BlockWriter:
    """Writes the rows of a block into one file a split."""

    def __init__(
        self,
        *,
        layout: RowLayout,
        folders: dict[str, str],
        temporary: str,
    ) -> None:
        self.layout = layout
        self.folders = folders
        self.temporary = temporary

    def __call__(self, placed: PlacedBlock) -> Iterator[str]:
        """Writes a block and yields the rows that each split got, as JSON."""
        block, row, bounds = placed
        writers: dict[str, tuple[str, RowFile]] = {}
        counts = dict.fromkeys((*SPLITS, UNUSED_ROWS), 0)
        note_block = NoteBlock(Passage(self.temporary, "write"), block, each=len(self.layout.target))
        for batch in read_batches(block):
            rows = read_rows(batch, self.layout, first_row=row)
            row += len(rows)
            for targets, split_of_row in bounds.of_rows(rows, self.layout):
                for at, name in enumerate(SPLITS):
                    chosen = split_of_row == at
                    if not chosen.any():
                        continue
                    if name not in writers:
                        path = os.path.join(self.temporary, uuid.uuid4().hex)
                        writers[name] = path, RowFile(path)
                    for some in row_batches(rows, self.layout, targets=targets, chosen=chosen):
                        writers[name][1].write(some)
                        counts[name] += some.num_rows
                counts[UNUSED_ROWS] += int((split_of_row < 0).sum()) * len(targets)
            note_block(len(rows))
        for name, (path, writer) in writers.items():
            writer.close()
            rename(path, os.path.join(self.folders[name], f"rows-{block.index:05d}.parquet"))
        for name, count in counts.items():
            Metrics.counter(COUNTERS, f"rows_{name}").inc(count)
        yield json.dumps(counts)
