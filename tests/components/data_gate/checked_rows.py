"""Runs the gate's checks on rows held in memory, without Beam."""

import dataclasses
import functools

import numpy as np

from tapeline.components.data_gate.series_checks import check_series
from tapeline.components.data_gate.series_rules import Rules
from tapeline.components.data_gate.totals import Totals
from tapeline.schemas.features import ROW_NUMBER
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows of some series, in any order: series, epoch seconds, row numbers, splits (indices), values `[N, C]`."""

    ids: np.ndarray
    timestamps: np.ndarray
    rows: np.ndarray
    splits: np.ndarray
    values: np.ndarray

    def batch(self, chosen: np.ndarray) -> SeriesRows:
        ids, code = np.unique(self.ids[chosen], return_inverse=True)
        columns = {
            ROW_NUMBER: self.rows[chosen].astype(np.int64),
            NUMBERS: self.values[chosen].astype(np.float32),
        }
        split, times = self.splits[chosen].astype(np.int8), self.timestamps[chosen].astype(np.int64)
        return SeriesRows(ids, code, split, times, columns)


def check(table: Table, rules: Rules, *, group: np.ndarray | None = None, batches: int = 1) -> Totals:
    """Checks all series; `group` says which ones are looked at together, int `[N]`, the same for all rows of one."""
    group = np.zeros(len(table.ids), int) if group is None else group
    totals = []
    for number in np.unique(group):
        parts = np.array_split(np.flatnonzero(group == number), batches)
        rows = SeriesRows.join([table.batch(part) for part in parts if len(part)])
        totals.append(Totals.from_json(check_series(rows, rules).as_json()))
    return functools.reduce(Totals.merge, totals)
