"""Sources: found by path or glob, fingerprinted by content, refused with the way out."""

import errno
import os
import pathlib
from typing import Any

import pytest

from tapeline.schemas.errors import ConfigError, DataError
from tapeline.schemas.sections import DataConfig
from tapeline.series.sources.source import find_source, load_built_in, source_fingerprint

ROWS = "ds,y\n2021-01-01,1\n"


def data(source: Any, **more: Any) -> DataConfig:
    return DataConfig(source=None if source is None else str(source), frequency="D", **more)


def refusal(config: DataConfig) -> str:
    with pytest.raises(DataError) as caught:
        source_fingerprint(config)
    return str(caught.value)


def test_a_glob_takes_all_files_in_order(tmp_path: pathlib.Path) -> None:
    for name in ("b.csv", "a.csv", "c.txt"):
        (tmp_path / name).write_text(ROWS)
    assert [file.name for file in find_source(data(tmp_path / "*.csv")).files] == ["a.csv", "b.csv"]


def test_a_file_named_like_a_glob_is_that_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "sales[1].csv").write_text(ROWS)
    (tmp_path / "sales1.csv").write_text(ROWS)
    assert [file.name for file in find_source(data(tmp_path / "sales[1].csv")).files] == ["sales[1].csv"]


def test_the_home_folder_is_expanded(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "sales.csv").write_text(ROWS)
    assert find_source(data("~/sales.csv")).files == (tmp_path / "sales.csv",)


def test_no_source_asks_for_data_and_says_where_they_can_be_had() -> None:
    message = refusal(data(None, origin="https://example.org, CC BY 4.0"))
    assert message == (
        "data.source: none is configured. Give the data with --data PATH. They can be had here: "
        "https://example.org, CC BY 4.0"
    )


def test_a_missing_file_is_named_and_so_is_the_origin(tmp_path: pathlib.Path) -> None:
    message = refusal(data(tmp_path / "none.csv", origin="https://example.org"))
    assert message.startswith(f"data.source: no file {str(tmp_path / 'none.csv')!r}.")
    assert "--data PATH" in message
    assert "https://example.org" in message
    assert "no file matches" in refusal(data(tmp_path / "*.csv"))


def test_what_cannot_be_read_is_refused_before_anything_starts(tmp_path: pathlib.Path) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "sales.xlsx").write_bytes(b"PK")
    assert "is empty" in refusal(data(tmp_path / "empty.csv"))
    assert "is empty" in refusal(data(tmp_path / "*.csv"))
    assert ".csv.zst, .parquet" in refusal(data(tmp_path / "sales.xlsx"))
    assert "the built-in data sets are: statsmodels:co2" in refusal(data("statsmodels:co3"))


