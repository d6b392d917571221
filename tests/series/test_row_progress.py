"""How far a long step is, by what its workers note."""

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tapeline.schemas.features import TIMESTAMP
from tapeline.series import row_progress
from tapeline.series.row_progress import CountedFile, CountedGroup, Passage, Whole, read_counts, rows_in_words, watched


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(row_progress, "_SECONDS", 0.0)
    return str(tmp_path)


def batches(*sizes: int) -> Iterator[dict[str, Any]]:
    return ({TIMESTAMP: np.zeros(size, np.int64)} for size in sizes)


def test_rows_count_once_the_next_ones_are_asked_for(folder: str) -> None:
    reading = CountedFile(lambda path: batches(3, 4), Passage(folder, "read"))("a.parquet")
    next(reading)
    assert read_counts(folder) == (0, 0.0)
    next(reading)
    assert read_counts(folder) == (3, 3.0)
    list(reading)
    assert read_counts(folder) == (7, 7.0)


def test_a_group_counts_once_it_is_worked_on(folder: str) -> None:
    class Rows:
        code = np.zeros(5, np.int64)

    working = CountedGroup(lambda key, rows: iter(["a", "b"]), Passage(folder, "check"))(3, Rows())  # type: ignore[arg-type]
    assert next(working) == "a"
    assert read_counts(folder).rows == 0
    assert list(working) == ["b"]
    assert read_counts(folder).rows == 5


def test_a_piece_that_is_repeated_counts_once_here_and_in_another_worker(folder: str) -> None:
    passage = Passage(folder, "read")
    for rows in (10, 20, 0, 10):
        passage.note("a", rows=rows)
    passage.note("b", rows=1)
    Passage(folder, "check").note("a", rows=2)
    other = pathlib.Path(folder, "progress", "another-worker.json")
    other.write_text(json.dumps({"read a": [15, 15.0], "read c": [100, 100.0]}))
    pathlib.Path(folder, "progress", "half-written").write_text('{"read')
    assert read_counts(folder) == (123, 123.0)


def test_the_share_is_that_of_all_passages_and_never_more_than_all(folder: str) -> None:
    assert rows_in_words() == ""
    with watched(folder, whole=lambda: Whole(rows=2000, amount=2000.0), passages=2):
        assert rows_in_words() == ""
        Passage(folder, "read").note("a", rows=500)
        assert rows_in_words() == "250 of 2,000 rows, 12 %"
        Passage(folder, "check").note("1", rows=9000)
        assert rows_in_words() == "2,000 of 2,000 rows, 100 %"
    assert rows_in_words() == ""


@pytest.mark.parametrize(("amount", "words"), [(50.0, "3,000 rows, 25 %"), (0.0, "3,000 rows")])
def test_where_the_rows_of_the_data_are_not_known_those_gone_through_are_told(
    folder: str, amount: float, words: str
) -> None:
    with watched(folder, whole=lambda: Whole(rows=0, amount=amount), passages=2):
        Passage(folder, "scan").note("0", rows=6000, amount=25.0)
        assert rows_in_words() == words


def test_a_short_step_writes_nothing(tmp_path: pathlib.Path) -> None:
    list(CountedFile(lambda path: batches(3, 4), Passage(str(tmp_path), "read"))("a.parquet"))
    assert list(tmp_path.iterdir()) == []


def test_a_worker_writes_at_most_once_a_second(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("tapeline.series.row_progress.time.monotonic", lambda: now)
    passage, seen = Passage(str(tmp_path), "read"), []
    for now in (0.0, 0.9, 1.1, 1.9, 2.2):
        passage.note("a", rows=int(10 * now))
        seen.append(read_counts(str(tmp_path)).rows)
    assert seen == [0, 0, 11, 11, 22]


def test_a_step_goes_on_where_nothing_can_be_written(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_progress, "_SECONDS", 0.0)
    file = tmp_path / "no folder"
    file.write_text("")
    Passage(str(file), "read").note("a", rows=3)
    assert file.read_text() == ""


def test_a_step_whose_folder_is_gone_tells_nothing(tmp_path: pathlib.Path) -> None:
    with watched(str(tmp_path / "gone"), whole=lambda: Whole(rows=1, amount=1.0)):
        assert rows_in_words() == ""
