"""From the facts of whole series to findings and totals: checks that column statistics cannot make.

    totals = judge_series(facts, survey, rules)

Many series at a time. A finding is written only where something is wrong, and
only for the first few series by name; the others are counted.
"""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from tapeline.components.data_gate import grid_checks, value_checks
from tapeline.components.data_gate.facts import Facts
from tapeline.components.data_gate.findings import Finding, FindingGroup, SplitTotal
from tapeline.components.data_gate.length_checks import no_window
from tapeline.components.data_gate.names import first_by_name, name_of
from tapeline.components.data_gate.rules import Rules
from tapeline.components.data_gate.survey import Survey
from tapeline.components.data_gate.totals import Totals
from tapeline.schemas.features import SPLITS, TARGET


def judge_series(facts: Facts, survey: Survey, rules: Rules) -> Totals:
    """Judges some series.

    Args:
        facts: The facts of all their rows.
        survey: Their lines of the survey, in the same order.
        rules: What they must keep.

    Returns:
        Findings, and the extent of the splits, over these series.
    """
    said = _Findings(survey.ids)
    _judge_times(said, facts, rules)
    measured = survey.measured.sum(axis=1)
    _judge_values(said, facts, survey, rules, measured)
    runs = facts.runs
    # One value says nothing about rest.
    constant = (runs.runs == 1) & (measured[:, 0] > 1)
    said.add(constant, functools.partial(value_checks.constant_series, runs))
    long = runs.too_long
    said.add((long.count > 0) & ~constant, functools.partial(value_checks.constant_run, long, rules.max_constant))
    # On a wrong grid every step is a gap, and without values no window fits: say the cause only.
    countable = (measured[:, 0] > 0) & ~facts.times.wrong
    _judge_gaps(said, facts, rules, countable)
    countable &= facts.gaps[TARGET].long.count == 0
    splits = _judge_lengths(said, facts, survey, rules, countable)
    return Totals(said.groups, splits, len(survey.ids))


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
            dataclasses.replace(say(code), series_id=name_of(self._ids[code]))
            for code in first_by_name(self._ids, codes).tolist()
        ]
        key = (found[0].severity, found[0].kind, found[0].column, found[0].split)
        group = FindingGroup(tuple(sorted(found, key=lambda finding: finding.sort_key)), len(codes))
        self.groups[key] = self.groups.get(key, FindingGroup()).merge(group)


def _judge_times(said: _Findings, facts: Facts, rules: Rules) -> None:
    times, grid = facts.times, rules.grid
    said.add(times.repeated.count > 0, functools.partial(grid_checks.duplicates, times))
    said.add(times.disordered.count > 0, functools.partial(grid_checks.disorder, times))
    said.add(times.wrong, functools.partial(grid_checks.wrong_frequency, times, facts.samples, grid))
    beside = (times.off_grid.count > 0) & ~times.wrong & (times.steps > 0)
    said.add(beside, functools.partial(grid_checks.off_grid, times, grid))


def _judge_values(said: _Findings, facts: Facts, survey: Survey, rules: Rules, measured: np.ndarray) -> None:
    rows = survey.rows.sum(axis=1)
    for at, column in enumerate(rules.columns):
        infinite = facts.infinite[column]
        said.add(infinite.count > 0, functools.partial(value_checks.infinite_values, column, infinite))
        said.add(measured[:, at] == 0, functools.partial(value_checks.no_values, column, rows))
    for column, missing in facts.missing.items():
        said.add(missing.count > 0, functools.partial(value_checks.missing_covariate, column, missing, rules))
    for at, (column, varying) in enumerate(facts.varying.items()):
        said.add(
            varying.count > 0, functools.partial(value_checks.static_varies, column, varying, survey.static[:, at])
        )


def _judge_gaps(said: _Findings, facts: Facts, rules: Rules, countable: np.ndarray) -> None:
    for column, gaps in facts.gaps.items():
        judged = countable & gaps.measured
        said.add(judged & (gaps.long.count > 0), functools.partial(value_checks.gap, column, gaps, rules))
        for verb, outside in (("begins", gaps.before), ("ends", gaps.after)):
            said.add(judged & (outside > 0), functools.partial(value_checks.missing_end, column, verb, outside))


def _judge_lengths(
    said: _Findings, facts: Facts, survey: Survey, rules: Rules, countable: np.ndarray
) -> tuple[SplitTotal, ...]:
    """Says which series have no window in a split, and returns the extent of each of `SPLITS`."""
    firsts, lasts = survey.ordinals(rules.grid)
    extents = []
    for at, split in enumerate(SPLITS):
        rows, windows = survey.rows[:, at], facts.windows.windows[:, at]
        present = rows > 0
        steps = np.where(present, lasts[:, at] - firsts[:, at] + 1, 0)
        for some in (present & countable & (windows == 0), ~present):
            said.add(some, functools.partial(no_window, split, rows, steps, rules))
        if not present.any():
            extents.append(SplitTotal())
            continue
        measured = survey.measured[:, at].sum(axis=0).tolist()
        extents.append(
            SplitTotal(
                rows=int(rows.sum()),
                first=int(survey.first[:, at].min()),
                last=int(survey.last[:, at].max()),
                windows=int(windows.sum()) if countable[present].all() else None,
                longest=int(steps.max()),
                measured=dict(zip(rules.columns, measured, strict=True)),
            )
        )
    return tuple(extents)
