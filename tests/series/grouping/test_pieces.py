"""Rows on their way to disk and back: read from files, laid down as arrays, joined."""

import dataclasses
import functools
import json
import pathlib
import zipfile
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pytest

from tapeline.schemas.features import ROW_NUMBER, SERIES_ID, TARGET, TIMESTAMP
from tapeline.schemas.stack import LOCAL_BEAM_RUNNER
from tapeline.series.grouping.beam_groups import group_files
from tapeline.series.grouping.pieces import load, pack, read_piece, save, unpack, write_pieces
from tapeline.series.grouping.rows_io import read_rows
from tapeline.series.grouping.series_rows import NUMBERS, TEXTS, RowFeatures, SeriesRows
from tapeline.series.grouping.series_survey import Grouping
from tests.row_files import write_row_file


def write_file(path: Any, names: Any, target: Any) -> str:
    """Writes a row an hour; None leaves the target out."""
    hours = range(len(names))
    columns = {SERIES_ID: names, TIMESTAMP: [hour * 3600 for hour in hours], ROW_NUMBER: [hour + 7 for hour in hours]}
    return write_row_file(path, {**columns, TARGET: target})


def some_rows(ids: Any, times: Any) -> SeriesRows:
    return SeriesRows.of(
        {SERIES_ID: np.array(ids, object), TIMESTAMP: np.array(times), NUMBERS: np.array(times, np.float32)[:, None]},
        split="eval",
    )


def test_columns_and_values_that_are_not_there_are_missing(tmp_path: pathlib.Path) -> None:
    path = write_file(tmp_path / "rows.parquet", [b"b", b"a\xff", b"b", b"b"], [1.5, None, np.nan, 2.5])
    (batch,) = read_rows(path, RowFeatures(numbers=(TARGET, "wind"), row_number=True))
    np.testing.assert_array_equal(batch[NUMBERS], [[1.5, np.nan], [np.nan, np.nan], [np.nan, np.nan], [2.5, np.nan]])
    assert batch[SERIES_ID].tolist() == [b"b", b"a\xff", b"b", b"b"]
    assert batch[TIMESTAMP].tolist() == [0, 3600, 7200, 10800]
    assert batch[ROW_NUMBER].tolist() == [7, 8, 9, 10]


def test_texts_lie_side_by_side_and_are_empty_where_missing(tmp_path: pathlib.Path) -> None:
    columns = {SERIES_ID: [b"a", b"a"], TIMESTAMP: [0, 0], "sky": [b"mist", b""], "kind": [b"city", b"rural"]}
    path = write_row_file(tmp_path / "rows.parquet", columns, texts=("sky", "kind"))
    (batch,) = read_rows(path, RowFeatures(texts=("kind", "sky")))
    assert batch[TEXTS].tolist() == [[b"city", b"mist"], [b"rural", b""]]


def test_tables_of_texts_come_back_as_they_were_packed() -> None:
    texts = np.array([[b"a", b""], [b"\xffb", b"c\0"], [b"", b"dd"]], object)
    assert unpack(pack({TEXTS: texts}))[TEXTS].tolist() == texts.tolist()
    assert unpack(pack({TEXTS: texts[:, :0]}))[TEXTS].shape == (3, 0)


