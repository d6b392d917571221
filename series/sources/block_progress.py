"""How far the passages over a source are: by bytes of its CSV files, by rows of its Parquet files, else by rows alone."""

from collections.abc import Sequence

from tapeline.series.row_progress import Passage, Whole
from tapeline.series.sources.parquet_files import open_parquet
from tapeline.series.sources.reading import BATCH_BYTES, Block


class NoteBlock:
    """Notes how far a block is, batch by batch.

    Args:
        passage: Which passage over the source it is.
        block: The block.
        each: What a row of the source counts for: one row for each target.
    """

    def __init__(self, passage: Passage, block: Block, *, each: int) -> None:
        self._passage = passage
        self._block = block
        self._each = each
        self._batches = self._rows = 0
        passage.note(str(block.index), rows=0)

    def __call__(self, rows: int) -> None:
        """Notes one more batch of the block."""
        self._batches += 1
        self._rows += rows * self._each
        size = self._block.stop - self._block.start
        amount = float(min(self._batches * BATCH_BYTES, size)) if self._block.kind == "csv" else None
        self._passage.note(str(self._block.index), rows=self._rows, amount=amount)


def whole_source(blocks: Sequence[Block], *, each: int) -> Whole:
    """Returns what a passage over a source goes through.

    Args:
        blocks: All blocks.
        each: As for `NoteBlock`.
    """
    kinds = {block.kind for block in blocks}
    if kinds == {"csv"}:
        return Whole(rows=0, amount=sum(block.stop - block.start for block in blocks))
    if kinds == {"parquet"}:
        rows = 0
        for file in dict.fromkeys(block.file for block in blocks):
            with open_parquet(file) as parquet:
                rows += each * parquet.metadata.num_rows
        return Whole(rows=rows, amount=rows)
    return Whole(rows=0, amount=0.0)
