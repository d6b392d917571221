"""Reading: a source cut into blocks holds the same rows as the source."""

import gzip
import pathlib
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tapeline.schemas.errors import DataError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig
from tapeline.series.sources.reading import MalformedRowsError, plan_blocks, read_batches
from tapeline.series.sources.rows import RowLayout
from tapeline.series.sources.scanning import scan_block
from tapeline.series.sources.source import Source

NEEDED = {"ds": "data.time", "y": "data.target"}


def plan(*files: Any, needed: Any = None, block_bytes: Any = 1 << 20) -> Any:
    return plan_blocks(Source(files=files), needed=needed or NEEDED, block_bytes=block_bytes)


def rows(blocks: Any) -> list[tuple[Any, ...]]:
    tables = [pa.Table.from_batches([batch]) for block in blocks for batch in read_batches(block)]
    return [tuple(row.values()) for table in tables for row in table.select(["ds", "y"]).to_pylist()]


def refusal(*files: Any, **more: Any) -> str:
    with pytest.raises(DataError) as caught:
        plan(*files, **more)
    return str(caught.value)


fields = st.text(alphabet='a1, "\n', max_size=6)


@given(table=st.lists(st.tuples(fields, fields), min_size=1, max_size=30), block_bytes=st.integers(1, 200))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_blocks_of_any_size_hold_the_rows_of_the_file(tmp_path: pathlib.Path, table: Any, block_bytes: int) -> None:
    path = tmp_path / "sales.csv"
    # A quoted first field keeps rows of two empty fields from being blank lines.
    lines = ["ds,y"] + [",".join('"' + field.replace('"', '""') + '"' for field in row) for row in table]
    path.write_text("\n".join(lines) + "\n", newline="")
    blocks = plan(path, block_bytes=block_bytes)
    assert [block.index for block in blocks] == list(range(len(blocks)))
    assert rows(blocks) == [tuple(field.encode() or None for field in row) for row in table]


@given(table=st.lists(st.tuples(fields, fields), min_size=1, max_size=30), block_bytes=st.integers(1, 200))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_marks_separate_fields_as_commas_do(
    tmp_path: pathlib.Path, separator: str, table: Any, block_bytes: int
) -> None:
    path = tmp_path / "sales.csv"
    table = [[field.replace(",", separator) for field in row] for row in table]
    lines = [separator.join('"' + field.replace('"', '""') + '"' for field in row) for row in [("ds", "y"), *table]]
    path.write_text("\n".join(lines) + "\n", newline="")
    source = Source(files=(path,), separator=separator)
    blocks = plan_blocks(source, needed=NEEDED, block_bytes=block_bytes)
    assert rows(blocks) == [tuple(field.encode() or None for field in row) for row in table]


