"""Whether a series is long enough: how many windows fit into each of its splits.

    extents = split_extents(series, rules, countable=True)
    list(check_length(extents, rules))      # a finding for each split without a window

A window belongs to the split that its whole forecast lies in; its context may
reach back into the split before.
"""

from collections.abc import Iterator

import numpy as np

from components.validation.findings import Finding, SplitTotal, plural
from components.validation.series import Rules, Series
from schemas.features import SPLITS, TARGET


def split_extents(series: Series, rules: Rules, *, countable: bool) -> tuple[SplitTotal, ...]:
    """Returns the extent of a series in each of `SPLITS`.

    Args:
        series: The series.
        rules: Its grid and the shape of a window.
        countable: Whether its grid is sound enough to count windows.
    """
    ordinals = rules.grid.ordinals(series.timestamps)
    observed = np.unique(ordinals[~np.isnan(series.values[TARGET])])
    extents = []
    for index in range(len(SPLITS)):
        inside = series.splits == index
        if not inside.any():
            extents.append(SplitTotal())
            continue
        first, last = int(ordinals[inside].min()), int(ordinals[inside].max())
        windows = None
        if countable:
            start = int(ordinals.min())
            windows = count_windows(observed, start=start, first=first, last=last, rules=rules)
        extents.append(
            SplitTotal(
                rows=int(inside.sum()),
                first=int(series.timestamps[inside].min()),
                last=int(series.timestamps[inside].max()),
                windows=windows,
                longest=last - first + 1,
                measured={column: int((~np.isnan(series.values[column][inside])).sum()) for column in rules.columns},
            )
        )
    return tuple(extents)


def count_windows(observed: np.ndarray, *, start: int, first: int, last: int, rules: Rules) -> int:
    """Counts the windows of one split, at stride 1.

    Args:
        observed: Measured steps of the series, ordinals, unique and ascending `[M]`.
        start: The series' first step, in any split: contexts reach back to it.
        first: The split's first step.
        last: Its last.
        rules: Shape of a window, and least share of measured values in a context.
    """
    context, horizon = rules.spec.context_length, rules.spec.horizon
    if not len(observed):
        return 0
    # Outside of the measured steps a forecast has no context or no truth: a stray time does not make the range long.
    earliest, latest = max(first, start + context, observed[0] + 1), min(last - horizon + 1, observed[-1])
    forecasts = np.arange(earliest, latest + 1)
    measured = np.searchsorted(observed, forecasts) - np.searchsorted(observed, forecasts - context)
    scored = np.searchsorted(observed, forecasts + horizon) > np.searchsorted(observed, forecasts)
    return int(np.sum((measured >= max(1, rules.min_observed * context)) & scored))


def check_length(extents: tuple[SplitTotal, ...], rules: Rules) -> Iterator[Finding]:
    """Yields an error where train rows make no window, a warning for each other split without one.

    Args:
        extents: What `split_extents` returned.
        rules: The shape of a window.
    """
    spec = rules.spec
    for name, extent in zip(SPLITS, extents, strict=True):
        if extent.windows != 0:
            continue
        train = name == "train"
        if extent.rows == 0:
            message = "no rows" + (": the model never sees this series." if train else ".")
        elif train and extent.longest < spec.length:
            message = (
                f"{plural(extent.longest, 'step')}; one window takes {spec.length} "
                f"(window.context_length {spec.context_length} + window.horizon {spec.horizon})."
            )
        elif extent.longest < spec.horizon:
            message = f"{plural(extent.longest, 'step')}; a forecast takes window.horizon, {spec.horizon}."
        else:
            message = (
                f"no window in {plural(extent.longest, 'step')}: too few steps before it, or fewer "
                f"than {rules.min_observed:.0%} (window.min_observed) of a context measured."
            )
        yield Finding(
            kind="too_short" if extent.rows else "no_rows",
            severity="error" if train and extent.rows else "warning",
            split=name,
            message=message,
            fix="give more rows, remove the series, or shorten window.context_length or window.horizon.",
        )
