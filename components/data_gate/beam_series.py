"""From rows in Examples files to totals, with Beam.

    lines = pipeline | beam.Create(files) | beam.FlatMap(ScanFile(rules, folder))
    placement = ...                                 # from what the lines say
    totals = pipeline | beam.Create(loads) | CheckRows(rules, placement.groups, ...)

Two passes, as for windows. The first surveys each file and lays its rows down
as arrays. The second sends every row to one group of whole series, or to one
block of time of a long series, and only pieces go through the grouping, which
say where rows lie. A worker holds a bounded number of rows, and what comes out
does not grow with the number of series.
"""

import dataclasses
import functools
import json
from collections.abc import Iterable, Iterator

import apache_beam as beam

from tapeline.components.data_gate.facts import Facts
from tapeline.components.data_gate.records import read_rows
from tapeline.components.data_gate.rows import Rows
from tapeline.components.data_gate.rules import Rules
from tapeline.components.data_gate.series_checks import judge_series
from tapeline.components.data_gate.survey import Survey, merge_surveys, survey_rows
from tapeline.components.data_gate.totals import Totals
from tapeline.series.grouping.pieces import Piece, PieceWriter, divide, load, read_piece, save

_SURVEYS_A_MERGE = 32
_BLOCKS = "blocks"


@dataclasses.dataclass(frozen=True)
class ScanFile:
    """First pass: surveys a file of one split, `(split, path)`, and lays its rows down.

    Yields one line of JSON: where the survey lies, and the loads of the second pass.
    """

    rules: Rules
    folder: str

    def __call__(self, file: tuple[str, str]) -> Iterator[str]:
        """Scans one file."""
        split, path = file
        parts: list[Survey] = []
        pieces: list[Piece] = []
        with PieceWriter(self.folder) as writer:
            for rows in read_rows(path, self.rules.columns):
                parts.append(survey_rows(rows, split=split, rules=self.rules))
                if len(parts) == _SURVEYS_A_MERGE:
                    parts = [merge_surveys(parts)]
                pieces.append(writer.write(rows))
        if parts:
            yield json.dumps({"survey": save(merge_surveys(parts), self.folder), "loads": divide(pieces)})


class RouteRows(beam.DoFn):
    """Second pass: the pieces of a load to pieces by key.

    Args:
        placement_path: Where the key of every row is written.
        folder: Where rows are laid down, sorted by key.
    """

    def __init__(self, placement_path: str, folder: str) -> None:
        self._placement_path = placement_path
        self._folder = folder

    def setup(self) -> None:
        """Loads what all loads share."""
        self._placement = load(self._placement_path)

    def process(self, pieces: tuple[Piece, ...]) -> Iterator[tuple[int, Piece]]:
        """Routes the rows of one load."""
        rows = Rows.join([read_piece(piece) for piece in pieces])
        with PieceWriter(self._folder) as writer:
            for key, routed in self._placement.route(rows):
                yield key, writer.write(routed)


class CheckKey(beam.DoFn):
    """Second pass: the totals of a group of whole series; facts of a block of a long one, to be put together.

    Args:
        rules: What every series must keep.
        groups: Keys below this one are groups of whole series.
        survey_path: Where the survey of all rows lies.
    """

    def __init__(self, rules: Rules, groups: int, survey_path: str) -> None:
        self._rules = rules
        self._groups = groups
        self._survey_path = survey_path

    def setup(self) -> None:
        """Loads what all keys share."""
        self._survey = load(self._survey_path)

    def process(self, element: tuple[int, Iterable[Piece]]) -> Iterator[Totals | beam.pvalue.TaggedOutput]:
        """Checks the rows of one key."""
        key, pieces = element
        rows = Rows.join([read_piece(piece) for piece in pieces])
        survey = self._survey.of(rows.ids)
        whole = key < self._groups
        facts = Facts.of(rows, survey, self._rules, whole=whole)
        if whole:
            yield judge_series(facts, survey, self._rules)
        else:
            yield beam.pvalue.TaggedOutput(_BLOCKS, (rows.ids[0], (key, facts, survey)))


def join_blocks(element: tuple[bytes, Iterable[tuple[int, Facts, Survey]]], rules: Rules) -> Totals:
    """Puts the blocks of a long series together in the order of time, and judges it."""
    in_order = sorted(element[1], key=lambda block: block[0])
    return judge_series(functools.reduce(Facts.merge, (facts for _, facts, _ in in_order)), in_order[0][2], rules)


class MergeTotals(beam.CombineFn):
    """Adds up the totals of all series."""

    def create_accumulator(self) -> Totals:
        return Totals()

    def add_input(self, accumulator: Totals, element: Totals) -> Totals:
        return accumulator.merge(element)

    def merge_accumulators(self, accumulators: Iterable[Totals]) -> Totals:
        return functools.reduce(Totals.merge, accumulators, Totals())

    def extract_output(self, accumulator: Totals) -> Totals:
        return accumulator


class CheckRows(beam.PTransform):
    """Second pass: loads in, one `Totals` out.

    Args:
        rules: What every series must keep.
        groups: How many groups of whole series the placement has.
        survey_path: Where the survey of all rows lies.
        placement_path: Where the key of every row is written.
        folder: Where rows are laid down.
    """

    def __init__(self, rules: Rules, groups: int, *, survey_path: str, placement_path: str, folder: str) -> None:
        super().__init__()
        self._rules = rules
        self._groups = groups
        self._survey_path = survey_path
        self._placement_path = placement_path
        self._folder = folder

    def expand(self, loads: beam.PCollection) -> beam.PCollection:
        """Routes, groups and checks."""
        check = beam.ParDo(CheckKey(self._rules, self._groups, self._survey_path))
        checked = (
            loads
            | "Route" >> beam.ParDo(RouteRows(self._placement_path, self._folder))
            | "Group" >> beam.GroupByKey()
            | "Check" >> check.with_outputs(_BLOCKS, main="totals")
        )
        long = checked[_BLOCKS] | "GroupBlocks" >> beam.GroupByKey() | "Join" >> beam.Map(join_blocks, self._rules)
        return (checked.totals, long) | beam.Flatten() | beam.CombineGlobally(MergeTotals())
