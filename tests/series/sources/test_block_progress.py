"""How far the passages over a source are."""

import pathlib

import pandas as pd
import pytest

from tapeline.series import row_progress
from tapeline.series.row_progress import Passage, read_counts
from tapeline.series.sources.block_progress import NoteBlock, whole_source
from tapeline.series.sources.reading import BATCH_BYTES, Block, plan_blocks
from tapeline.series.sources.source import Source


def test_a_csv_file_is_counted_by_its_bytes(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_progress, "_SECONDS", 0.0)
    size = 2 * BATCH_BYTES + 100
    block = Block(index=0, file="a.csv", kind="csv", header=("y",), needed=("y",), start=50, stop=50 + size)
    note_block = NoteBlock(Passage(str(tmp_path), "scan"), block, each=2)
    seen = []
    for rows in (1000, 1000, 10):
        note_block(rows)
        seen.append(read_counts(str(tmp_path)))
    assert seen == [(2000, BATCH_BYTES), (4000, 2 * BATCH_BYTES), (4020, size)]
    assert whole_source([block], each=2) == (0, size)


def test_a_parquet_file_is_counted_by_its_rows(tmp_path: pathlib.Path) -> None:
    frame = pd.DataFrame({"y": range(10)})
    for name in ("a", "b"):
        frame.to_parquet(tmp_path / f"{name}.parquet", row_group_size=4)
    files = tuple(sorted(tmp_path.glob("*.parquet")))
    blocks = plan_blocks(Source(files=files), needed={"y": "data.target"}, block_bytes=1)
    assert len(blocks) == 6
    assert whole_source(blocks, each=2) == (40, 40)


def test_of_a_compressed_file_nobody_knows_how_much_is_left() -> None:
    block = Block(index=0, file="a.csv.gz", kind="csv.gz", header=("y",), needed=("y",))
    assert whole_source([block], each=1) == (0, 0.0)
