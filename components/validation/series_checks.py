"""Checks of one series that column statistics cannot see.

    rules = Rules(grid=TimeGrid("H"), spec=WindowSpec(context_length=48, horizon=24))
    findings, extents = check_series(series, rules)

A series comes in source order, all splits together, because gaps, stuck
sensors and contexts cross the borders between splits. Pure NumPy.

Letters: `M` measured values, `R` runs, `G` gaps.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from components.validation.findings import Finding, SplitTotal, listing, plural, time_text
from components.validation.grid_checks import at_rows, check_duplicates, check_frequency, check_order
from components.validation.length_checks import check_length, split_extents
from components.validation.series import Rules, Series
from schemas.features import TARGET


def check_series(series: Series, rules: Rules) -> tuple[list[Finding], tuple[SplitTotal, ...]]:
    """Checks one series.

    Returns:
        The findings, and the extent of the series in each of `SPLITS`.
    """
    found = list(check_duplicates(series.timestamps, rows=series.rows))
    found += check_order(series.timestamps, rows=series.rows)
    frequency = list(check_frequency(series.timestamps, rows=series.rows, grid=rules.grid))
    found += frequency
    found += _check_values(series, rules)
    found += _check_constant(series, rules)
    # On a wrong grid every step is a gap, and without values no window fits: say the cause only.
    empty = any(finding.kind == "no_values" and finding.column == TARGET for finding in found)
    countable = not empty and not any(finding.kind == "wrong_frequency" for finding in frequency)
    if countable:
        gaps = list(_check_gaps(series, rules))
        found += gaps
        countable = not any(finding.severity == "error" for finding in gaps)
    extents = split_extents(series, rules, countable=countable)
    found += check_length(extents, rules)
    return [dataclasses.replace(finding, series_id=series.series_id) for finding in found], extents


def _check_values(series: Series, rules: Rules) -> Iterator[Finding]:
    """Infinite values, empty columns, holes in what must be known, statics that vary."""
    for column in rules.columns:
        values = series.values[column]
        infinite = np.flatnonzero(np.isinf(values))
        if len(infinite):
            yield Finding(
                kind="infinite_values",
                column=column,
                message=f"{plural(len(infinite), 'infinite value')}: {_places(series, infinite)}.",
                fix="leave the cell empty where nothing was measured, or correct it (float32 ends at 3.4e38).",
                count=len(infinite),
            )
        missing = np.flatnonzero(np.isnan(values))
        if len(values) and len(missing) == len(values):
            yield Finding(
                kind="no_values",
                column=column,
                message=f"not one value in {plural(len(values), 'row')}.",
                fix="remove the series, or the column from the configuration.",
                count=len(values),
            )
        elif len(missing) and column in rules.future + rules.static:
            role = "future" if column in rules.future else "static"
            yield Finding(
                kind="missing_covariate",
                column=column,
                message=(
                    f"{plural(len(missing), 'row')} without a value: {_places(series, missing)}; "
                    f"a {role} covariate must be known in every row."
                ),
                fix=f"fill the values in, or take the column out of features.{role}_covariates.",
                count=len(missing),
            )
        if column in rules.static:
            known = np.flatnonzero(~np.isnan(values))
            varying = known[values[known] != values[known[0]]] if len(known) else known
            if len(varying):
                yield Finding(
                    kind="static_varies",
                    column=column,
                    message=(
                        f"{plural(len(varying), 'row')} with another value than the first one, "
                        f"{values[known[0]]:g}: {_places(series, varying)}."
                    ),
                    fix="give one number for the whole series, or list the column under features.past_covariates.",
                    count=len(varying),
                )


def _places(series: Series, indices: np.ndarray) -> str:
    return listing(at_rows(series.timestamps[indices], series.rows[indices]), len(indices))


def _check_constant(series: Series, rules: Rules) -> Iterator[Finding]:
    times, values = _measured(series, TARGET)
    if len(values) < 2:
        return
    if np.all(values == values[0]):
        yield Finding(
            kind="constant_series",
            column=TARGET,
            message=f"all {len(values):,} values are {values[0]:g}: there is nothing to forecast.",
            fix="remove the series, or correct its source.",
            count=len(values),
        )
        return
    starts, lengths = constant_runs(values)
    long = np.flatnonzero(lengths > rules.max_constant)
    if len(long):
        runs = [
            f"{lengths[run]:,} times {values[starts[run]]:g} from {time_text(times[starts[run]])} "
            f"to {time_text(times[starts[run] + lengths[run] - 1])}"
            for run in long
        ]
        yield Finding(
            kind="constant_run",
            column=TARGET,
            message=(
                f"one and the same value more than checks.max_constant ({rules.max_constant}) times in a row, "
                f"as of a stuck sensor: {listing(runs)}."
            ),
            fix="leave these cells empty, or raise checks.max_constant if the value does rest for so long.",
            count=len(long),
        )


def constant_runs(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns start `[R]` and length `[R]` of each run of equal neighbours, in order.

    Args:
        values: Measured values `[M]` in the order of time, one at least.
    """
    starts = np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1])
    return starts, np.diff(np.append(starts, len(values)))


def _measured(series: Series, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of one column where it was measured, in the order of time."""
    values = series.values[column]
    order = np.argsort(series.timestamps, kind="stable")
    order = order[~np.isnan(values[order])]
    return series.timestamps[order], values[order]


def _check_gaps(series: Series, rules: Rules) -> Iterator[Finding]:
    """Runs of missing steps or values between two measured values; missing values at both ends."""
    for column in (TARGET, *rules.past):
        times, _ = _measured(series, column)
        if not len(times):
            continue
        befores, lengths = gaps(np.unique(rules.grid.ordinals(times)))
        long = lengths > rules.max_gap
        if long.any():
            firsts = rules.grid.timestamps(befores[long] + 1)
            lasts = rules.grid.timestamps(befores[long] + lengths[long])
            runs = [
                f"{length:,} steps from {time_text(first)} to {time_text(last)}"
                for first, last, length in zip(firsts, lasts, lengths[long], strict=True)
            ]
            yield Finding(
                kind="gap",
                # Gaps in a past covariate are filled inside the context; those in the target leave windows unscored.
                severity="error" if column == TARGET else "warning",
                column=column,
                message=(
                    f"{plural(len(runs), 'gap')} longer than checks.max_gap ({rules.max_gap} steps): {listing(runs)}."
                ),
                fix="fill the gap at its source, use the rows after it only, or raise checks.max_gap.",
                count=len(runs),
            )
        ends = {"begins": series.timestamps < times[0], "ends": series.timestamps > times[-1]}
        for verb, outside in ends.items():
            if outside.any():
                yield Finding(
                    kind="missing_ends",
                    severity="warning",
                    column=column,
                    message=f"the series {verb} with {plural(int(outside.sum()), 'row')} without a value.",
                    fix="nothing, or cut these rows off.",
                    count=int(outside.sum()),
                )


def gaps(ordinals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the ordinal before each gap `[G]`, and the number of steps missing `[G]`.

    Args:
        ordinals: Steps that were measured, unique and ascending, int64 `[M]`.
    """
    missing = np.diff(ordinals) - 1
    holes = np.flatnonzero(missing > 0)
    return ordinals[holes], missing[holes]
