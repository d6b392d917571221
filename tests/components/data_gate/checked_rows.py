"""Runs the gate's two passes on rows held in memory, without Beam."""

import dataclasses
import functools

import numpy as np

from tapeline.components.data_gate.facts import Facts
from tapeline.components.data_gate.placement import Placement
from tapeline.components.data_gate.rows import Rows
from tapeline.components.data_gate.rules import Rules
from tapeline.components.data_gate.series_checks import judge_series
from tapeline.components.data_gate.survey import Survey, merge_surveys, survey_rows
from tapeline.components.data_gate.totals import Totals
from tapeline.schemas.features import SPLITS


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows of some series, in any order: series, epoch seconds, row numbers, splits (indices), values `[N, C]`."""

    ids: np.ndarray
    timestamps: np.ndarray
    rows: np.ndarray
    splits: np.ndarray
    values: np.ndarray

    def batch(self, chosen: np.ndarray) -> Rows:
        ids, code = np.unique(self.ids[chosen], return_inverse=True)
        values = self.values[chosen].astype(np.float32)
        return Rows(ids, code, self.timestamps[chosen].astype(np.int64), self.rows[chosen].astype(np.int64), values)


def scan(table: Table, rules: Rules, *, batches: int = 1) -> tuple[Survey, list[Rows]]:
    """The first pass: a survey, and the rows in batches of one split each."""
    parts, found = [], []
    for index, split in enumerate(SPLITS):
        for chosen in np.array_split(np.flatnonzero(table.splits == index), batches):
            if len(chosen):
                found.append(table.batch(chosen))
                parts.append(survey_rows(found[-1], split=split, rules=rules))
    return merge_surveys(parts), found


def check(table: Table, rules: Rules, *, placement: Placement | None = None, batches: int = 1) -> Totals:
    """Both passes; `placement` says which rows are looked at together."""
    survey, found = scan(table, rules, batches=batches)
    placement = Placement.of(survey) if placement is None else placement
    by_key: dict[int, list[Rows]] = {}
    for rows in found:
        for key, routed in placement.route(rows):
            by_key.setdefault(key, []).append(routed)
    totals = Totals()
    blocks: dict[bytes, list[Facts]] = {}
    for key, pieces in sorted(by_key.items()):
        rows = Rows.join(pieces)
        whole = key < placement.groups
        facts = Facts.of(rows, survey.of(rows.ids), rules, whole=whole)
        if whole:
            totals = totals.merge(judge_series(facts, survey.of(rows.ids), rules))
        else:
            blocks.setdefault(rows.ids[0], []).append(facts)
    for series_id, parts in blocks.items():
        alone = survey.of(np.array([series_id], object))
        totals = totals.merge(judge_series(functools.reduce(Facts.merge, parts), alone, rules))
    return totals
