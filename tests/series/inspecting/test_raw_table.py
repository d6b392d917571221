"""A source is read whole, whatever marks it uses."""

import gzip
import pathlib

import numpy as np
import pandas as pd
import pytest

from tapeline.schemas.errors import DataError
from tapeline.series.inspecting.raw_table import find_separator, read_table


@pytest.mark.parametrize(
    ("head", "separator"),
    [
        ("day,sold\n2021-01-01,1\n", "comma"),
        ("day;sold\n2021-01-01;1,5\n", "semicolon"),
        ("day\tsold\n2021-01-01\t1,5\n", "tab"),
        ("day|sold|x\n2021-01-01|1,5|2\n", "bar"),
        ('day,note\n2021-01-01,"a;b;c"\n', "comma"),
        ("day\n2021-01-01\n", "comma"),
    ],
)
def test_the_mark_that_splits_every_line_alike_separates_fields(head: str, separator: str) -> None:
    assert find_separator(head) == separator


def test_a_byte_order_mark_and_decimal_commas_are_read(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes("\ufefftag;menge;art\n01.02.2021;1,5;a\n02.02.2021;-2;b\n".encode())
    table = read_table(str(path))
    assert list(table.columns) == ["tag", "menge", "art"]
    assert (table.separator, table.decimal, len(table)) == ("semicolon", "comma", 2)
    numbers = table.numbers("menge")
    assert numbers is not None
    assert numbers.tolist() == [1.5, -2.0]
    assert table.numbers("art") is None


@pytest.mark.parametrize("value", ["1,234,567", "1,234"])
def test_a_thousands_mark_is_no_decimal_comma(tmp_path: pathlib.Path, value: str) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(f'day,sold\n2021-01-01,"{value}"\n2021-01-02,"2,345"\n')
    assert read_table(str(path)).numbers("sold") is None


def test_packed_files_folders_and_parquet_are_read(tmp_path: pathlib.Path) -> None:
    frame = pd.DataFrame({"day": pd.date_range("2021-01-01", periods=3), "sold": [1.0, np.nan, 3.0]})
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"day;sold\n2021-01-01;1\n"))
    assert read_table(str(tmp_path / "a.csv.gz")).separator == "semicolon"
    for shop in ("north", "south"):
        (tmp_path / "all" / f"shop={shop}").mkdir(parents=True)
        frame.to_parquet(tmp_path / "all" / f"shop={shop}" / "part.parquet")
    table = read_table(str(tmp_path / "all"))
    assert table.texts("shop").to_pylist() == ["north"] * 3 + ["south"] * 3
    assert len(table) == 6


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"day,sold\n", "no rows"), (b"day\n\xff\xfe1\n", "not UTF-8"), (b"a,b\n1,2,3\n", "fields")],
)
def test_what_cannot_be_read_is_told(tmp_path: pathlib.Path, content: bytes, message: str) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_table(str(path))
