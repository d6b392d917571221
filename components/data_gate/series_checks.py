"""Checks that column statistics cannot make, on groups of whole series.

Many series at a time. A finding is written only where something is wrong, and
only for the first few series by name; the others are counted.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pandas as pd

from tapeline.components.data_gate.bound_checks import check_bounds
from tapeline.components.data_gate.outlier_checks import check_outliers
from tapeline.components.data_gate.series_rules import Rules
from tapeline.components.data_gate.split_checks import find_overlap
from tapeline.components.data_gate.totals import SplitTotal, Totals
from tapeline.components.data_gate.value_checks import check_gaps, check_rest, check_values
from tapeline.components.data_gate.window_checks import count_windows, find_no_window
from tapeline.schemas.features import SPLITS
from tapeline.series.arrays import Array, Ints
from tapeline.series.checks.clock_changes import find_clock_changes
from tapeline.series.checks.findings import SeriesFindings
from tapeline.series.checks.grid_checks import TimeFaults, find_disorder, find_duplicates, find_wrong_steps
from tapeline.series.checks.ordered_rows import Ordered, order_rows
from tapeline.series.grouping.series_rows import NUMBERS, TEXTS, SeriesRows
from tapeline.series.grouping.series_survey import NEVER


def check_group(_key: int, rows: SeriesRows, *, rules: Rules) -> Iterator[str]:
    """Yields the totals of a group of whole series as a line of text."""
    yield check_series(rows, rules).as_json()


def check_series(rows: SeriesRows, rules: Rules) -> Totals:
    """Checks some series.

    Args:
        rows: All their rows.
        rules: What they must keep.

    Returns:
        Findings, and the extent of the splits, over these series.
    """
    ordered = order_rows(_with_texts(rows, rules), rules.grid)
    extents = _Extents.of(ordered)
    measured = extents.measured.sum(axis=1)
    found, faults = SeriesFindings(ordered.ids), TimeFaults.of(ordered)
    changes = find_clock_changes(found, ordered, rules.grid) if rules.wall_clock else {}
    find_duplicates(found, faults, zones={code: change.zone for code, change in changes.items() if change.back})
    find_disorder(found, faults, files=rules.files)
    find_wrong_steps(found, ordered, faults, rules.grid, least_steps=1)
    check_values(found, ordered, rules, measured)
    scale = check_outliers(found, ordered, rules)
    check_bounds(found, ordered, rules)
    check_rest(found, ordered, measured[:, 0], limit=rules.max_constant)
    # On a wrong grid every step is a gap, and without values no window fits: name the cause only.
    countable = (measured[:, 0] > 0) & ~faults.wrong
    gapless = check_gaps(found, ordered, rules, countable)
    splits = _check_lengths(found, ordered, extents, rules, countable & gapless)
    return Totals(found.groups, splits, ordered.size, scale)


def _with_texts(rows: SeriesRows, rules: Rules) -> SeriesRows:
    """Rows with a number for each text among their numbers, in the order of the rules' columns; NaN where missing."""
    if not rules.texts:
        return rows
    numbers, texts = rows.columns[NUMBERS], rows.columns[TEXTS]
    values = np.empty((len(numbers), len(rules.columns)))
    values[:, [rules.columns.index(column) for column in rules.numbers]] = numbers
    for at, column in enumerate(rules.texts):
        code = pd.factorize(pd.Index(texts[:, at], dtype=object))[0]
        values[:, rules.columns.index(column)] = np.where(texts[:, at] == b"", np.nan, code)
    return dataclasses.replace(rows, columns={**rows.columns, NUMBERS: values})


@dataclasses.dataclass(frozen=True, eq=False)
class _Extents:
    """What each series has in each split.

    Attributes:
        rows: Rows, int64 `[u, S]`.
        first: Time of the first one; `NEVER` without rows.
        last: Time of the last one; `-NEVER` without rows.
        measured: Values by column, int64 `[u, S, C]`.
    """

    rows: Ints
    first: Ints
    last: Ints
    measured: Ints

    @classmethod
    def of(cls, ordered: Ordered) -> "_Extents":
        shape = ordered.size, len(SPLITS)
        cell = ordered.code * len(SPLITS) + ordered.split
        first, last = np.full(shape, NEVER), np.full(shape, -NEVER)
        np.minimum.at(first.reshape(-1), cell, ordered.timestamp)
        np.maximum.at(last.reshape(-1), cell, ordered.timestamp)
        counts = [np.bincount(cell[~np.isnan(values)], minlength=first.size) for values in ordered.values.T]
        rows = np.bincount(cell, minlength=first.size)
        return cls(rows.reshape(shape), first, last, np.stack(counts, axis=1).reshape(*shape, len(counts)))

    def ordinals(self, rules: Rules) -> tuple[Ints, Ints]:
        """Returns the first and the last step by split, int64 `[u, S]` each; `NEVER` and `-NEVER` without rows."""
        known = self.rows > 0
        first, last = self.first.copy(), self.last.copy()
        first[known], last[known] = rules.grid.ordinals(first[known]), rules.grid.ordinals(last[known])
        return first, last


def _check_lengths(
    found: SeriesFindings, ordered: Ordered, extents: _Extents, rules: Rules, countable: Array
) -> tuple[SplitTotal, ...]:
    """Adds series without a window in a split, and returns the extent of each of `SPLITS`."""
    if rules.split.from_ends:
        find_overlap(found, extents.first, extents.last, rules.split)
    firsts, lasts = extents.ordinals(rules)
    measured = ~np.isnan(ordered.values[:, 0])
    code, ordinal = ordered.code[measured], ordered.ordinal[measured]
    whole, padded = count_windows(code, ordinal, first=firsts, last=lasts, rules=rules)
    counted = whole + padded
    hopeless = lasts.max(axis=1) - firsts.min(axis=1) + 1 < rules.spec.least_context
    splits = []
    for at, split in enumerate(SPLITS):
        rows, windows = extents.rows[:, at], counted[:, at]
        present = rows > 0
        steps = np.where(present, lasts[:, at] - firsts[:, at] + 1, 0)
        find_no_window(found, split, rows, steps, rules, short=present & countable & (windows == 0), hopeless=hopeless)
        if not present.any():
            splits.append(SplitTotal())
            continue
        values = extents.measured[:, at].sum(axis=0).tolist()
        splits.append(
            SplitTotal(
                rows=int(rows.sum()),
                first=int(extents.first[:, at].min()),
                last=int(extents.last[:, at].max()),
                windows=int(windows.sum()) if countable[present].all() else None,
                longest=int(steps.max()),
                measured=dict(zip(rules.columns, values, strict=True)),
                padded=int(padded[:, at].sum()),
            )
        )
    return tuple(splits)
