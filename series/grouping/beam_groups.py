"""Files of rows to groups of whole series, with Beam: the engine of DataGate and of Transform.

There are two passes, in one job. The first reads each file once, surveys it, and lays its rows down as arrays. The
second sends every row to the group of its series and gives each whole group to a function, which returns lines of text.
Only pieces go through the grouping, which say where rows lie: a runner that groups in memory holds none of the data.
"""

import functools
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.pipeline import Pipeline

from tapeline.series.arrays import Array
from tapeline.series.grouping.beam_lines import run_two_passes
from tapeline.series.grouping.pieces import Piece, load, read_piece, save, write_pieces
from tapeline.series.grouping.series_rows import GROUP_ROWS, SeriesRows
from tapeline.series.grouping.series_survey import Grouping, SeriesSurvey, merge_surveys, survey_rows

_ROWS_AT_ONCE = 65_536
"""Rows that are made ready at a time, at least, where a group has so many."""


def group_files(
    pipeline: Pipeline,
    files: Sequence[tuple[str, str]],
    *,
    read: Callable[[str], Iterator[dict[str, Array]]],
    divide: Callable[[SeriesSurvey], Grouping | None],
    work: Callable[..., Iterator[str]],
    folder: str,
    learn: "beam.PTransform[Any, Any] | None" = None,
    ready: Callable[[SeriesRows], SeriesRows] | None = None,
) -> tuple[SeriesSurvey | None, Iterator[str]]:
    """Runs both passes.

    Args:
        pipeline: A new pipeline.
        files: `(split, path)` of each.
        read: From a path to the file's rows in batches, as `SeriesRows.of` takes them.
        divide: From the facts about all rows to the group of each series; None where something is wrong, which the
            caller sees in the survey. A worker runs it.
        work: From a group's key, all its rows, series in ascending order and rows in any, and what `Grouping.known`
            holds, to lines of text. A runner may repeat it.
        folder: For temporary files; workers reach it.
        learn: From `(split, piece)` of all rows to what must be done before the second pass begins.
        ready: From some rows of a group to the same rows as `work` takes them; None: as they were read.

    Returns:
        Facts about all rows, None where there are none; and all lines, in any order.
    """
    found, lines = run_two_passes(
        pipeline,
        files,
        functools.partial(_scan, read=read, folder=folder),
        functools.partial(_divide, divide=divide),
        _Groups(functools.partial(_work, work=work, ready=ready), folder),
        folder,
        between=None if learn is None else _Learn(learn),
    )
    scans = list(map(json.loads, found))
    return _survey(scans) if scans else None, lines


class _Learn(beam.PTransform[Any, Any]):
    """From the lines of the first pass to what is learned from its rows."""

    def __init__(self, learn: "beam.PTransform[Any, Any]") -> None:
        super().__init__()
        self._learn = learn

    def expand(self, lines: Any) -> Any:
        return lines | "Pieces" >> beam.FlatMap(_pieces) | "Learn" >> self._learn


class _Groups(beam.PTransform[Any, Any]):
    """From pieces with the grouping that they are divided by to lines of text."""

    def __init__(self, work: Callable[..., Iterator[str]], folder: str) -> None:
        super().__init__()
        self._work = work
        self._folder = folder

    def expand(self, pieces: Any) -> Any:
        return (
            pieces
            | "Route" >> beam.FlatMapTuple(functools.partial(_route, folder=self._folder))
            | "Group" >> beam.GroupByKey()
            | "Work" >> beam.FlatMapTuple(self._work)
        )


def _pieces(line: str) -> Iterator[tuple[str, Piece]]:
    scan = json.loads(line)
    yield from ((scan["split"], Piece(*piece)) for piece in scan["pieces"])


def _divide(
    lines: Iterable[str], *, divide: Callable[[SeriesSurvey], Grouping | None]
) -> Iterator[tuple[Piece, Grouping]]:
    """Yields all pieces, each with the grouping: it holds a name only for series that are longer than a group."""
    scans = sorted(map(json.loads, lines), key=str)
    grouping = divide(_survey(scans)) if scans else None
    if grouping:
        yield from ((Piece(*piece), grouping) for scan in scans for piece in scan["pieces"])


def _survey(scans: Sequence[dict[str, Any]]) -> SeriesSurvey:
    """Puts together what the first pass found."""
    return merge_surveys([SeriesSurvey(**load(scan["survey"])) for scan in scans])


def _scan(file: tuple[str, str], *, read: Callable[[str], Iterator[dict[str, Array]]], folder: str) -> Iterator[str]:
    """Yields one line of JSON for a file with rows: its split, where its survey lies, and its rows."""
    split, path = file
    surveys: list[SeriesSurvey] = []

    def parts() -> Iterator[SeriesRows]:
        for rows in _gathered((SeriesRows.of(batch, split=split) for batch in read(path)), GROUP_ROWS):
            surveys.append(survey_rows(rows))
            yield rows

    pieces = write_pieces(parts(), folder)
    if surveys:
        yield json.dumps({"split": split, "survey": save(vars(merge_surveys(surveys)), folder), "pieces": pieces})


def _route(piece: Piece, grouping: Grouping, *, folder: str) -> Iterator[tuple[int, tuple[Piece, tuple[Any, ...]]]]:
    """Yields the rows of a piece as pieces by group, each with what is known of all rows."""
    rows = read_piece(piece)
    key = grouping.keys(rows.ids)[rows.code]
    order = np.argsort(key, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(key[order])) + 1)
    routed = [piece] if len(parts) == 1 else write_pieces(map(rows.take, parts), folder)
    yield from ((int(key[some[0]]), (part, grouping.known)) for some, part in zip(parts, routed, strict=True))


def _work(
    key: int,
    found: Iterable[tuple[Piece, tuple[Any, ...]]],
    *,
    work: Callable[..., Iterator[str]],
    ready: Callable[[SeriesRows], SeriesRows] | None,
) -> Iterator[str]:
    """Gives a group's rows to the function."""
    pieces, known = zip(*found, strict=True)
    parts: Iterable[SeriesRows] = map(read_piece, pieces)
    if ready:
        parts = map(ready, _gathered(parts, _ROWS_AT_ONCE))
    yield from work(key, SeriesRows.join(list(parts)), *known[0])


def _gathered(parts: Iterable[SeriesRows], size: int) -> Iterator[SeriesRows]:
    """Yields the same rows, at least so many at a time but for the last."""
    waiting: list[SeriesRows] = []
    for part in itertools.chain(parts, [None]):
        if waiting and (part is None or sum(len(rows.code) for rows in waiting) >= size):
            yield SeriesRows.join(waiting)
            waiting = []
        if part is not None:
            waiting.append(part)
