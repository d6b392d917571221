"""How many windows fit into each split of each series, at stride 1.

A window belongs to the split that its whole forecast lies in; its context may
reach back into the split before. Enough of its context was measured, and at
least one value of its forecast.

A forecast is counted at the first measured step that it holds, `m`, the one
of index `j` in the series. It starts after the measured step before `m`,
holds `m`, and has `k` measured steps in its context:

    m[j-1] < start,    m[j] - H < start <= m[j],    start <= m[j-k] + T

So the work goes with the number of measured steps, not with the time between them.
"""

import numpy as np

from tapeline.components.data_gate.series_rules import Rules
from tapeline.series.checks.findings import Finding, plural

_STEPS_A_PART = 2**20


def count_windows(
    code: np.ndarray, ordinal: np.ndarray, *, first: np.ndarray, last: np.ndarray, rules: Rules
) -> np.ndarray:
    """Counts the windows of each series in each split, int64 `[u, S]`.

    Args:
        code: The series of each measured step, ascending, int64 `[M]`.
        ordinal: The step, ascending in each series; one that is repeated counts once.
        first: Ordinal of the first row, int64 `[u, S]`.
        last: Ordinal of the last one; before `first` in a split without rows.
        rules: The shape of a window.
    """
    context, horizon, least = rules.spec.context_length, rules.spec.horizon, rules.least_measured
    # Where forecasts may start.
    earliest, latest = np.maximum(first, first.min(axis=1, keepdims=True) + context), last - horizon + 1
    fresh = np.ones(len(code), bool)
    fresh[1:] = (code[1:] != code[:-1]) | (ordinal[1:] != ordinal[:-1])
    if not fresh.all():
        code, ordinal = code[fresh], ordinal[fresh]
    at = np.flatnonzero(np.arange(len(code)) - np.searchsorted(code, code) >= least)
    windows = np.zeros(first.shape, np.int64)
    # A long series takes half of the memory when it is counted in parts.
    for some in np.array_split(at, len(at) // _STEPS_A_PART + 1):
        owner, here = code[some], ordinal[some]
        low = np.maximum(ordinal[some - 1] + 1, here - horizon + 1)
        high = np.minimum(here, ordinal[some - least] + context)
        for split in range(windows.shape[1]):
            starts = np.minimum(high, latest[owner, split]) - np.maximum(low, earliest[owner, split]) + 1
            windows[:, split] += np.bincount(owner, np.maximum(starts, 0), len(windows)).astype(np.int64)
    return windows


def no_window(split: str, series_rows: np.ndarray, series_steps: np.ndarray, rules: Rules, code: int) -> Finding:
    """Not one window fits: an error where train rows make none, else a warning.

    Args:
        split: The split.
        series_rows: Rows of each series in it.
        series_steps: Steps from the first to the last of them.
        rules: The shape of a window.
        code: Position of the series.
    """
    rows, steps = int(series_rows[code]), int(series_steps[code])
    spec = rules.spec
    train = split == "train"
    if rows == 0:
        message = "no rows" + (": the model never sees this series." if train else ".")
    elif train and steps < spec.length:
        message = (
            f"{plural(steps, 'step')}; one window takes {spec.length} "
            f"(window.context_length {spec.context_length} + window.horizon {spec.horizon})."
        )
    elif steps < spec.horizon:
        message = f"{plural(steps, 'step')}; a forecast takes window.horizon, {spec.horizon}."
    else:
        message = (
            f"no window in {plural(steps, 'step')}: too few steps before it, or fewer "
            f"than {rules.min_observed:.0%} (window.min_observed) of a context measured."
        )
    return Finding(
        kind="too_short" if rows else "no_rows",
        severity="error" if train and rows else "warning",
        split=split,
        message=message,
        fix="give more rows, remove the series, or shorten window.context_length or window.horizon.",
    )
