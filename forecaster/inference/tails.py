"""The newest steps of every series of a source: all that a forecast needs, however long the source is.

A tail holds the rows of a series from `T` steps before its last measured value
on. More values only move that start forward, so what was dropped is never
needed again: tails merge in any order, batch by batch or on Beam.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tapeline.schemas import features as names
from tapeline.series.sources.rows import RowLayout, Rows
from tapeline.series.time_grid import TimeGrid


@dataclasses.dataclass(frozen=True, eq=False)
class Tail:
    """The newest rows of one series.

    Attributes:
        start: Ordinal of the first row of the whole series.
        ordinal: Of each row that is kept, int64 `[n]`.
        seconds: Epoch seconds, int64 `[n]`.
        row: Row numbers in the source, int64 `[n]`.
        values: Target, then each covariate that holds amounts, float64 `[n, C]`; NaN where missing.
        texts: Each covariate that holds categories, bytes `[n, Q]`; empty where missing.
    """

    start: int
    ordinal: npt.NDArray[np.int64]
    seconds: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    texts: npt.NDArray[np.object_]

    @property
    def last_measured(self) -> int | None:
        """Ordinal of the last row with a target; None where no row has one."""
        measured = self.ordinal[~np.isnan(self.values[:, 0])]
        return int(measured.max()) if len(measured) else None

    def newest(self, context_length: int) -> "Tail":
        """Drops rows that no context reaches back to."""
        last = self.last_measured
        if last is None:
            return self
        kept = self.ordinal > last - context_length
        return self.take(kept)

    def take(self, rows: npt.NDArray[Any]) -> "Tail":
        """Returns some of the rows."""
        return Tail(self.start, *(getattr(self, field)[rows] for field in _FIELDS))


_FIELDS = ("ordinal", "seconds", "row", "values", "texts")
"""What a tail holds of each row."""


def tails_of(rows: Rows, layout: RowLayout, *, grid: TimeGrid, context_length: int) -> dict[bytes, Tail]:
    """Returns the tail of each series in a batch of rows.

    Args:
        rows: A batch, read.
        layout: Roles of the columns; each target column is a series where there are several.
        grid: The grid of times.
        context_length: `T`.
    """
    seconds = rows.times.seconds
    ordinal = grid.ordinals(seconds)
    numbers = np.arange(rows.first_row, rows.first_row + len(rows))
    covariates = [rows.numbers[column] for column in layout.numbers if column not in layout.target]
    texts = np.empty((len(rows), len(layout.texts)), object)
    for place, column in enumerate(layout.texts):
        texts[:, place] = rows.texts[column].to_numpy(zero_copy_only=False)
    groups = _groups(rows.series_ids, len(rows))
    tails = {}
    for target in layout.target:
        values = np.stack([rows.numbers[target], *covariates], axis=1)
        for series_id, at in groups:
            unnamed = target if len(layout.target) > 1 else names.SINGLE_SERIES
            name = unnamed.encode() if series_id is None else series_id
            tail = Tail(int(ordinal[at].min()), ordinal[at], seconds[at], numbers[at], values[at], texts[at])
            tails[name] = tail.newest(context_length)
    return tails


def _groups(series_ids: pa.Array | None, count: int) -> list[tuple[bytes | None, npt.NDArray[np.int64]]]:
    """Which rows belong to which series."""
    if not count:
        return []
    if series_ids is None:
        return [(None, np.arange(count))]
    encoded = pc.dictionary_encode(series_ids)
    code = encoded.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(code, kind="stable")
    pieces = np.split(order, np.flatnonzero(np.diff(code[order])) + 1)
    distinct = encoded.dictionary.to_pylist()
    return [(distinct[code[piece[0]]], piece) for piece in pieces]


def merge_by_series(batches: Iterable[dict[bytes, Tail]], *, context_length: int) -> dict[bytes, Tail]:
    """Returns the tail of each series from those of its batches, one batch in memory at a time.

    Args:
        batches: Tails by series.
        context_length: `T`.
    """
    merged: dict[bytes, Tail] = {}
    for batch in batches:
        for series_id, tail in batch.items():
            known = [merged[series_id]] if series_id in merged else []
            merged[series_id] = merge([*known, tail], context_length=context_length)
    return merged


def merge(tails: Iterable[Tail], *, context_length: int) -> Tail:
    """Returns the tail of a series from those of its parts, in any order.

    Args:
        tails: At least one.
        context_length: `T`.
    """
    tails = list(tails)
    if len(tails) == 1:
        return tails[0]
    start = min(tail.start for tail in tails)
    joined = (np.concatenate([getattr(tail, field) for tail in tails]) for field in _FIELDS)
    return Tail(start, *joined).newest(context_length)
