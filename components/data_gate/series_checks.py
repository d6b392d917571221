"""Checks that column statistics cannot make, on groups of whole series.

    totals = check_series(rows, rules)

Many series at a time. A finding is written only where something is wrong, and
only for the first few series by name; the others are counted.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator

import numpy as np

from tapeline.components.data_gate import value_checks
from tapeline.components.data_gate.series_rules import Rules
from tapeline.components.data_gate.window_checks import count_windows, no_window
from tapeline.schemas.features import SPLITS, TARGET
from tapeline.series.checks import grid_checks
from tapeline.series.checks.findings import MAX_SERIES, Finding, FindingGroup, SplitTotal, Totals
from tapeline.series.checks.ordered_rows import Ordered, order_rows
from tapeline.series.grouping.series_rows import SeriesRows
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
    ordered = order_rows(rows, rules.grid)
    extents = _Extents.of(ordered)
    measured = extents.measured.sum(axis=1)
    said = _Findings(ordered.ids)
    target = ordered.values[:, 0]
    faults = grid_checks.TimeFaults.of(ordered)
    _check_times(said, ordered, faults, rules)
    _check_values(said, ordered, rules, measured)
    runs = value_checks.Runs.of(ordered, target, limit=rules.max_constant)
    # One value says nothing about rest.
    constant = (runs.number == 1) & (measured[:, 0] > 1)
    said.add(constant, functools.partial(value_checks.constant_series, runs, measured[:, 0]))
    long = (runs.long.count > 0) & ~constant
    said.add(long, functools.partial(value_checks.constant_run, runs.long, rules.max_constant))
    # On a wrong grid every step is a gap, and without values no window fits: say the cause only.
    countable = (measured[:, 0] > 0) & ~faults.wrong
    gapless = _check_gaps(said, ordered, rules, countable)
    splits = _check_lengths(said, ordered, extents, rules, countable & gapless)
    return Totals(said.groups, splits, ordered.size)


@dataclasses.dataclass(frozen=True, eq=False)
class _Extents:
    """What each series has in each split.

    Attributes:
        rows: Rows, int64 `[u, S]`.
        first: Time of the first one; `NEVER` without rows.
        last: Time of the last one; `-NEVER` without rows.
        measured: Values by column, int64 `[u, S, C]`.
    """

    rows: np.ndarray
    first: np.ndarray
    last: np.ndarray
    measured: np.ndarray

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

    def ordinals(self, rules: Rules) -> tuple[np.ndarray, np.ndarray]:
        """Returns the first and the last step by split, int64 `[u, S]` each; `NEVER` and `-NEVER` without rows."""
        known = self.rows > 0
        first, last = self.first.copy(), self.last.copy()
        first[known], last[known] = rules.grid.ordinals(first[known]), rules.grid.ordinals(last[known])
        return first, last


class _Findings:
    """Findings of some series, gathered into groups.

    Args:
        ids: The series, bytes `[u]`.
    """

    def __init__(self, ids: np.ndarray) -> None:
        self._ids = ids
        self.groups: dict[tuple[str | None, ...], FindingGroup] = {}

    def add(self, wrong: np.ndarray, say: Callable[[int], Finding]) -> None:
        """Adds a finding for each series with a flag: of one kind, about one column and split.

        Args:
            wrong: Bool `[u]`.
            say: Writes the finding of one series; called for the first few by name.
        """
        codes = np.flatnonzero(wrong)
        if not len(codes):
            return
        found = [
            dataclasses.replace(say(code), series_id=self._name(code))
            for code in sorted(codes.tolist(), key=self._name)[:MAX_SERIES]
        ]
        key = found[0].group_key
        group = FindingGroup(tuple(sorted(found, key=lambda finding: finding.sort_key)), len(codes))
        self.groups[key] = self.groups.get(key, FindingGroup()).merge(group)

    def _name(self, code: int) -> str:
        """The name in words; bytes that are no UTF-8 show as a question mark in a box."""
        return bytes(self._ids[code]).decode("utf-8", "replace")


def _check_times(said: _Findings, ordered: Ordered, faults: grid_checks.TimeFaults, rules: Rules) -> None:
    grid = rules.grid
    said.add(faults.repeated.count > 0, functools.partial(grid_checks.duplicates, faults))
    said.add(faults.disordered.count > 0, functools.partial(grid_checks.disorder, faults))
    said.add(faults.wrong, functools.partial(grid_checks.wrong_frequency, faults, ordered, grid))
    beside = (faults.off_grid.count > 0) & ~faults.wrong & (faults.steps > 0)
    said.add(beside, functools.partial(grid_checks.off_grid, faults, grid))


def _check_values(said: _Findings, ordered: Ordered, rules: Rules, measured: np.ndarray) -> None:
    rows = ordered.ends - ordered.starts
    for at, column in enumerate(rules.columns):
        values = ordered.values[:, at]
        infinite = ordered.offenders(np.isinf(values))
        said.add(infinite.count > 0, functools.partial(value_checks.infinite_values, column, infinite))
        empty = measured[:, at] == 0
        said.add(empty, functools.partial(value_checks.no_values, column, rows))
        if column in rules.future or column in rules.static:
            # A column without one value is another finding.
            missing = ordered.offenders(np.isnan(values) & ~empty[ordered.code])
            said.add(missing.count > 0, functools.partial(value_checks.missing_covariate, column, missing, rules))
        if column in rules.static:
            first = _topmost(ordered, values)
            varying = ordered.offenders(~np.isnan(values) & (values != first[ordered.code]))
            said.add(varying.count > 0, functools.partial(value_checks.static_varies, column, varying, first))


def _topmost(ordered: Ordered, values: np.ndarray) -> np.ndarray:
    """Returns the value of the topmost row of each series that has one, float32 `[u]`; NaN without one."""
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.lexsort((ordered.row[known], ordered.code[known]))]
    code, at = np.unique(ordered.code[order], return_index=True)
    first = np.full(ordered.size, np.nan, np.float32)
    first[code] = values[order[at]]
    return first


def _check_gaps(said: _Findings, ordered: Ordered, rules: Rules, countable: np.ndarray) -> np.ndarray:
    """Says where values are missing, and returns which targets have no gap that is too long, bool `[u]`."""
    gapless = countable
    for column in (TARGET, *rules.past):
        gaps = value_checks.Gaps.of(ordered, ordered.values[:, rules.columns.index(column)], limit=rules.max_gap)
        judged = countable & gaps.measured
        said.add(judged & (gaps.long.count > 0), functools.partial(value_checks.gap, column, gaps, rules))
        for verb, outside in (("begins", gaps.before), ("ends", gaps.after)):
            said.add(judged & (outside > 0), functools.partial(value_checks.missing_end, column, verb, outside))
        if column == TARGET:
            gapless = gaps.long.count == 0
    return gapless


def _check_lengths(
    said: _Findings, ordered: Ordered, extents: _Extents, rules: Rules, countable: np.ndarray
) -> tuple[SplitTotal, ...]:
    """Says which series have no window in a split, and returns the extent of each of `SPLITS`."""
    firsts, lasts = extents.ordinals(rules)
    measured = ~np.isnan(ordered.values[:, 0])
    code, ordinal = ordered.code[measured], ordered.ordinal[measured]
    counted = count_windows(code, ordinal, first=firsts, last=lasts, rules=rules)
    splits = []
    for at, split in enumerate(SPLITS):
        rows, windows = extents.rows[:, at], counted[:, at]
        present = rows > 0
        steps = np.where(present, lasts[:, at] - firsts[:, at] + 1, 0)
        for some in (present & countable & (windows == 0), ~present):
            said.add(some, functools.partial(no_window, split, rows, steps, rules))
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
            )
        )
    return tuple(splits)