def test_a_file_is_cut_about_every_block_bytes(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("ds,y\n" + "2021-01-01,1\n" * 1000)
    blocks = plan(path, block_bytes=2000)
    # 13,000 bytes of rows; a block ends with the last whole row of its 2,000 bytes.
    assert len(blocks) == 7
    assert all((block.stop - block.start) % 13 == 0 for block in blocks)
    assert len(rows(blocks)) == 1000


def test_a_compressed_file_is_one_block(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.csv.gz"
    path.write_bytes(gzip.compress(b"ds,y\n" + b"2021-01-01,1\n" * 1000))
    blocks = plan(path, block_bytes=100)
    assert len(blocks) == 1
    assert rows(blocks) == [(b"2021-01-01", b"1")] * 1000


def test_parquet_is_cut_by_row_groups(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.parquet"
    frame = pd.DataFrame({"ds": pd.date_range("2021-01-01", periods=100), "x": 0, "y": range(100)})
    frame.to_parquet(path, row_group_size=30)
    for block_bytes, count in ((1, 4), (1 << 20, 1)):
        blocks = plan(path, block_bytes=block_bytes)
        assert len(blocks) == count
        assert [y for _, y in rows(blocks)] == list(range(100))


def test_several_files_follow_each_other(tmp_path: pathlib.Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("ds,y\n1,2\n")
    # The same columns in another order, and a header that Excel marked.
    second.write_text("\ufeffy,ds\n4,3\n", encoding="utf-8")
    blocks = plan(first, second)
    assert [block.file for block in blocks] == [str(first), str(second)]
    assert rows(blocks) == [(b"1", b"2"), (b"3", b"4")]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_last_line_needs_no_end(tmp_path: pathlib.Path, ending: str) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(ending.join(["ds,y", "1,2", "", "3,4"]), newline="")
    assert rows(plan(path)) == [(b"1", b"2"), (b"3", b"4")]


@pytest.mark.parametrize("text", ["ds,y", "ds,y\n", "ds,y\n\n\n"])
def test_a_header_alone_gives_no_rows(tmp_path: pathlib.Path, text: str) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(text)
    packed = tmp_path / "sales.csv.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert rows(plan(path)) == rows(plan(packed)) == []


def test_a_missing_column_is_named_with_those_there_are(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("ds,sales\n1,2\n")
    message = refusal(path, needed={"ds": "data.time", "sale": "data.target"})
    assert message.startswith(f"data.target: column 'sale' is not in {str(path)!r} (columns: ds, sales).")
    assert "Did you mean 'sales'?" in message
    assert "set data.series_id to null" in refusal(path, needed={"unique_id": "data.series_id"})


def test_other_separators_are_recognised(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("ds;y\n1;2\n")
    assert "name it in data.separator" in refusal(path)


def test_columns_of_one_name_are_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("ds,y,y\n1,2,3\n")
    assert "more than one column named ['y']" in refusal(path)


def test_files_with_other_columns_do_not_mix(tmp_path: pathlib.Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("ds,y,x\n1,2,3\n")
    second.write_text("ds,y,z\n1,2,3\n")
    assert f"{str(second)!r} has other columns than {str(first)!r} (lacks ['x'], has ['z'] more)" in refusal(
        first, second
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sales.csv", b"\x89PNG\r\n\x1a\n\0\0\0"),
        ("sales.csv", "ds,größe\n".encode("latin-1")),
        ("sales.csv", "ds,y\n".encode("utf-16")),
        ("sales.csv", b"\n\n"),
        ("sales.csv.gz", b"ds,y\n1,2\n"),
        ("sales.parquet", b"ds,y\n1,2\n"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: pathlib.Path, name: str, content: Any) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    message = refusal(path)
    assert message.startswith(f"data.source: {str(path)!r} cannot be read as ")
    assert message.endswith(". Correct the file.")


def test_rows_of_another_width_are_collected_with_their_numbers(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("ds,y\n1,2\n3,4,5\n6,7\n8\n")
    (block,) = plan(path)
    with pytest.raises(MalformedRowsError) as caught:
        list(read_batches(block))
    assert (caught.value.count, caught.value.rule) == (2, "does not have the header's 2 fields")
    assert caught.value.rows == [(1, "'3,4,5'"), (3, "'8'")]


def test_a_parquet_file_of_no_row_groups_holds_no_rows(tmp_path: pathlib.Path) -> None:
    first, second = tmp_path / "a.parquet", tmp_path / "b.parquet"
    schema = pa.schema({"ds": pa.string(), "y": pa.float64()})
    pa.parquet.ParquetWriter(first, schema).close()
    assert rows(plan(first)) == []
    pa.parquet.write_table(pa.table({"ds": ["2021"], "y": [1.0], "z": [2]}), second)
    assert f"has other columns than {str(first)!r}" in refusal(first, second)


def test_a_zone_that_nobody_knows_is_damage(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.parquet"
    pa.parquet.write_table(pa.table({"ds": pa.array([0], pa.timestamp("ms", "Mars/Olympus")), "y": [1.0]}), path)
    (block,) = plan(path)
    layout = RowLayout.of(DataConfig(frequency="D", series_id=None), FeaturesConfig())
    facts = list(scan_block(block, layout))
    assert "Mars/Olympus" in facts[-1].problems[0].rule


def test_column_names_are_shown_cut_and_without_what_a_terminal_obeys(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("ds,\x1b[31my," + "y" * 50_000 + "\n1,2,3\n")
    message = refusal(path)
    assert r"(columns: ds, \x1b[31my, " + "y" * 60 + "...)" in message
    path.write_text("ds,y,\x1b,\x1b," + "z" * 50_000 + ",".join(["", *["z" * 50_000]]) + "\n1,2,3\n")
    message = refusal(path)
    assert message.isprintable()
    assert len(message) < 1000
