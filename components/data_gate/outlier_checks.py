"""Values that lie far from their neighbourhood, and scales that a few of these set.

One wrong cell stretches the scaled space, and every error in it shrinks: a
useless model comes below any limit. So where the scale without a few outliers
is less than half of the scale with them, the data are refused.
"""

from collections.abc import Iterator

import numpy as np

from tapeline.components.data_gate.scale_total import ScaleTotal
from tapeline.components.data_gate.series_rules import Rules
from tapeline.components.data_gate.totals import Totals
from tapeline.schemas.features import TARGET
from tapeline.series.checks.findings import Finding, SeriesFindings, listing, plural
from tapeline.series.checks.grid_checks import at_rows
from tapeline.series.checks.ordered_rows import Offenders, Ordered
from tapeline.series.checks.outliers import outliers
from tapeline.series.moments import Moments, fit, moments

LEAST_SHARE = 0.5
"""A scale that shrinks below this share of itself without its outliers is set by them."""

MOST_STRETCHED = 0.1
"""Largest share of series whose own scales a few values may set."""

STRETCHED = "scale_outliers"
"""Kind of finding: outliers that set a scale."""

_FIX = (
    "correct these cells or leave them empty; if they are real, raise checks.max_outlier, or set it to null, and judge "
    "the model by its skill: errors in scaled space will look small."
)


def check_outliers(found: SeriesFindings, ordered: Ordered, rules: Rules) -> ScaleTotal:
    """Tells outliers, and series whose own scale a few of them set.

    Returns:
        What the series make of a scale that all share; nothing where each has its own, or outliers may be.
    """
    if rules.max_outlier is None:
        return ScaleTotal()
    values = ordered.values[:, 0]
    at = np.flatnonzero(np.isfinite(values))
    code, values = ordered.code[at], values[at].astype(np.float64)
    ends = np.cumsum(np.bincount(code, minlength=ordered.size))
    starts = np.concatenate([[0], ends[:-1]])
    flagged, median = outliers(values, code, starts=starts, ends=ends, limit=rules.max_outlier)
    row, time, trained = ordered.row[at], ordered.timestamp[at], ordered.split[at] == 0
    far, far_in_train = (
        Offenders.of(ordered.size, code[which], *(each[which] for each in (row, time, values, median)))
        for which in (flagged, flagged & trained)
    )

    def places(rows: Offenders, series: int, count: int) -> str:
        numbers, times, wrong, usual = zip(*rows.of_series(series), strict=True)
        rows_in_words = at_rows(times, numbers)
        shown = [
            f"{where}: {value:g}, around it {near:.4g}"
            for where, value, near in zip(rows_in_words, wrong, usual, strict=True)
        ]
        return listing(shown, count)

    def told(series: int, count: int) -> str:
        what = f"{plural(count, 'value')} farther from the neighbouring ones than checks.max_outlier"
        return f"{what} ({rules.max_outlier:g} robust deviations): {places(far, series, count)}."

    shared = not rules.scaling.per_series
    ids = np.full(len(at), b"", object) if shared else ordered.ids[code]
    kept = trained & ~flagged
    every, without = moments(ids[trained], values[trained]), moments(ids[kept], values[kept])
    setting = np.zeros(ordered.size, bool)
    if not shared:
        spread, rest = _scales(every, rules), _scales(without, rules)
        scales = np.array([[spread.get(name, 0.0), rest.get(name, 0.0)] for name in ordered.ids.tolist()]).reshape(
            -1, 2
        )
        setting = scales[:, 1] < LEAST_SHARE * scales[:, 0]
        found.add(
            STRETCHED,
            np.where(setting, far_in_train.count, 0),
            lambda series, count: (
                f"{_set_by(count, scales[series, 0], scales[series, 1], rules)} {places(far_in_train, series, count)}."
            ),
            column=TARGET,
            # One series of many cannot disarm a gate: `check_scale` refuses where more of them are like that.
            severity="warning",
            fix=_FIX,
        )
    found.add("outliers", np.where(setting, 0, far.count), told, column=TARGET, severity="warning", fix=_WARNING_FIX)
    if not shared:
        return ScaleTotal()
    marked = np.flatnonzero(flagged & trained)
    names = (bytes(name).decode("utf-8", "replace") for name in ordered.ids[code[marked]])
    listed = zip(names, row[marked].tolist(), time[marked].tolist(), values[marked].tolist(), strict=True)
    return ScaleTotal.of(every, without, tuple(listed))


_WARNING_FIX = "correct these cells or leave them empty; nothing where they are real."


def check_scale(totals: Totals, rules: Rules) -> Iterator[Finding]:
    """Yields an error where a few values set the scale that all series share, or those of more than a tenth of them."""
    stretched = [group for group in totals.groups.values() if group.shown[0].kind == STRETCHED]
    count = sum(group.total for group in stretched)
    if count > MOST_STRETCHED * totals.series:
        (first, *_) = stretched[0].shown
        where = "" if totals.series == 1 else f"series {first.series_id!r}: "
        share = "" if totals.series == 1 else f"in {count:,} of {totals.series:,} series a few values set the scale: "
        yield Finding(kind=STRETCHED, column=TARGET, split="train", message=f"{share}{where}{first.message}", fix=_FIX)
    total = totals.scale
    every, kept = (_scales(table, rules).get(b"", 0.0) for table in total.tables())
    if not total.flagged or kept >= LEAST_SHARE * every:
        return
    rows = at_rows([time for _, _, time, _ in total.outliers], [row for _, row, _, _ in total.outliers])
    several = len({series for series, *_ in total.outliers}) > 1
    shown = [
        f"{f'series {series!r}, ' if several else ''}{where}: {value:g}"
        for (series, _, _, value), where in zip(total.outliers, rows, strict=True)
    ]
    yield Finding(
        kind=STRETCHED,
        column=TARGET,
        split="train",
        message=f"{_set_by(total.flagged, every, kept, rules)} {listing(shown, total.flagged)}.",
        fix=_FIX,
        count=total.flagged,
    )


def _scales(table: Moments, rules: Rules) -> dict[bytes, float]:
    """Scale of each series; 0 for one that does not move."""
    scale = np.where(table.high == table.low, 0.0, fit(table, rules.scaling.method)[1])
    return dict(zip(table.ids.tolist(), scale.tolist(), strict=True))


def _set_by(count: int, every: float, kept: float, rules: Rules) -> str:
    what = "range" if rules.scaling.method == "min_max" else "standard deviation"
    times = f", and every error looks {every / kept:,.0f} times as small" if kept else ""
    return (
        f"{plural(count, 'value')} of train {'sets' if count == 1 else 'set'} the scale: the {what} is {every:.6g} with "
        f"and {kept:.6g} without {'it' if count == 1 else 'them'}{times}:"
    )
