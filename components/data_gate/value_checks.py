"""What is wrong with the values of series: infinite or missing ones, stuck sensors, gaps.

    gaps = Gaps.of(ordered, ordered.values[:, 0], limit=24)
    gap("target", gaps, rules, 3)           # what is said of series 3

Findings carry no series id; the caller puts it in.
"""

import dataclasses

import numpy as np

from tapeline.components.data_gate.series_rules import Rules
from tapeline.schemas.features import TARGET
from tapeline.series.checks.findings import Finding, listing, plural, time_text
from tapeline.series.checks.grid_checks import places
from tapeline.series.checks.offenders import Offenders
from tapeline.series.checks.ordered_rows import Ordered


@dataclasses.dataclass(frozen=True, eq=False)
class Gaps:
    """Gaps in one column: steps without a measured value, whether a row is missing or its value.

    Attributes:
        measured: Whether a series has a measured value, bool `[u]`.
        before: Rows earlier than the first one; all rows without one, int64 `[u]`.
        after: Rows later than the last one.
        long: Gaps that are too long: ordinal before them, number of steps missing.
    """

    measured: np.ndarray
    before: np.ndarray
    after: np.ndarray
    long: Offenders

    @classmethod
    def of(cls, ordered: Ordered, values: np.ndarray, *, limit: int) -> "Gaps":
        """Finds the gaps of more than `limit` steps in one column, float32 `[N]`."""
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

    number: np.ndarray
    value: np.ndarray
    long: Offenders

    @classmethod
    def of(cls, ordered: Ordered, values: np.ndarray, *, limit: int) -> "Runs":
        """Finds the runs of more than `limit` values in one column, float32 `[N]`."""
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


def infinite_values(column: str, rows: Offenders, code: int) -> Finding:
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


def missing_covariate(column: str, rows: Offenders, rules: Rules, code: int) -> Finding:
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


def static_varies(column: str, rows: Offenders, first: np.ndarray, code: int) -> Finding:
    """A static covariate with more than one value; `first` is that of each series' topmost row."""
    count = int(rows.count[code])
    return Finding(
        kind="static_varies",
        column=column,
        message=f"{plural(count, 'row')} with another value than the first one, {first[code]:g}: {places(rows, code)}.",
        fix="give one number for the whole series, or list the column under features.past_covariates.",
        count=count,
    )


def constant_series(runs: Runs, measured: np.ndarray, code: int) -> Finding:
    """A target that never moves; `measured` is how many values each series has."""
    count = int(measured[code])
    return Finding(
        kind="constant_series",
        column=TARGET,
        message=f"all {count:,} values are {runs.value[code]:g}: there is nothing to forecast.",
        fix="remove the series, or correct its source.",
        count=count,
    )


def constant_run(long: Offenders, limit: int, code: int) -> Finding:
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


def gap(column: str, gaps: Gaps, rules: Rules, code: int) -> Finding:
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