def test_of_so_many_rows_the_first_is_read_across_blocks(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tapeline.series.grouping.rows_io._ROWS_A_BATCH", 4)
    path = write_file(tmp_path / "rows.parquet", [b"a"] * 11, range(11))
    batches = read_rows(path, RowFeatures(numbers=(TARGET,)), one_in=3)
    found = [value for batch in batches for value in batch[NUMBERS][:, 0].tolist()]
    assert found == [0, 3, 6, 9]


def test_a_file_that_is_cut_off_is_an_error(tmp_path: pathlib.Path) -> None:
    path = pathlib.Path(write_file(tmp_path / "rows.parquet", [b"a"] * 9, range(9)))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises((OSError, ValueError)):
        list(read_rows(str(path), RowFeatures(numbers=(TARGET,))))


def test_rows_come_back_as_they_were_written(tmp_path: pathlib.Path) -> None:
    # Names that end in a zero byte, are empty, or are no text.
    parts = [some_rows([b"b\0", b"", b"b\0"], [3, 1, 2]), some_rows([b"\xff"], [9])]
    for part, piece in zip(parts, write_pieces(parts, str(tmp_path)), strict=True):
        found = read_piece(piece)
        assert found.ids[found.code].tolist() == part.ids[part.code].tolist()
        for name, values in part.arrays().items():
            np.testing.assert_array_equal(found.arrays()[name], values)
            assert found.arrays()[name].dtype == values.dtype


def test_what_lies_on_disk_holds_no_pickle(tmp_path: pathlib.Path) -> None:
    path = save({"ids": np.array([b"a", b"bc"], object), "rows": np.arange(2)}, str(tmp_path))
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            np.lib.format.read_array(archive.open(name), allow_pickle=False)
    assert load(path)["ids"].tolist() == [b"a", b"bc"]


def test_an_array_of_other_objects_is_not_written() -> None:
    with pytest.raises(TypeError):
        pack({"ids": np.array([{}, None], object)})


def test_joined_rows_have_their_series_in_order() -> None:
    joined = SeriesRows.join([some_rows([b"b", b"a"], [1, 2]), some_rows([b"c", b"a"], [3, 4])])
    assert joined.ids.tolist() == [b"a", b"b", b"c"]
    assert joined.ids[joined.code].tolist() == [b"b", b"a", b"c", b"a"]
    assert joined.timestamp.tolist() == [1, 2, 3, 4]
    taken = joined.take(np.array([3, 0]))
    assert taken.ids.tolist() == [b"a", b"b"]
    assert taken.ids[taken.code].tolist() == [b"a", b"b"]


def note_piece(split: str, piece: Any, *, folder: str) -> None:
    target = read_piece(piece).columns[NUMBERS][:, 0].tolist()
    (pathlib.Path(folder) / f"noted-{piece.offset:09d}").write_text(json.dumps([split, target]))


def count_rows(key: int, rows: SeriesRows, *known: str, folder: str) -> Iterator[str]:
    noted = sorted(path.name for path in pathlib.Path(folder).glob("noted-*"))
    yield json.dumps([key, rows.ids.tolist()[0].decode(), len(rows.code), len(noted), *known])


def one_more_series(rows: SeriesRows) -> SeriesRows:
    return dataclasses.replace(rows, ids=np.array([b"!" + name for name in rows.ids], object))


def test_a_file_is_laid_down_in_pieces_of_about_a_group_and_learned_from_before_groups_are_worked_on(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tapeline.series.grouping.rows_io._ROWS_A_BATCH", 3)
    monkeypatch.setattr("tapeline.series.grouping.beam_groups.GROUP_ROWS", 5)
    path = write_file(tmp_path / "rows.parquet", [b"b", b"a"] * 5, range(10))
    survey, lines = group_files(
        beam.Pipeline(runner=LOCAL_BEAM_RUNNER),
        [("eval", path)],
        read=functools.partial(read_rows, features=RowFeatures(numbers=(TARGET,))),
        learn=beam.MapTuple(functools.partial(note_piece, folder=str(tmp_path))),
        divide=lambda survey: Grouping.of(survey, survey.rows, known=("told",), group_rows=4),
        ready=one_more_series,
        work=functools.partial(count_rows, folder=str(tmp_path)),
        folder=str(tmp_path),
    )
    noted = [json.loads(path.read_text()) for path in sorted(tmp_path.glob("noted-*"))]
    assert noted == [["eval", [0, 1, 2, 3, 4, 5]], ["eval", [6, 7, 8, 9]]]
    assert survey is not None
    assert (survey.ids.tolist(), survey.rows.tolist()) == ([b"a", b"b"], [5, 5])
    assert survey.split_rows.tolist() == [0, 10, 0]
    # Each of the two series is longer than a group, and both pieces were learned from by then.
    assert sorted(map(json.loads, lines)) == [[1, "!a", 5, 2, "told"], [2, "!b", 5, 2, "told"]]


def test_files_without_rows_have_no_survey_and_no_groups(tmp_path: pathlib.Path) -> None:
    path = write_file(tmp_path / "rows.parquet", [], [])
    survey, lines = group_files(
        beam.Pipeline(runner=LOCAL_BEAM_RUNNER),
        [("eval", path)],
        read=functools.partial(read_rows, features=RowFeatures(numbers=(TARGET,))),
        divide=lambda survey: Grouping.of(survey, survey.rows),
        work=functools.partial(count_rows, folder=str(tmp_path)),
        folder=str(tmp_path),
    )
    assert (survey, list(lines)) == (None, [])
