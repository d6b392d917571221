"""Files of rows to groups of whole series, with Beam: the engine of DataGate and of Windows.

There are two passes. The first, `scan_files`, reads each file once, surveys it, and lays its rows down
as arrays. The second, `run_groups`, sends every row to the group of its series and gives each
whole group to a function, which returns lines of text. Only pieces go through
the grouping, which say where rows lie: a runner that groups in memory holds
none of the data.
"""

import dataclasses
import functools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np
from apache_beam.pipeline import Pipeline

from tapeline.series.grouping.beam_lines import run_lines
from tapeline.series.grouping.pieces import Piece, PieceWriter, divide, load, read_piece, save
from tapeline.series.grouping.rows_io import read_rows
from tapeline.series.grouping.series_rows import RowFeatures, SeriesRows
from tapeline.series.grouping.series_survey import Grouping, SeriesSurvey, merge_surveys, survey_rows

Load = tuple[Piece, ...]
"""Rows that one worker routes at a time."""

_SURVEYS_A_MERGE = 32


@dataclasses.dataclass(frozen=True)
class Scan:
    """What the first pass leaves.

    Attributes:
        survey: Facts about all rows.
        loads: Where the rows lie.
    """

    survey: SeriesSurvey
    loads: Sequence[Load]


def scan_files(
    make_pipeline: Callable[[], Pipeline],
    files: Sequence[tuple[str, str]],
    features: RowFeatures,
    folder: str,
) -> Scan | None:
    """First pass: surveys files and lays their rows down.

    Args:
        make_pipeline: Makes Beam pipelines.
        files: `(split, path)` of each.
        features: What is read.
        folder: For temporary files; workers reach it.

    Returns:
        The scan; None where there are no rows.
    """
    scan = beam.Create(files) | beam.Reshuffle() | beam.FlatMap(_ScanFile(features, folder))
    found = sorted((json.loads(line) for line in run_lines(make_pipeline(), "Scan", scan, folder)), key=str)
    if not found:
        return None
    loads = [tuple(Piece(*piece) for piece in pieces) for line in found for pieces in line["loads"]]
    return Scan(merge_surveys([SeriesSurvey(**load(line["survey"])) for line in found]), loads)


def run_groups(
    make_pipeline: Callable[[], Pipeline],
    loads: Sequence[Load],
    grouping: Grouping,
    work: Callable[[int, SeriesRows], Iterator[str]],
    folder: str,
) -> Iterator[str]:
    """Second pass: gives every group of whole series to a function.

    Args:
        make_pipeline: Makes Beam pipelines.
        loads: Where the rows lie.
        grouping: The group of each series.
        work: From a group's key and all its rows, series in ascending order and rows in any, to lines of text. A
            runner may repeat it.
        folder: For temporary files; workers reach it.

    Returns:
        All lines, in any order.
    """
    groups = (
        beam.Create(loads)
        | beam.Reshuffle()
        | "Route" >> beam.FlatMap(functools.partial(_route, grouping=grouping, folder=folder))
        | "Group" >> beam.GroupByKey()
        | "Work" >> beam.FlatMapTuple(functools.partial(_work, work=work))
    )
    return run_lines(make_pipeline(), "Groups", groups, folder)


@dataclasses.dataclass(frozen=True)
class _ScanFile:
    """Yields one line of JSON for a file with rows: where its survey lies, and the loads of the second pass."""

    features: RowFeatures
    folder: str

    def __call__(self, file: tuple[str, str]) -> Iterator[str]:
        split, path = file
        parts: list[SeriesSurvey] = []
        pieces: list[Piece] = []
        with PieceWriter(self.folder) as writer:
            for batch in read_rows(path, self.features):
                rows = SeriesRows.of(batch, split=split)
                parts.append(survey_rows(rows))
                if len(parts) == _SURVEYS_A_MERGE:
                    parts = [merge_surveys(parts)]
                pieces.append(writer.write(rows))
        if parts:
            survey = save(vars(merge_surveys(parts)), self.folder)
            yield json.dumps({"survey": survey, "loads": divide(pieces)})


def _route(pieces: Load, *, grouping: Grouping, folder: str) -> Iterator[tuple[int, Piece]]:
    """Yields the rows of a load as pieces by group."""
    rows = SeriesRows.join([read_piece(piece) for piece in pieces])
    key = grouping.keys(rows.ids)[rows.code]
    if (key == key[0]).all():
        yield from ((int(key[0]), piece) for piece in pieces)
        return
    order = np.argsort(key, kind="stable")
    with PieceWriter(folder) as writer:
        for some in np.split(order, np.flatnonzero(np.diff(key[order])) + 1):
            yield int(key[some[0]]), writer.write(rows.take(some))


def _work(key: int, pieces: Iterable[Piece], *, work: Callable[[int, SeriesRows], Iterator[str]]) -> Iterator[str]:
    """Gives a group's rows to the function."""
    yield from work(key, SeriesRows.join([read_piece(piece) for piece in pieces]))
