"""Quotes in CSV: the strict rule, whatever the pieces are that a file is read in."""

import csv
import io
import pathlib
from random import Random

import pytest

from tapeline.schemas.errors import DataError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig
from tapeline.series.sources.quotes import QuoteError, Quotes, row_at
from tapeline.series.sources.reading import plan_blocks
from tapeline.series.sources.rows import RowLayout
from tapeline.series.sources.scanning import scan_block, survey_source
from tapeline.series.sources.source import Source


def is_sound(text: bytes, *, piece: int) -> bool:
    quotes = Quotes()
    try:
        for at in range(0, len(text), piece):
            quotes.read(text[at : at + piece])
        quotes.read(b"", last=True)
    except QuoteError:
        return False
    return True


def by_the_csv_module(text: bytes) -> list[list[str]] | None:
    try:
        return [row for row in csv.reader(io.StringIO(text.decode(), newline=""), strict=True) if row]
    except csv.Error:
        return None


@pytest.mark.parametrize("seed", range(20))
def test_the_rule_is_that_of_pythons_strict_reader(seed: int) -> None:
    rng = Random(seed)
    for _ in range(200):
        text = bytes(rng.choices(b'"",\nab', k=rng.randint(1, 30)))
        rows = by_the_csv_module(text)
        for piece in (1, 2, 7, 100):
            assert is_sound(text, piece=piece) == (rows is not None), text


@pytest.mark.parametrize("seed", range(20))
def test_rows_are_cut_and_counted_as_pythons_strict_reader_does(seed: int) -> None:
    rng = Random(seed)
    for _ in range(200):
        text = bytes(rng.choices(b'"",\nab', k=rng.randint(1, 30)))
        if not (rows := by_the_csv_module(text + b"\n")):
            continue
        assert row_at(io.BytesIO(text + b"\n"), len(text) + 1) == (len(rows), "")
        cut = Quotes().read(text + b"\n" + text).last_line_end()
        head, tail = by_the_csv_module((text + b"\n" + text)[:cut]), by_the_csv_module((text + b"\n" + text)[cut:])
        assert head is not None
        assert tail is not None
        assert head + tail == by_the_csv_module(text + b"\n" + text)


def survey(path: pathlib.Path, *, block_bytes: int) -> None:
    layout = RowLayout.of(DataConfig(frequency="D", series_id=None), FeaturesConfig())
    blocks = plan_blocks(Source(files=(path,)), needed=layout.columns, block_bytes=block_bytes)
    survey_source(blocks, [facts for block in blocks for facts in scan_block(block, layout)], layout)


def refusal(path: pathlib.Path, *, block_bytes: int = 1 << 20) -> str:
    with pytest.raises(DataError) as caught:
        survey(path, block_bytes=block_bytes)
    return str(caught.value)


def days(count: int, notes: dict[int, str]) -> str:
    rows = [f"2021-01-{day + 1:02},{day},{notes.get(day, 'ok')}" for day in range(count)]
    return "ds,y,note\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("block_bytes", [60, 1 << 20])
@pytest.mark.parametrize(
    "notes", [{9: '"never closed'}, {9: '"opens', 20: '"opens'}, {3: '5" pipe', 9: '"a"b', 12: '"a"b'}]
)
def test_a_quote_is_refused_with_its_row_its_field_and_the_fix(
    tmp_path: pathlib.Path, notes: dict[int, str], block_bytes: int
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(days(28, notes))
    message = refusal(path, block_bytes=block_bytes)
    assert message.startswith(f"{path}: data.source: row 9 '{notes[9]}")
    assert ": opens with a quote that is not closed before a comma or the line's end. Close the quote" in message


def test_a_quote_that_swallows_more_than_a_batch_is_told_as_such(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(days(3, {1: '"never closed'}) + "2021-01-01,1,ok\n" * 400_000)
    assert "row 1 '\"never closed" in refusal(path)


def test_a_quote_among_the_column_names_is_refused_where_it_breaks_the_rule(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.csv"
    for header in ('ds,y,"note', 'ds,"y"x,note'):
        path.write_text(days(3, {}).replace("ds,y,note", header))
        assert "a quote among the column names is not closed before a comma or the line's end" in refusal(path)
