"""Which settings of a kind a series gets: the mean of its best few, its own errors weighed against those of all.

The best of hundreds by a few windows is luck; the mean of the best five is not. A series has few windows, the panel
has many: how much the panel's opinion counts is decided on later windows than the settings.
"""

import dataclasses

import numpy as np

from tapeline.series.arrays import Array, Ints

PICKS = 5
"""Settings whose mean a member is."""

PANEL_WEIGHTS = (np.inf, 3.0, 1.0, 0.3)
"""How much the errors on all series may count beside a series' own, the simplest first."""


@dataclasses.dataclass(frozen=True, eq=False)
class ChosenSettings:
    """What was chosen.

    Attributes:
        picks: Positions of each series' settings, `[1 + G, PICKS]` (fewer where there are fewer); row 0 is for all.
        shared: Whether all rows are the same.
    """

    picks: Ints
    shared: bool


def choose_settings(errors: Array, series: Ints, *, count: int, per_series: bool = True) -> ChosenSettings:
    """Chooses by the mean absolute errors on windows before the test split.

    Args:
        errors: Of each setting on each window, `[S, N]`; the windows of a series in the order of time.
        series: Which series each window is of, `[N]`.
        count: Number of series, `G`.
        per_series: Whether series may differ.
    """
    number = min(PICKS, len(errors))
    overall, own = relative_errors(errors, series, count)
    shared = np.argsort(overall, kind="stable")[:number]
    weight = _panel_weight(errors, series, count) if per_series and count > 1 else np.inf
    if not np.isfinite(weight):
        return ChosenSettings(np.repeat(shared[np.newaxis], 1 + count, axis=0), True)
    each = np.argsort(own + weight * overall[:, np.newaxis], axis=0, kind="stable")[:number].T
    return ChosenSettings(np.concatenate([shared[np.newaxis], each]), False)


def _panel_weight(errors: Array, series: Ints, count: int) -> float:
    """Returns the weight whose choice on the earlier windows of each series is best on its later ones."""
    rank = np.arange(len(series)) - np.searchsorted(series, series)
    total = np.bincount(series, minlength=count)[series]
    early = rank < total / 2.0
    if early.all():
        return float("inf")
    overall, own = relative_errors(errors[:, early], series[early], count)
    _, later = relative_errors(errors[:, ~early], series[~early], count)
    number = min(PICKS, len(errors))
    found = []
    for weight in PANEL_WEIGHTS:
        score = (
            np.repeat(overall[:, np.newaxis], count, 1) if weight == np.inf else own + weight * overall[:, np.newaxis]
        )
        picks = np.argsort(score, axis=0, kind="stable")[:number]
        found.append(np.take_along_axis(later, picks, axis=0).mean())
    return PANEL_WEIGHTS[int(np.argmin(found))]


def relative_errors(errors: Array, series: Ints, count: int) -> tuple[Array, Array]:
    """Returns mean errors in units of each series' middle setting: over all series `[S]`, of each `[S, G]`.

    A series without windows has 0 everywhere: the panel decides.

    Args:
        errors: Of each setting on each window, `[S, N]`.
        series: Which series each window is of, `[N]`.
        count: Number of series, `G`.
    """
    windows = np.bincount(series, minlength=count)
    sums = np.stack([np.bincount(series, weights=row, minlength=count) for row in errors])
    own = sums / np.maximum(windows, 1)
    unit = np.median(own, axis=0)
    own = np.where(unit > 0.0, own / np.where(unit > 0.0, unit, 1.0), 0.0)
    return own.sum(axis=1) / max(int((windows > 0).sum()), 1), own
