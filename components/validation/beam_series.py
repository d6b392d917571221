"""From rows in Examples files to findings, with Beam.

    batches = {"train": pipeline | ..., "eval": ..., "test": ...}   # Arrow record batches
    totals = batches | CheckSeries(rules)

Rows travel as columns: a record batch is cut into one piece a series, pieces
meet in a `GroupByKey`, and the pure checks see whole series. What comes out
does not grow with the number of series.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from components.validation.findings import Finding, FindingGroup, SplitTotal
from components.validation.series import Rules, Series
from components.validation.series_checks import check_series
from schemas.features import ROW_NUMBER, SERIES_ID, SPLITS, TIMESTAMP

Piece = tuple[int, np.ndarray, np.ndarray, np.ndarray]
"""Split index, timestamps `[n]`, row numbers `[n]`, values `[n, columns]` of some rows of one series."""

_ROWS_BUFFERED = 500_000


def column_values(batch: pa.RecordBatch, column: str) -> np.ndarray:
    """Returns a single-valued column as float32 `[n]`, as Examples hold it; NaN where a row has no value.

    Args:
        batch: Rows as TFXIO reads them: each column a list a row, absent where no row has a value.
        column: Name of the column.
    """
    values = np.full(batch.num_rows, np.nan, np.float32)
    index = batch.schema.get_field_index(column)
    if index < 0 or pa.types.is_null(batch.column(index).type):
        return values
    array = batch.column(index)
    present = array.value_lengths().fill_null(0).to_numpy(zero_copy_only=False) > 0
    values[present] = array.flatten().to_numpy(zero_copy_only=False)
    return values


def split_by_series(batch: pa.RecordBatch, *, split: int, columns: Iterable[str]) -> Iterator[tuple[str, Piece]]:
    """Cuts a record batch into one piece a series, without a loop over rows.

    Args:
        batch: Rows of one split.
        split: Index of the split in `SPLITS`.
        columns: Target and covariates, in the order of a piece's values.
    """
    names = batch.column(batch.schema.get_field_index(SERIES_ID)).flatten().dictionary_encode()
    codes = names.indices.to_numpy(zero_copy_only=False)
    timestamps, rows = (
        batch.column(batch.schema.get_field_index(column)).flatten().to_numpy(zero_copy_only=False)
        for column in (TIMESTAMP, ROW_NUMBER)
    )
    values = np.stack([column_values(batch, column) for column in columns], axis=1)
    order = np.argsort(codes, kind="stable")
    borders = np.searchsorted(codes[order], np.arange(len(names.dictionary) + 1))
    for code, name in enumerate(names.dictionary.to_pylist()):
        chosen = order[borders[code] : borders[code + 1]]
        yield name.decode("utf-8", "replace"), (split, timestamps[chosen], rows[chosen], values[chosen])


def join_pieces(series_id: str, pieces: Iterable[Piece], *, columns: tuple[str, ...]) -> Series:
    """Puts the pieces of one series together, in source order."""
    splits, timestamps, rows, values = zip(*pieces, strict=True)
    row_numbers = np.concatenate(rows)
    order = np.argsort(row_numbers, kind="stable")
    matrix = np.concatenate(values)[order]
    lengths = [len(piece) for piece in timestamps]
    return Series(
        series_id=series_id,
        timestamps=np.concatenate(timestamps)[order],
        rows=row_numbers[order],
        splits=np.repeat(np.array(splits, np.int8), lengths)[order],
        values={column: matrix[:, index] for index, column in enumerate(columns)},
    )


class CutPieces(beam.DoFn):
    """Cuts record batches of one split into pieces; gathers many batches first, so that pieces are long."""

    def __init__(self, *, split: int, columns: tuple[str, ...]):
        self._split = split
        self._columns = columns

    def start_bundle(self) -> None:
        self._pieces: dict[str, list[Piece]] = {}
        self._rows = 0

    def process(self, batch: pa.RecordBatch) -> Iterator[tuple[str, Piece]]:
        for series_id, piece in split_by_series(batch, split=self._split, columns=self._columns):
            self._pieces.setdefault(series_id, []).append(piece)
        self._rows += batch.num_rows
        if self._rows >= _ROWS_BUFFERED:
            yield from self._flush()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        window = GlobalWindow()
        for element in self._flush():
            yield WindowedValue(element, window.max_timestamp(), (window,))

    def _flush(self) -> Iterator[tuple[str, Piece]]:
        for series_id, pieces in self._pieces.items():
            _, timestamps, rows, values = zip(*pieces, strict=True)
            yield series_id, (self._split, np.concatenate(timestamps), np.concatenate(rows), np.concatenate(values))
        self.start_bundle()


@dataclasses.dataclass(frozen=True)
class Totals:
    """What the checks found over any number of series; merging does not depend on the order.

    Attributes:
        groups: Findings by severity, kind, column and split.
        splits: Extent of each of `SPLITS`.
        series: Number of series.
    """

    groups: dict[tuple[str | None, ...], FindingGroup] = dataclasses.field(default_factory=dict)
    splits: tuple[SplitTotal, ...] = (SplitTotal(),) * len(SPLITS)
    series: int = 0

    @classmethod
    def of(cls, series: Series, rules: Rules) -> "Totals":
        """The totals of one series."""
        findings, extents = check_series(series, rules)
        groups: dict[tuple[str | None, ...], FindingGroup] = {}
        for finding in findings:
            key = (finding.severity, finding.kind, finding.column, finding.split)
            groups[key] = groups.get(key, FindingGroup()).merge(FindingGroup.of(finding))
        return cls(groups, extents, 1)

    def merge(self, other: "Totals") -> "Totals":
        """Both in one."""
        keys = {**self.groups, **other.groups}
        return Totals(
            {key: self.groups.get(key, FindingGroup()).merge(other.groups.get(key, FindingGroup())) for key in keys},
            tuple(mine.merge(theirs) for mine, theirs in zip(self.splits, other.splits, strict=True)),
            self.series + other.series,
        )

    def judged(self, whole: Iterable[Finding]) -> list[FindingGroup]:
        """The groups together with findings about the data as a whole.

        A split without one window is one error, not one more for every series.
        """
        whole = list(whole)
        empty = {finding.split for finding in whole if finding.kind == "no_windows"}
        kept = [
            group
            for (_, kind, _, split), group in self.groups.items()
            if not (kind in ("too_short", "no_rows") and split in empty)
        ]
        return kept + [FindingGroup.of(finding) for finding in whole]


class MergeTotals(beam.CombineFn):
    """Adds up the totals of all series."""

    def create_accumulator(self) -> Totals:
        return Totals()

    def add_input(self, accumulator: Totals, element: Totals) -> Totals:
        return accumulator.merge(element)

    def merge_accumulators(self, accumulators: Iterable[Totals]) -> Totals:
        total = Totals()
        for accumulator in accumulators:
            total = total.merge(accumulator)
        return total

    def extract_output(self, accumulator: Totals) -> Totals:
        return accumulator


class CheckSeries(beam.PTransform):
    """Record batches by split in, one `Totals` out."""

    def __init__(self, rules: Rules):
        """Takes what every series must keep."""
        super().__init__()
        self._rules = rules

    def expand(self, batches: Any) -> beam.PCollection:
        """Gathers the series of a dict of collections, one a split, and checks each."""
        rules = self._rules
        pieces = [
            batches[name] | f"Cut[{name}]" >> beam.ParDo(CutPieces(split=index, columns=rules.columns))
            for index, name in enumerate(SPLITS)
            if name in batches
        ]
        return (
            pieces
            | beam.Flatten()
            | beam.GroupByKey()
            | beam.MapTuple(
                lambda series_id, parts: Totals.of(join_pieces(series_id, parts, columns=rules.columns), rules)
            )
            | beam.CombineGlobally(MergeTotals())
        )
