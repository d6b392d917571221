"""The first pass over a source: what a Beam worker runs to see what a block holds, and what is wrong with it."""

from collections.abc import Iterator

from apache_beam.metrics.metric import Metrics

from tapeline.series.row_progress import Passage
from tapeline.series.sources.block_progress import NoteBlock
from tapeline.series.sources.reading import Block
from tapeline.series.sources.rows import RowLayout
from tapeline.series.sources.scanning import NO_TIME, facts_to_json, scan_block

COUNTERS = "tapeline.ingest"
"""Namespace of the counters of both passes."""


def scan_to_json(
    block: Block, layout: RowLayout, *, passage: Passage, span: tuple[int, int] = NO_TIME
) -> Iterator[str]:
    """Scans a block and yields each batch's facts as one line of JSON.

    It counts rows, and for each rule the rows that break it. The arguments are those of `scan_block`, and where it is
    noted how far the block is.
    """
    note_block = NoteBlock(passage, block, each=len(layout.target))
    for facts in scan_block(block, layout, span=span):
        note_block(facts.rows)
        Metrics.counter(COUNTERS, "rows_read").inc(facts.rows)
        for problem in facts.problems:
            reason = f"rows_refused: {problem.column}: {problem.rule}"
            Metrics.counter(COUNTERS, reason).inc(problem.count)
        yield facts_to_json(facts)
