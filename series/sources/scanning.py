"""The first pass over a source: how many rows, from when to when, and what is wrong.

`scan_block` tells it of each batch of a block; `survey_source` puts the batches together and raises what is wrong.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import pydantic

from tapeline.schemas.errors import DataError
from tapeline.series.sources.problems import Problem, raise_problems
from tapeline.series.sources.reading import DAMAGES, Block, MalformedRowsError, in_words, read_batches
from tapeline.series.sources.rows import RowLayout, read_rows
from tapeline.series.sources.series_ends import merge_ends, series_ends
from tapeline.series.sources.spellings import odd_spellings, refuse_two_spellings
from tapeline.series.sources.time_style import TimeStyle, find_disagreements

NO_TIME = (0, 0)
"""A span without times."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BatchFacts:
    """What the first pass learns from one batch.

    Attributes:
        block: Index of the block.
        rows: Rows in the batch.
        first_row: Row number of the first, counted in the block.
        first: Earliest time, epoch seconds.
        last: Latest time, epoch seconds.
        style: How times are written.
        problems: What is wrong; row numbers counted in the block.
        odd_ids: Series ids that are not written in their plain form (`spellings`).
        ends: First and last time of each series' measured values, where they are asked for.
    """

    block: int
    rows: int
    first_row: int
    first: int
    last: int
    style: TimeStyle
    problems: tuple[Problem, ...]
    odd_ids: tuple[str, ...] = ()
    ends: dict[str, tuple[int, int]] = dataclasses.field(default_factory=dict)


_FACTS = pydantic.TypeAdapter(BatchFacts)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Survey:
    """What is known of a source after the first pass.

    Attributes:
        rows: Rows in all blocks.
        first_rows: Row number of each block's first row.
        first: Earliest time, epoch seconds.
        last: Latest time, epoch seconds.
        files: The first row of each file, and its name.
        wall_clock: Whether the times were written without a zone.
        ends: First and last time of each series' measured values, where they were asked for.
    """

    rows: int
    first_rows: tuple[int, ...]
    first: int
    last: int
    files: tuple[tuple[int, str], ...]
    wall_clock: bool
    ends: dict[str, tuple[int, int]] = dataclasses.field(default_factory=dict)


def scan_block(block: Block, layout: RowLayout, *, span: tuple[int, int] = NO_TIME) -> Iterator[BatchFacts]:
    """Reads a block and yields the facts of each of its batches.

    A block that cannot be read to its end yields that as a problem.

    Args:
        block: Of a source.
        layout: The columns' roles.
        span: First time that counts for the ends of each series, and the one after the last; an empty span looks for
            none.
    """
    row = 0
    try:
        for batch in read_batches(block):
            rows = read_rows(batch, layout, first_row=row)
            seconds = rows.times.seconds
            if len(rows):
                yield BatchFacts(
                    block=block.index,
                    rows=len(rows),
                    first_row=row,
                    first=int(seconds.min()),
                    last=int(seconds.max()),
                    style=rows.times.style,
                    problems=tuple(rows.problems),
                    odd_ids=odd_spellings(rows.series_ids),
                    ends={} if span == NO_TIME or rows.problems else series_ends(rows, layout, span=span),
                )
            row += len(rows)
    except MalformedRowsError as error:
        rows_told = tuple(error.rows)
        problem = Problem(column="data.source", rule=error.rule, fix=error.fix, count=error.count, rows=rows_told)
        yield _broken(block, row, problem)
    except DAMAGES as error:
        rule = f"cannot be read after row {row}: {in_words(error)}"
        yield _broken(block, row, Problem(column="data.source", rule=rule, fix="Correct the file", count=1))


def facts_to_json(facts: BatchFacts) -> str:
    """Returns facts as one line."""
    return _FACTS.dump_json(facts).decode()


def facts_from_json(line: str) -> BatchFacts:
    """Reads a line that `facts_to_json` gave."""
    return _FACTS.validate_json(line)


def _broken(block: Block, row: int, problem: Problem) -> BatchFacts:
    return BatchFacts(block=block.index, rows=0, first_row=row, first=0, last=0, style=TimeStyle(), problems=(problem,))


def survey_source(blocks: Sequence[Block], facts: Iterable[BatchFacts], layout: RowLayout) -> Survey:
    """Puts the facts of all batches together.

    Args:
        blocks: All blocks.
        facts: Those of all their batches, in any order.
        layout: The columns' roles.

    Raises:
        DataError: Something is wrong; the message lists all of it.
    """
    ordered = sorted(facts, key=lambda batch: (batch.block, batch.first_row))
    counts = dict.fromkeys(range(len(blocks)), 0)
    for batch in ordered:
        counts[batch.block] += batch.rows
    first_rows: list[int] = []
    in_file: list[int] = []
    for at, block in enumerate(blocks):
        same_file = at > 0 and blocks[at - 1].file == block.file
        first_rows.append(first_rows[-1] + counts[at - 1] if at else 0)
        in_file.append(in_file[-1] + counts[at - 1] if same_file else 0)
    broken = [batch for batch in ordered if batch.problems and not batch.rows]
    # Rows that do not have the right fields are left out, so the numbers of those after them are not to be trusted:
    # of each file the first block that is broken is told.
    firsts = {blocks[batch.block].file: batch for batch in reversed(broken)}
    broken = [batch for batch in broken if firsts[blocks[batch.block].file] is batch]
    raise_problems(
        problem.shifted(rows=in_file[batch.block], file=blocks[batch.block].file)
        for batch in broken or ordered
        for problem in batch.problems
    )
    styles = [(blocks[batch.block].file, in_file[batch.block], batch.style) for batch in ordered]
    raise_problems(find_disagreements(styles, name=layout.time, timezone=layout.timezone))
    if not ordered:
        files = ", ".join(dict.fromkeys(block.file for block in blocks))
        raise DataError(f"data.source: {files}: there are no rows under the header. Give data with rows.")
    refuse_two_spellings(blocks, (spelling for batch in ordered for spelling in batch.odd_ids), layout)
    return Survey(
        rows=sum(counts.values()),
        first_rows=tuple(first_rows),
        first=min(batch.first for batch in ordered),
        last=max(batch.last for batch in ordered),
        files=tuple(
            (first_rows[at], block.file)
            for at, block in enumerate(blocks)
            if at == 0 or blocks[at - 1].file != block.file
        ),
        wall_clock=any(batch.style.wall_clock for batch in ordered),
        ends=merge_ends(batch.ends for batch in ordered),
    )
