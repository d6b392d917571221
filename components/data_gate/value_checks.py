"""What is wrong with the values of series: infinite or missing ones, stuck sensors, gaps.

A check looks at all series at once, and adds a finding to `found` for each that breaks its rule.
"""

import dataclasses

import numpy as np

from tapeline.components.data_gate.series_rules import Rules
from tapeline.schemas.features import TARGET
from tapeline.series.arrays import Bools, Floats, Ints
from tapeline.series.checks.findings import SeriesFindings, listing, plural, time_text
from tapeline.series.checks.grid_checks import places
from tapeline.series.checks.ordered_rows import Offenders, Ordered


@dataclasses.dataclass(frozen=True, eq=False)
class Gaps:
    """Gaps in one column: steps without a measured value, whether a row is missing or its value.

    Attributes:
        measured: Whether a series has a measured value, bool `[u]`.
        before: Rows earlier than the first one; all rows without one, int64 `[u]`.
        after: Rows later than the last one.
        long: Gaps that are too long: ordinal before them, number of steps missing.
    """

    measured: Bools
    before: Ints
    after: Ints
    long: Offenders

    @classmethod
    def of(cls, ordered: Ordered, values: Floats, *, limit: int) -> "Gaps":
        """Finds the gaps of more than `limit` steps in one column, float64 `[N]`."""
        at = np.flatnonzero(~np.isnan(values))
        code, ordinal = ordered.code[at], ordered.ordinal[at]
        missing = np.diff(ordinal) - 1
        holes = np.flatnonzero((missing > limit) & (code[1:] == code[:-1]))
        counts = np.bincount(code, minlength=ordered.size)
        measured = counts > 0
        ends = np.cumsum(counts)[measured]
        begin, end = at[ends - counts[measured]], at[ends - 1]
        # Rows of one time lie side by side: back to the first, on to the last of them.
        fresh = np.flatnonzero(~ordered.repeats)
        begin = fresh[np.searchsorted(fresh, begin, side="right") - 1]
        end = np.append(fresh, len(ordered.code))[np.searchsorted(fresh, end, side="right")]
        before = ordered.ends - ordered.starts
        after = before.copy()
        before[measured] = begin - ordered.starts[measured]
        after[measured] = ordered.ends[measured] - end
        return cls(measured, before, after, Offenders.of(ordered.size, code[holes], ordinal[holes], missing[holes]))


@dataclasses.dataclass(frozen=True, eq=False)
class Runs:
    """Runs of equal measured values in one column: a sensor that is stuck.

    Attributes:
        number: How many runs a series has, int64 `[u]`.
        value: The value of the first one; 0 without one.
        long: Runs that are too long: first time, last time, length, value.
    """

    number: Ints
    value: Floats
    long: Offenders

    @classmethod
    def of(cls, ordered: Ordered, values: Floats, *, limit: int) -> "Runs":
        """Finds the runs of more than `limit` values in one column, float64 `[N]`."""
        measured = np.flatnonzero(~np.isnan(values))
        code, values, times = ordered.code[measured], values[measured], ordered.timestamp[measured]
        new = np.ones(len(code), bool)
        new[1:] = (code[1:] != code[:-1]) | (values[1:] != values[:-1])
        begin = np.flatnonzero(new)
        length = np.diff(begin, append=len(code))
        number = np.bincount(code[begin], minlength=ordered.size)
        first = np.zeros(ordered.size, values.dtype)
        first[number > 0] = values[begin[(np.cumsum(number) - number)[number > 0]]]
        at = begin[length > limit]
        length = length[length > limit]
        return cls(
            number, first, Offenders.of(ordered.size, code[at], times[at], times[at + length - 1], length, values[at])
        )


def check_values(found: SeriesFindings, ordered: Ordered, rules: Rules, measured: Ints) -> None:
    """Checks each value by itself; `measured` counts the values of each series by column, int64 `[u, C]`."""
    series_rows = ordered.ends - ordered.starts
    for at, column in enumerate(rules.columns):
        values, empty = ordered.values[:, at], measured[:, at] == 0
        if column in rules.texts:
            # A missing category is a category; all values are judged together, by `category_checks`.
            if column in rules.static:
                _check_static(found, column, ordered, values, text=True)
            continue
        _check_finite(found, column, ordered.offenders(np.isinf(values)))
        found.add(
            "no_values",
            np.where(empty, series_rows, 0),
            lambda _, count: f"not one value in {plural(count, 'row')}.",
            column=column,
            fix="remove the series, or the column from the configuration.",
        )
        if column in rules.future or column in rules.static:
            # A column without one value is another finding.
            _check_complete(found, column, ordered.offenders(np.isnan(values) & ~empty[ordered.code]), rules)
        if column in rules.static:
            _check_static(found, column, ordered, values)


