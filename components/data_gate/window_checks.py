"""How many windows fit into each split of each series, at stride 1.

A window belongs to the split that its whole forecast lies in; its context may
reach back into the split before. Enough of its context was measured, and at
least one value of its forecast. Where no whole context fits into a series,
its contexts are padded in front.

A forecast is counted at the first measured step that it holds, `m`, the one
of index `j` in the series. It starts after the measured step before `m`,
holds `m`, and has `k` measured steps in its context:

    m[j-1] < start,    m[j] - H < start <= m[j],    start <= m[j-k] + T

So the work goes with the number of measured steps, not with the time between them.
"""

import numpy as np

from tapeline.components.data_gate.series_rules import Rules
from tapeline.series.arrays import Bools, Ints
from tapeline.series.checks.findings import SeriesFindings, plural

_STEPS_A_PART = 2**20


def count_windows(code: Ints, ordinal: Ints, *, first: Ints, last: Ints, rules: Rules) -> tuple[Ints, Ints]:
    """Counts the windows of each series in each split: those with a whole context, and padded ones; int64 `[u, S]` each.

    Args:
        code: The series of each measured step, ascending, int64 `[M]`.
        ordinal: The step, ascending in each series; one that is repeated counts once.
        first: Ordinal of the first row, int64 `[u, S]`.
        last: Ordinal of the last one; before `first` in a split without rows.
        rules: The shape of a window.
    """
    spec, begin = rules.spec, first.min(axis=1, keepdims=True)
    fresh = np.ones(len(code), bool)
    fresh[1:] = (code[1:] != code[:-1]) | (ordinal[1:] != ordinal[:-1])
    if not fresh.all():
        code, ordinal = code[fresh], ordinal[fresh]
    # Where forecasts may start; a split without rows has no room.
    latest = last - spec.horizon + 1
    earliest, padded = (np.maximum(first, begin + steps) for steps in (spec.context_length, spec.least_context))
    whole = _count(code, ordinal, earliest, latest, least=rules.least_measured(spec.context_length), rules=rules)
    short = (earliest > latest) & (padded <= latest)
    if not short.any():
        return whole, np.zeros_like(whole)
    latest = np.where(short, latest, padded - 1)
    return whole, _count(code, ordinal, padded, latest, least=rules.least_measured(spec.least_context), rules=rules)


def _count(code: Ints, ordinal: Ints, earliest: Ints, latest: Ints, *, least: int, rules: Rules) -> Ints:
    """Counts windows whose forecasts start from `earliest` to `latest`, `least` of their context measured."""
    context, horizon = rules.spec.context_length, rules.spec.horizon
    at = np.flatnonzero(np.arange(len(code)) - np.searchsorted(code, code) >= least)
    windows = np.zeros(earliest.shape, np.int64)
    # A long series takes half of the memory when it is counted in parts.
    for some in np.array_split(at, len(at) // _STEPS_A_PART + 1):
        owner, here = code[some], ordinal[some]
        low = np.maximum(ordinal[some - 1] + 1, here - horizon + 1)
        high = np.minimum(here, ordinal[some - least] + context)
        for split in range(windows.shape[1]):
            starts = np.minimum(high, latest[owner, split]) - np.maximum(low, earliest[owner, split]) + 1
            windows[:, split] += np.bincount(owner, np.maximum(starts, 0), len(windows)).astype(np.int64)
    return windows


def find_no_window(
    found: SeriesFindings,
    split: str,
    series_rows: Ints,
    series_steps: Ints,
    rules: Rules,
    *,
    short: Bools,
    hopeless: Bools,
) -> None:
    """Adds series that not one window of a split fits into: an error where no forecast at all could be asked of one.

    Args:
        found: Takes the findings.
        split: The split.
        series_rows: Rows of each series in it, `[u]`.
        series_steps: Steps from the first to the last of them, `[u]`.
        rules: The shape of a window.
        short: Whether a series has rows and no window, bool `[u]`.
        hopeless: Whether all splits together hold fewer steps than the least context, bool `[u]`.
    """
    train, spec = split == "train", rules.spec
    least = f"{spec.least_context} (window.min_context) + {spec.horizon} (window.horizon)"
    fix = "give more rows, remove the series, or shorten window.horizon, or window.min_context down to 1."

    def too_short(code: int, _: int) -> str:
        steps = int(series_steps[code])
        if train and hopeless[code]:
            return f"{plural(steps, 'step')}; a forecast needs {spec.least_context} (window.min_context) before it."
        if train and steps < spec.least_context + spec.horizon:
            return f"{plural(steps, 'step')}, the shortest window takes {least}: it is forecast by what others show."
        if steps < spec.horizon:
            return f"{plural(steps, 'step')}; a forecast takes window.horizon, {spec.horizon}."
        return (
            f"no window in {plural(steps, 'step')}: too few steps before it, or fewer "
            f"than {rules.min_observed:.0%} (window.min_observed) of a context measured."
        )

    errors = short & hopeless if train else np.zeros(len(short), bool)
    found.add("too_short", errors.astype(int), too_short, fix=fix, split=split)
    warned = short & ~errors
    found.add("too_short", warned.astype(int), too_short, fix=fix, split=split, severity="warning")
    message = "no rows: the model never sees this series." if train else "no rows."
    if rules.split.from_ends and not train:
        message = (
            "no rows: the series is not longer than split.eval_steps + split.test_steps = "
            f"{rules.split.eval_steps} + {rules.split.test_steps}, so all of it trains the model and none of it judges."
        )
    found.add("no_rows", (series_rows == 0).astype(int), lambda *_: message, fix=fix, split=split, severity="warning")
