"""What is said about the values of one series: infinite or missing ones, stuck sensors, gaps.

Findings carry no series id; the caller puts it in.
"""

import numpy as np

from tapeline.components.data_gate.few import Few
from tapeline.components.data_gate.findings import Finding, listing, plural, time_text
from tapeline.components.data_gate.gap_facts import GapFacts
from tapeline.components.data_gate.grid_checks import places
from tapeline.components.data_gate.rules import Rules
from tapeline.components.data_gate.run_facts import RunFacts
from tapeline.schemas.features import TARGET


def infinite_values(column: str, rows: Few, code: int) -> Finding:
    """Values that are no numbers a model can take."""
    count = int(rows.count[code])
    return Finding(
        kind="infinite_values",
        column=column,
        message=f"{plural(count, 'infinite value')}: {places(rows, code)}.",
        fix="leave the cell empty where nothing was measured, or correct it (float32 ends at 3.4e38).",
        count=count,
    )


def no_values(column: str, series_rows: np.ndarray, code: int) -> Finding:
    """A column that is empty in the whole series; `series_rows` is the length of each series."""
    rows = int(series_rows[code])
    return Finding(
        kind="no_values",
        column=column,
        message=f"not one value in {plural(rows, 'row')}.",
        fix="remove the series, or the column from the configuration.",
        count=rows,
    )


def missing_covariate(column: str, rows: Few, rules: Rules, code: int) -> Finding:
    """Holes in what must be known in every row."""
    count = int(rows.count[code])
    role = "future" if column in rules.future else "static"
    return Finding(
        kind="missing_covariate",
        column=column,
        message=(
            f"{plural(count, 'row')} without a value: {places(rows, code)}; "
            f"a {role} covariate must be known in every row."
        ),
        fix=f"fill the values in, or take the column out of features.{role}_covariates.",
        count=count,
    )


def static_varies(column: str, rows: Few, first: np.ndarray, code: int) -> Finding:
    """A static covariate with more than one value; `first` is that of each series' topmost row."""
    count = int(rows.count[code])
    return Finding(
        kind="static_varies",
        column=column,
        message=f"{plural(count, 'row')} with another value than the first one, {first[code]:g}: {places(rows, code)}.",
        fix="give one number for the whole series, or list the column under features.past_covariates.",
        count=count,
    )


def constant_series(runs: RunFacts, code: int) -> Finding:
    """A target that never moves."""
    count = int(runs.head.length[code])
    return Finding(
        kind="constant_series",
        column=TARGET,
        message=f"all {count:,} values are {runs.head.value[code]:g}: there is nothing to forecast.",
        fix="remove the series, or correct its source.",
        count=count,
    )


def constant_run(long: Few, limit: int, code: int) -> Finding:
    """Runs of one value, longer than allowed."""
    count = int(long.count[code])
    runs = [
        f"{length:,} times {value:g} from {time_text(first)} to {time_text(last)}"
        for first, last, length, value in long.of_series(code)
    ]
    return Finding(
        kind="constant_run",
        column=TARGET,
        message=(
            f"one and the same value more than checks.max_constant ({limit}) times in a row, "
            f"as of a stuck sensor: {listing(runs, count)}."
        ),
        fix="leave these cells empty, or raise checks.max_constant if the value does rest for so long.",
        count=count,
    )


def gap(column: str, gaps: GapFacts, rules: Rules, code: int) -> Finding:
    """Runs of missing steps or values between two measured values, longer than allowed."""
    count = int(gaps.long.count[code])
    runs = []
    for before, length in gaps.long.of_series(code):
        first, last = rules.grid.timestamps([before + 1, before + length])
        runs.append(f"{length:,} steps from {time_text(first)} to {time_text(last)}")
    return Finding(
        kind="gap",
        # Gaps in a past covariate are filled inside the context; those in the target leave windows unscored.
        severity="error" if column == TARGET else "warning",
        column=column,
        message=f"{plural(count, 'gap')} longer than checks.max_gap ({rules.max_gap} steps): {listing(runs, count)}.",
        fix="fill the gap at its source, use the rows after it only, or raise checks.max_gap.",
        count=count,
    )


def missing_end(column: str, verb: str, outside: np.ndarray, code: int) -> Finding:
    """Rows without a value before the first or after the last one; `outside` is their number in each series."""
    rows = int(outside[code])
    return Finding(
        kind="missing_ends",
        severity="warning",
        column=column,
        message=f"the series {verb} with {plural(rows, 'row')} without a value.",
        fix="nothing, or cut these rows off.",
        count=rows,
    )
