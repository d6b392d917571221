"""Files of rows to groups of whole series, with Beam: the engine of DataGate and of Transform.

There are two passes, in one job (`group_files`) or in two. The first, `scan_files`, reads each file once, surveys it,
and lays its rows down as arrays. The second, `run_groups`, sends every row to the group of its series and gives each
whole group to a function, which returns lines of text. Only pieces go through the grouping, which say where rows lie: a
runner that groups in memory holds none of the data.
"""

import dataclasses
import functools
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.pipeline import Pipeline

from tapeline.series.arrays import Array
from tapeline.series.grouping.beam_lines import run_lines, run_two_passes
from tapeline.series.grouping.pieces import Piece, load, read_piece, save, write_pieces
from tapeline.series.grouping.series_rows import GROUP_ROWS, SeriesRows
from tapeline.series.grouping.series_survey import Grouping, SeriesSurvey, merge_surveys, survey_rows


@dataclasses.dataclass(frozen=True)
class Scan:
    """What the first pass leaves.

    Attributes:
        survey: Facts about all rows.
        pieces: Where the rows lie, about `GROUP_ROWS` in each.
    """

    survey: SeriesSurvey
    pieces: Sequence[Piece]


def scan_files(
    make_pipeline: Callable[[], Pipeline],
    files: Sequence[tuple[str, str]],
    read: Callable[[str], Iterator[dict[str, Array]]],
    folder: str,
) -> Scan | None:
    """First pass: surveys files and lays their rows down.

    Args:
        make_pipeline: Makes Beam pipelines.
        files: `(split, path)` of each.
        read: From a path to the file's rows in batches, as `SeriesRows.of` takes them.
        folder: For temporary files; workers reach it.

    Returns:
        The scan; None where there are no rows.
    """
    scan = beam.Create(files) | beam.Reshuffle() | beam.FlatMap(functools.partial(_scan, read=read, folder=folder))
    return _scan_of(run_lines(make_pipeline(), "Scan", scan, folder))


def run_groups(
    make_pipeline: Callable[[], Pipeline],
    pieces: Sequence[Piece],
    grouping: Grouping,
    work: Callable[[int, SeriesRows], Iterator[str]],
    folder: str,
) -> Iterator[str]:
    """Second pass: gives every group of whole series to a function.

    Args:
        make_pipeline: Makes Beam pipelines.
        pieces: Where the rows lie.
        grouping: The group of each series.
        work: From a group's key and all its rows, series in ascending order and rows in any, to lines of text. A
            runner may repeat it.
        folder: For temporary files; workers reach it.

    Returns:
        All lines, in any order.
    """
    groups = (
        beam.Create(pieces)
        | beam.Reshuffle()
        | "Route" >> beam.FlatMap(functools.partial(_route, grouping=grouping, folder=folder))
        | "Group" >> beam.GroupByKey()
        | "Work" >> beam.FlatMapTuple(functools.partial(_work, work=work))
    )
    return run_lines(make_pipeline(), "Groups", groups, folder)


def group_files(
    pipeline: Pipeline,
    files: Sequence[tuple[str, str]],
    read: Callable[[str], Iterator[dict[str, Array]]],
    divide: Callable[[SeriesSurvey], Grouping | None],
    work: Callable[[int, SeriesRows], Iterator[str]],
    folder: str,
) -> tuple[SeriesSurvey | None, Iterator[str]]:
    """Both passes in one job.

    Args:
        pipeline: A new pipeline.
        files: `(split, path)` of each.
        read: As for `scan_files`.
        divide: From the facts about all rows to the group of each series; None where something is wrong, which the
            caller sees in the survey. A worker runs it.
        work: As for `run_groups`.
        folder: For temporary files; workers reach it.

    Returns:
        Facts about all rows, None where there are none; and all lines, in any order.
    """
    found, lines = run_two_passes(
        pipeline,
        files,
        functools.partial(_scan, read=read, folder=folder),
        functools.partial(_divide, divide=divide),
        _Groups(work, folder),
        folder,
    )
    scan = _scan_of(found)
    return None if scan is None else scan.survey, lines


class _Groups(beam.PTransform[Any, Any]):
    """From pieces with the grouping that they are divided by to lines of text."""

    def __init__(self, work: Callable[[int, SeriesRows], Iterator[str]], folder: str) -> None:
        super().__init__()
        self._work = work
        self._folder = folder

    def expand(self, pieces: Any) -> Any:
        return (
            pieces
            | "Route" >> beam.FlatMapTuple(functools.partial(_route, folder=self._folder))
            | "Group" >> beam.GroupByKey()
            | "Work" >> beam.FlatMapTuple(functools.partial(_work, work=self._work))
        )


def _divide(
    lines: Iterable[str], *, divide: Callable[[SeriesSurvey], Grouping | None]
) -> Iterator[tuple[Piece, Grouping]]:
    """Yields all pieces, each with the grouping: it holds a name only for series that are longer than a group."""
    scan = _scan_of(lines)
    grouping = divide(scan.survey) if scan else None
    if scan and grouping:
        yield from ((piece, grouping) for piece in scan.pieces)


def _scan_of(lines: Iterable[str]) -> Scan | None:
    """Puts together what the first pass found."""
    found = sorted(map(json.loads, lines), key=str)
    if not found:
        return None
    pieces = [Piece(*piece) for line in found for piece in line["pieces"]]
    return Scan(merge_surveys([SeriesSurvey(**load(line["survey"])) for line in found]), pieces)


def _scan(file: tuple[str, str], *, read: Callable[[str], Iterator[dict[str, Array]]], folder: str) -> Iterator[str]:
    """Yields one line of JSON for a file with rows: where its survey lies, and its rows."""
    surveys: list[SeriesSurvey] = []

    def parts() -> Iterator[SeriesRows]:
        split, path = file
        waiting: list[SeriesRows] = []
        for batch in itertools.chain(read(path), [None]):
            if waiting and (batch is None or sum(len(rows.code) for rows in waiting) >= GROUP_ROWS):
                rows, waiting = SeriesRows.join(waiting), []
                surveys.append(survey_rows(rows))
                yield rows
            if batch is not None:
                waiting.append(SeriesRows.of(batch, split=split))

    pieces = write_pieces(parts(), folder)
    if surveys:
        yield json.dumps({"survey": save(vars(merge_surveys(surveys)), folder), "pieces": pieces})


def _route(piece: Piece, grouping: Grouping, *, folder: str) -> Iterator[tuple[int, Piece]]:
    """Yields the rows of a piece as pieces by group."""
    rows = read_piece(piece)
    key = grouping.keys(rows.ids)[rows.code]
    order = np.argsort(key, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(key[order])) + 1)
    routed = [piece] if len(parts) == 1 else write_pieces(map(rows.take, parts), folder)
    yield from zip((int(key[some[0]]) for some in parts), routed, strict=True)


def _work(key: int, pieces: Iterable[Piece], *, work: Callable[[int, SeriesRows], Iterator[str]]) -> Iterator[str]:
    """Gives a group's rows to the function."""
    yield from work(key, SeriesRows.join([read_piece(piece) for piece in pieces]))