def test_the_fingerprint_follows_the_content(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(ROWS)
    before = source_fingerprint(data(path))
    assert before == source_fingerprint(data(path))
    assert len(before) == 64
    path.write_text(ROWS.replace(",1", ",2"))
    assert source_fingerprint(data(path)) != before


def test_the_fingerprint_tells_files_apart(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.csv").write_text(ROWS)
    (tmp_path / "b.csv").write_text(ROWS)
    both = source_fingerprint(data(tmp_path / "*.csv"))
    # The same bytes, divided otherwise.
    (tmp_path / "a.csv").write_text(ROWS + ROWS[:4])
    (tmp_path / "b.csv").write_text(ROWS[4:])
    divided = source_fingerprint(data(tmp_path / "*.csv"))
    (tmp_path / "a.csv").write_text(ROWS)
    (tmp_path / "b.csv").rename(tmp_path / "c.csv")
    assert len({both, divided, source_fingerprint(data(tmp_path / "*.csv"))}) == 3


def test_the_built_in_series_has_2284_weeks_59_of_them_missing() -> None:
    frame = load_built_in("co2")
    assert list(frame.columns) == ["date", "co2"]
    assert (len(frame), int(frame.co2.isna().sum())) == (2284, 59)
    assert source_fingerprint(data("statsmodels:co2")) == source_fingerprint(data("statsmodels:co2"))


@pytest.mark.parametrize("source", ["", "*.csv"])
def test_a_link_to_nothing_is_refused(tmp_path: pathlib.Path, source: str) -> None:
    (tmp_path / "a.csv").write_text(ROWS)
    (tmp_path / "b.csv").symlink_to(tmp_path / "gone.csv")
    assert f"{str(tmp_path / 'b.csv')!r} is a link to a file that is not there" in refusal(data(tmp_path / source))


def test_a_number_of_spans_needs_a_mark_for_them(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.csv").write_text(ROWS)
    with pytest.raises(ConfigError, match=r"data.spans: got 2, and data.source .* names no span. Write {SPAN}"):
        find_source(data(tmp_path / "*.csv", spans=2))


def test_endings_in_capitals_are_read(tmp_path: pathlib.Path) -> None:
    (tmp_path / "A.CSV").write_text(ROWS)
    (tmp_path / "b.csv").write_text(ROWS)
    for source in (tmp_path, tmp_path / "*"):
        assert [file.name for file in find_source(data(source)).files] == ["A.CSV", "b.csv"]


@pytest.mark.parametrize("name", ["b.csv.zip", "b.csv.tmp", "b.csv~", "b.tsv", "b", "readme.zip", "b.csv.lz4"])
def test_a_file_of_another_kind_is_named_and_not_passed_over(tmp_path: pathlib.Path, name: str) -> None:
    (tmp_path / "a.csv").write_text(ROWS)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / name).write_text(ROWS)
    message = refusal(data(tmp_path))
    assert f"holds files of a kind that cannot be read: {str(tmp_path / 'deep' / name)!r} (known are .csv" in message
    assert "Convert them, move them out of the folder" in message


@pytest.mark.parametrize("name", ["_SUCCESS", ".a.csv.crc", "README.md", "LICENSE", "licence.txt", "readme"])
def test_markers_and_texts_about_the_data_are_passed_over(tmp_path: pathlib.Path, name: str) -> None:
    (tmp_path / "a.csv").write_text(ROWS)
    (tmp_path / name).write_text("x")
    assert find_source(data(tmp_path)).files == (tmp_path / "a.csv",)


def test_a_linked_folder_is_refused_by_its_path(tmp_path: pathlib.Path) -> None:
    (tmp_path / "load").mkdir()
    (tmp_path / "load" / "a.csv").write_text(ROWS)
    (tmp_path / "load" / "b").symlink_to(tmp_path)
    assert f"{str(tmp_path / 'load' / 'b')!r} is a link to a folder" in refusal(data(tmp_path / "load"))


def test_a_folder_that_cannot_be_listed_is_refused_by_its_path(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text(ROWS)
    (tmp_path / "b").mkdir()
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        if os.fspath(path) == str(tmp_path / "b"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    assert f"the folder {str(tmp_path / 'b')!r} cannot be listed: Permission denied" in refusal(data(tmp_path))


def test_a_glob_that_matches_a_folder_takes_its_files_or_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.csv").write_text(ROWS)
    (tmp_path / "b.csv").mkdir()
    (tmp_path / "b.csv" / "c.csv").write_text(ROWS)
    assert f"matches the folder {str(tmp_path / 'b.csv')!r}, and not the files in it" in refusal(
        data(tmp_path / "*.csv")
    )
    assert [file.name for file in find_source(data(tmp_path / "**")).files] == ["a.csv", "c.csv"]


@pytest.mark.parametrize("name", [b"a\xff.csv", b"a\xff.csv.gz", b"a\xff.parquet"])
@pytest.mark.parametrize("given", ["file", "folder", "glob"])
def test_a_name_that_is_no_utf8_is_refused_in_words(tmp_path: pathlib.Path, name: bytes, given: str) -> None:
    try:
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
            file.write(b"ds,y\n2021-01-01,1\n")
    except OSError:
        pytest.skip("this file system takes no such names")
    path = {"file": str(tmp_path / os.fsdecode(name)), "folder": str(tmp_path), "glob": f"{tmp_path}/*"}[given]
    with pytest.raises(DataError, match=r"data\.source: b'.*\\xff.*' is a path that is no UTF-8.*Rename") as refused:
        find_source(DataConfig(time="ds", target="y", frequency="D", source=path))
    assert str(refused.value).isprintable()
