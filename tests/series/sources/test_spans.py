"""Spans: the newest are taken, as TFX counts them, and of each its newest version."""

import pathlib

import pytest

from tapeline.schemas.errors import ConfigError, DataError
from tapeline.schemas.sections import DataConfig
from tapeline.series.sources.source import find_source, source_fingerprint
from tapeline.series.sources.spans import choose_spans, glob_of, has_spans

ROWS = "ds,y\n2021-01-01,1\n"


def test_the_newest_span_is_taken_by_its_number_not_by_its_name() -> None:
    files = ["d/span-2/a.csv", "d/span-10/a.csv", "d/span-10/b.csv", "d/span-9/a.csv"]
    chosen = choose_spans("d/span-{SPAN}/*.csv", files, newest=1)
    assert chosen == (("d/span-10/a.csv", "d/span-10/b.csv"), (10,), None)


def test_a_rolling_window_takes_the_newest_spans_in_their_order() -> None:
    files = [f"d/{span}.csv" for span in (3, 1, 7, 5)]
    assert choose_spans("d/{SPAN}.csv", files, newest=3).files == ("d/3.csv", "d/5.csv", "d/7.csv")
    assert choose_spans("d/{SPAN}.csv", files, newest=99).spans == (1, 3, 5, 7)


def test_a_span_delivered_again_counts_with_its_last_version() -> None:
    files = ["d/1-1.csv", "d/1-2.csv", "d/2-1.csv", "d/2-10.csv", "d/2-9.csv"]
    chosen = choose_spans("d/{SPAN}-{VERSION}.csv", files, newest=2)
    assert chosen == (("d/1-2.csv", "d/2-10.csv"), (1, 2), 10)


def test_a_date_is_a_span_counted_in_days_since_1970() -> None:
    files = ["d/1970/01/02/a.csv", "d/1970/02/01/a.csv"]
    # January has 31 days.
    assert choose_spans("d/{YYYY}/{MM}/{DD}/*.csv", files, newest=1).spans == (31,)
    with pytest.raises(DataError, match=r"1970/02/30/a\.csv.*holds no date"):
        choose_spans("d/{YYYY}/{MM}/{DD}/*.csv", ["d/1970/02/30/a.csv"], newest=1)


def test_a_width_takes_so_many_digits() -> None:
    files = ["d/0012.csv", "d/012.csv"]
    assert choose_spans("d/{SPAN:4}.csv", files, newest=1).files == ("d/0012.csv",)
    # Side by side, only widths tell where the span ends.
    chosen = choose_spans("d/{SPAN:2}{VERSION:1}.csv", ["d/121.csv", "d/122.csv", "d/119.csv"], newest=1)
    assert chosen == (("d/122.csv",), (12,), 2)


@pytest.mark.parametrize("wild", ["*", "?[0-9]", "[!x]?"])
def test_globs_may_stand_beside_the_span(wild: str) -> None:
    assert choose_spans(f"d/{wild}/{{SPAN}}.csv", ["d/a1/3.csv", "d/a/b/4.csv"], newest=1).files == ("d/a1/3.csv",)
    assert choose_spans("d/**/{SPAN}.csv", ["d/a/b/4.csv", "d/3.csv"], newest=1).spans == (4,)


def test_files_without_a_number_are_no_span() -> None:
    assert choose_spans("d/{SPAN}.csv", ["d/new.csv", "d/1.csv"], newest=5).spans == (1,)
    with pytest.raises(DataError, match="1 match without a number"):
        choose_spans("d/{SPAN}.csv", ["d/new.csv"], newest=1)


@pytest.mark.parametrize(
    ("pattern", "rule"),
    [
        ("d/{SPAN}/{SPAN}.csv", "each stand there once"),
        ("d/{SPAN:x}.csv", "whole number"),
        ("d/{SPAN:0}.csv", "whole number"),
        ("d/{SPAN}/{YYYY}/{MM}/{DD}.csv", "either"),
        ("d/{YYYY}-{MM}.csv", "each once"),
        ("d/{VERSION}.csv", "needs a span"),
    ],
)
def test_marks_that_do_not_go_together_are_refused(pattern: str, rule: str) -> None:
    assert has_spans(pattern)
    with pytest.raises(ConfigError, match=rule):
        glob_of(pattern)


def test_a_new_span_changes_what_is_read_and_the_fingerprint(tmp_path: pathlib.Path) -> None:
    data = DataConfig(source=str(tmp_path / "span-{SPAN}" / "*.csv"), frequency="D", spans=2)
    with pytest.raises(DataError, match="no file matches"):
        find_source(data)
    prints = []
    for span in (1, 2, 3):
        (tmp_path / f"span-{span}").mkdir()
        (tmp_path / f"span-{span}" / "a.csv").write_text(ROWS)
        prints.append(source_fingerprint(data))
    assert len(set(prints)) == 3
    source = find_source(data)
    assert source.spans == (2, 3)
    assert [file.parent.name for file in source.files] == ["span-2", "span-3"]