def _check_finite(found: SeriesFindings, column: str, infinite: Offenders) -> None:
    found.add(
        "infinite_values",
        infinite.count,
        lambda code, count: f"{plural(count, 'infinite value')}: {places(infinite, code)}.",
        column=column,
        fix="leave the cell empty where nothing was measured, or correct it (float32 ends at 3.4e38).",
    )


def _check_complete(found: SeriesFindings, column: str, missing: Offenders, rules: Rules) -> None:
    role = "future" if column in rules.future else "static"
    found.add(
        "missing_covariate",
        missing.count,
        lambda code, count: (
            f"{plural(count, 'row')} without a value: {places(missing, code)}; "
            f"a {role} covariate must be known in every row."
        ),
        column=column,
        fix=f"fill the values in, or take the column out of features.{role}_covariates.",
    )


def _check_static(found: SeriesFindings, column: str, ordered: Ordered, values: Floats, *, text: bool = False) -> None:
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.lexsort((ordered.row[known], ordered.code[known]))]
    code, at = np.unique(ordered.code[order], return_index=True)
    # The value of each series' topmost row that has one.
    first = np.full(ordered.size, np.nan)
    first[code] = values[order[at]]
    varying = ordered.offenders(~np.isnan(values) & (values != first[ordered.code]))
    found.add(
        "static_varies",
        varying.count,
        lambda code, count: (
            f"{plural(count, 'row')} with another value than the first one{'' if text else f', {first[code]:g}'}: "
            f"{places(varying, code)}."
        ),
        column=column,
        fix="give one value for the whole series, or list the column under features.past_covariates.",
    )


def check_rest(found: SeriesFindings, ordered: Ordered, measured: Ints, *, limit: int) -> None:
    """Checks for runs of one value longer than `limit`; `measured` counts each series' targets, int64 `[u]`."""
    runs = Runs.of(ordered, ordered.values[:, 0], limit=limit)
    # One value says nothing about rest.
    constant = (runs.number == 1) & (measured > 1)
    found.add(
        "constant_series",
        np.where(constant, measured, 0),
        lambda code, count: f"all {count:,} values are {runs.value[code]:g}: there is nothing to forecast.",
        column=TARGET,
        fix="remove the series, or correct its source.",
    )

    def long_runs(code: int, count: int) -> str:
        shown = [
            f"{length:,} times {value:g} from {time_text(first)} to {time_text(last)}"
            for first, last, length, value in runs.long.of_series(code)
        ]
        return (
            f"one and the same value more than checks.max_constant ({limit}) times in a row, "
            f"as of a stuck sensor: {listing(shown, count)}."
        )

    found.add(
        "constant_run",
        np.where(constant, 0, runs.long.count),
        long_runs,
        column=TARGET,
        fix="leave these cells empty, or raise checks.max_constant if the value does rest for so long.",
    )


def _check_end(found: SeriesFindings, column: str, verb: str, outside: Ints) -> None:
    found.add(
        "missing_ends",
        outside,
        lambda _, count: f"the series {verb} with {plural(count, 'row')} without a value.",
        column=column,
        severity="warning",
        fix="nothing, or cut these rows off.",
    )


def check_gaps(found: SeriesFindings, ordered: Ordered, rules: Rules, countable: Bools) -> Bools:
    """Checks where values are missing, and returns which targets have no gap that is too long, bool `[u]`.

    Only `countable` series are judged: those whose steps can be counted, bool `[u]`.
    """
    gapless = countable
    for column in (TARGET, *(column for column in rules.past if column not in rules.texts)):
        gaps = Gaps.of(ordered, ordered.values[:, rules.columns.index(column)], limit=rules.max_gap)
        judged = countable & gaps.measured

        def long_gaps(code: int, count: int, gaps: Gaps = gaps) -> str:
            shown = []
            for before, length in gaps.long.of_series(code):
                first, last = rules.grid.timestamps([before + 1, before + length])
                shown.append(f"{length:,} steps from {time_text(first)} to {time_text(last)}")
            what = f"{plural(count, 'gap')} longer than checks.max_gap ({rules.max_gap} steps)"
            return f"{what}: {listing(shown, count)}."

        found.add(
            "gap",
            np.where(judged, gaps.long.count, 0),
            long_gaps,
            column=column,
            # Gaps in a past covariate are filled inside the context; those in the target leave windows unscored.
            severity="error" if column == TARGET else "warning",
            fix="fill the gap at its source, use the rows after it only, or raise checks.max_gap.",
        )
        for verb, outside in (("begins", gaps.before), ("ends", gaps.after)):
            _check_end(found, column, verb, np.where(judged, outside, 0))
        if column == TARGET:
            gapless = gaps.long.count == 0
    return gapless
