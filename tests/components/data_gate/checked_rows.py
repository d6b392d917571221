"""Runs the gate's checks on rows held in memory, without Beam."""

import dataclasses
import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.components.data_gate.series_checks import check_series
from tapeline.components.data_gate.series_rules import Rules
from tapeline.components.data_gate.totals import Totals
from tapeline.schemas.features import ROW_NUMBER
from tapeline.series.grouping.series_rows import NUMBERS, TEXTS, SeriesRows


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows of some series, in any order: series, epoch seconds, row numbers, splits (indices), values `[N, C]`, texts `[N, Q]`."""

    ids: npt.NDArray[Any]
    timestamps: npt.NDArray[Any]
    rows: npt.NDArray[Any]
    splits: npt.NDArray[Any]
    values: npt.NDArray[Any]
    texts: npt.NDArray[Any] | None = None

    def batch(self, chosen: npt.NDArray[Any]) -> SeriesRows:
        ids, code = np.unique(self.ids[chosen], return_inverse=True)
        columns: dict[str, npt.NDArray[Any]] = {
            ROW_NUMBER: self.rows[chosen].astype(np.int64),
            NUMBERS: self.values[chosen].astype(np.float32),
        }
        if self.texts is not None:
            columns[TEXTS] = self.texts[chosen]
        split, times = self.splits[chosen].astype(np.int8), self.timestamps[chosen].astype(np.int64)
        return SeriesRows(ids, code, split, times, columns)


def check(table: Table, rules: Rules, *, group: npt.NDArray[Any] | None = None, batches: int = 1) -> Totals:
    """Checks all series; `group` says which ones are looked at together, int `[N]`, the same for all rows of one."""
    group = np.zeros(len(table.ids), int) if group is None else group
    totals = []
    for number in np.unique(group):
        parts = np.array_split(np.flatnonzero(group == number), batches)
        rows = SeriesRows.join([table.batch(part) for part in parts if len(part)])
        totals.append(Totals.from_json(check_series(rows, rules).as_json()))
    return functools.reduce(Totals.merge, totals)
