"""Reads the newest rows of every series of a source, in bounded memory and with the messages of a run.

The reading code is that of the first component: what a run refuses, a forecast refuses with the same message.
"""

import dataclasses
from collections.abc import Iterator

from tapeline.forecaster.inference.tails import Tail, merge_by_series, tails_of
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig
from tapeline.series.sources.reading import Block, plan_blocks, read_batches
from tapeline.series.sources.rows import RowLayout, read_rows
from tapeline.series.sources.scanning import BatchFacts, scan_block, survey_source
from tapeline.series.sources.source import find_source
from tapeline.series.sources.time_style import TimeStyle
from tapeline.series.time_grid import TimeGrid


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Recent:
    """The newest rows of a source.

    Attributes:
        tails: Those of each series.
        style: How the source writes its times.
    """

    tails: dict[bytes, Tail]
    style: TimeStyle


def read_recent(data: DataConfig, features: FeaturesConfig, *, context_length: int) -> Recent:
    """Reads a source.

    Args:
        data: Source, columns, form of times and grid.
        features: Covariates.
        context_length: `T`.

    Raises:
        DataError: The source is missing or breaks a rule; all that is wrong stands in one message.
    """
    layout = RowLayout.of(data, features)
    blocks = plan_blocks(find_source(data), needed=layout.columns)
    facts = [batch for block in blocks for batch in scan_block(block, layout)]
    survey = survey_source(blocks, facts, layout)
    parts = (block_tails(block, data, layout, survey.first_rows[block.index], context_length) for block in blocks)
    return Recent(tails=merge_by_series(parts, context_length=context_length), style=style_of(facts))


def block_tails(
    block: Block, data: DataConfig, layout: RowLayout, first_row: int, context_length: int
) -> dict[bytes, Tail]:
    """Returns the newest rows of each series in a block.

    Args:
        block: The piece of the source.
        data: The grid.
        layout: Roles of the columns.
        first_row: Row number of its first row.
        context_length: `T`.
    """
    grid = TimeGrid.of(data)

    def batches(first_row: int) -> Iterator[dict[bytes, Tail]]:
        for batch in read_batches(block):
            rows = read_rows(batch, layout, first_row=first_row)
            first_row += len(rows)
            yield tails_of(rows, layout, grid=grid, context_length=context_length)

    return merge_by_series(batches(first_row), context_length=context_length)


def style_of(facts: list[BatchFacts]) -> TimeStyle:
    """Returns how a source writes its times, with every distance from UTC that it writes."""
    known = [batch.style for batch in facts if batch.style.form]
    offsets = {offset: first for style in reversed(known) for offset, first in style.offsets.items()}
    return dataclasses.replace(known[0], offsets=offsets) if known else TimeStyle()
