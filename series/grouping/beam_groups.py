"""Files of rows to groups of whole series, with Beam: the engine of DataGate and of Transform.

There are two passes. The first, `scan_files`, reads each file once, surveys it, and lays its rows down
as arrays. The second, `run_groups`, sends every row to the group of its series and gives each
whole group to a function, which returns lines of text. Only pieces go through
the grouping, which say where rows lie: a runner that groups in memory holds
none of the data.
"""

import dataclasses
import functools
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np
from apache_beam.pipeline import Pipeline

from tapeline.series.arrays import Array
from tapeline.series.grouping.beam_lines import run_lines
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
    found = sorted((json.loads(line) for line in run_lines(make_pipeline(), "Scan", scan, folder)), key=str)
    if not found:
        return None
    pieces = [Piece(*piece) for line in found for piece in line["pieces"]]
    return Scan(merge_surveys([SeriesSurvey(**load(line["survey"])) for line in found]), pieces)


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


def _route(piece: Piece, *, grouping: Grouping, folder: str) -> Iterator[tuple[int, Piece]]:
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
