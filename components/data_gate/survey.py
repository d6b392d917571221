"""What the first pass finds out about every series: one line for each, merged in any order.

    survey = merge_surveys([survey_rows(rows, split="train", rules=rules), ...])
    survey.rows.sum(axis=1)      # how long each series is

Letters: `u` series, `S` splits, `C` columns, `K` static covariates.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from tapeline.components.data_gate.rows import Rows
from tapeline.components.data_gate.rules import Rules
from tapeline.schemas.features import SPLITS
from tapeline.series.time_grid import TimeGrid

NEVER = 2**60
"""A time or a row number after every other."""

SAMPLED = 1024
"""One row in so many tells how a series' rows lie in time."""


@dataclasses.dataclass(frozen=True, eq=False)
class Survey:
    """Facts about all rows.

    Attributes:
        ids: The series, bytes, ascending after a merge, `[u]`.
        rows: Rows by split, int64 `[u, S]`.
        first: Time of the first row by split, epoch seconds; `NEVER` without rows.
        last: Time of the last one; `-NEVER` without rows.
        measured: Values by split and column, int64 `[u, S, C]`.
        static: The known static covariates of the topmost row that has them, float32 `[u, K]`; NaN without one.
        static_row: Row number of that row; `NEVER` without one.
        sampled: Positions in `ids` of some rows, int64 `[m]`.
        sampled_time: The time of each.
    """

    ids: np.ndarray
    rows: np.ndarray
    first: np.ndarray
    last: np.ndarray
    measured: np.ndarray
    static: np.ndarray
    static_row: np.ndarray
    sampled: np.ndarray
    sampled_time: np.ndarray

    def of(self, ids: np.ndarray) -> "Survey":
        """Returns the lines of some series, without the sampled rows."""
        at = np.searchsorted(self.ids, ids)
        none = np.zeros(0, np.int64)
        names = ("ids", "rows", "first", "last", "measured", "static", "static_row")
        return Survey(**{name: getattr(self, name)[at] for name in names}, sampled=none, sampled_time=none)

    def ordinals(self, grid: TimeGrid) -> tuple[np.ndarray, np.ndarray]:
        """Returns the first and the last step by split, int64 `[u, S]` each; `NEVER` and `-NEVER` without rows."""
        known = self.rows > 0
        first, last = np.full(known.shape, NEVER), np.full(known.shape, -NEVER)
        first[known], last[known] = grid.ordinals(self.first[known]), grid.ordinals(self.last[known])
        return first, last


def survey_rows(rows: Rows, *, split: str, rules: Rules) -> Survey:
    """Returns the facts of one batch of rows of a split; series in the order of the batch."""
    order = np.argsort(rows.code, kind="stable")
    starts = np.searchsorted(rows.code[order], np.arange(len(rows.ids)))
    known = ~np.isnan(rows.values)

    def by_split(values: np.ndarray, rest: int) -> np.ndarray:
        table = np.full((len(values), len(SPLITS), *values.shape[1:]), rest, np.int64)
        table[:, SPLITS.index(split)] = values
        return table

    times = rows.timestamp[order]
    static_row = np.full((len(rows.ids), len(rules.static)), NEVER)
    static = np.full(static_row.shape, np.nan, np.float32)
    for at, column in enumerate(range(len(rules.columns) - len(rules.static), len(rules.columns))):
        row = np.where(known[:, column], rows.row, NEVER)
        static_row[:, at] = np.minimum.reduceat(row[order], starts)
        top = known[:, column] & (rows.row == static_row[rows.code, at])
        static[rows.code[top], at] = rows.values[top, column]
    # Whether a row is sampled depends on its number alone: the same rows, however files are divided.
    sampled = (rows.row.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) < np.uint64(2**64 // SAMPLED)
    return Survey(
        ids=rows.ids,
        rows=by_split(np.bincount(rows.code, minlength=len(rows.ids)), 0),
        first=by_split(np.minimum.reduceat(times, starts), NEVER),
        last=by_split(np.maximum.reduceat(times, starts), -NEVER),
        measured=by_split(np.add.reduceat(known[order], starts, axis=0, dtype=np.int64), 0),
        static=static,
        static_row=static_row,
        sampled=rows.code[sampled],
        sampled_time=rows.timestamp[sampled],
    )


def merge_surveys(surveys: Sequence[Survey]) -> Survey:
    """Returns the facts of all parts together, series in ascending order."""
    code, ids = pd.factorize(pd.Index(np.concatenate([part.ids for part in surveys]), dtype=object), sort=True)
    order = np.argsort(code, kind="stable")
    starts = np.searchsorted(code[order], np.arange(len(ids)))

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in surveys])

    rows, first, last, measured = (joined(name)[order] for name in ("rows", "first", "last", "measured"))
    all_rows, values = joined("static_row"), joined("static")
    static_row = np.minimum.reduceat(all_rows[order], starts, axis=0)
    static = np.full(static_row.shape, np.nan, np.float32)
    top, column = np.nonzero((all_rows == static_row[code]) & ~np.isnan(values))
    static[code[top], column] = values[top, column]
    base = np.cumsum([0] + [len(part.ids) for part in surveys])
    sampled = [code[part.sampled + start] for part, start in zip(surveys, base, strict=False)]
    return Survey(
        ids=ids.to_numpy(),
        rows=np.add.reduceat(rows, starts, axis=0),
        first=np.minimum.reduceat(first, starts, axis=0),
        last=np.maximum.reduceat(last, starts, axis=0),
        measured=np.add.reduceat(measured, starts, axis=0),
        static=static,
        static_row=static_row,
        sampled=np.concatenate(sampled),
        sampled_time=joined("sampled_time"),
    )
