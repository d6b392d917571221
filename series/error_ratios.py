"""How large each series' errors usually are, beside those of a middling series: so that errors of all can be pooled.

>>> naive_ratios({b"small": 0.001, b"middling": 0.01, b"large": 1.0, b"unknown": float("nan")})
{b'small': 0.1, b'middling': 1.0, b'large': 100.0, b'unknown': 1.0}

In a space that all series share, the errors of a series of 100,000 say nothing
about one of 100. Over its ratio each error is one of a middling series, and
the pooled quantiles times the ratio are those of the series again (normalised
conformal prediction, Papadopoulos et al., "Regression Conformal Prediction
with Nearest Neighbours", 2011).

By rule the ratio is that of the errors of "as a season ago" within train. A
model is not equally much better than that on every series; so where a series
has enough eval windows, the size of its own eval errors may stand for it. That
is taken only if it forecasts the second half of eval better from the first,
and the first from the second. The changes in a window's own context are taken
into its ratio as well, unless both halves speak against it.
"""

from collections.abc import Mapping

import numpy as np

from tapeline.series.arrays import Array, Bools, Floats, Ints, Names
from tapeline.series.conformal import INTERVAL_LEVELS, conformal_quantiles

LEAST_PERIODS = 10
"""Fewest forecasts, one after another without overlap, whose mean error speaks for a series."""

MOST_LIVELY = 16.0
"""How many times the usual change of a context counts at most; an interval is then four times as wide."""

_ROUNDING = 1e-5
"""An error below this share of the largest one is rounding, or that of a series that never left its pattern."""


def naive_ratios(errors: Mapping[bytes, float]) -> dict[bytes, float]:
    """Returns each series' naive error over the middling one; 1 for a series whose error is not known, or nothing.

    Args:
        errors: Errors of "as a season ago" within train, in scaled space, by series.
    """
    values = np.array(list(errors.values()), np.float64)
    known = np.isfinite(values) & (values > _ROUNDING * np.nanmax(values, initial=0.0))
    if not known.any():
        return dict.fromkeys(errors, 1.0)
    ratios = np.where(known, values, 1.0) / np.where(known, np.median(values[known]), 1.0)
    return dict(zip(errors, ratios.tolist(), strict=True))


def own_ratios(errors: Floats, *, series: Names, naive: Mapping[bytes, float], overlap: int) -> dict[bytes, float]:
    """Returns the ratios of the forecast's own errors where a series has enough of them, else the naive ones.

    Args:
        errors: Of eval windows, `[N, H]`, NaN where nothing was measured.
        series: The series of each, `[N]`.
        naive: Its naive ratio, by series.
        overlap: Windows that share a step.
    """
    ids, code, counts = np.unique(series, return_inverse=True, return_counts=True)
    measured = np.isfinite(errors)
    sums = np.bincount(code, np.where(measured, np.abs(errors), 0.0).sum(axis=1), minlength=len(ids))
    sizes = np.bincount(code, measured.sum(axis=1), minlength=len(ids))
    means = sums / np.maximum(sizes, 1)
    before = np.array([naive.get(name, 1.0) for name in ids])
    enough = (counts >= LEAST_PERIODS * overlap) & (means > _ROUNDING * means.max(initial=0.0))
    if not enough.any():
        return dict(naive)
    # One unit for both kinds: that in which the middling series keeps its ratio.
    unit = np.median(means[enough] / before[enough])
    return {**naive, **dict(zip(ids[enough], (means[enough] / unit).tolist(), strict=True))}


def choose_ratios(
    errors: Floats, *, series: Names, starts: Ints, naive: Mapping[bytes, float], overlap: int
) -> tuple[dict[bytes, float], bool]:
    """Returns the ratio of each series, and whether own eval errors stand for those that have enough.

    They do if the intervals that one half of eval gives fit the other half better, both times.

    Args:
        errors: Of eval windows, `[N, H]`, NaN where nothing was measured.
        series: The series of each, `[N]`.
        starts: When its forecast starts, `[N]`.
        naive: The naive ratio of each series.
        overlap: Windows that share a step.
    """
    halves = _halves(starts, overlap) if len(naive) > 1 else []
    if not halves:
        return dict(naive), False
    for fitted, judged in halves:
        own = own_ratios(errors[fitted], series=series[fitted], naive=naive, overlap=overlap)
        losses = [
            _loss(errors, _column(ratios, series), _column(naive, series), fitted=fitted, judged=judged)
            for ratios in (own, naive)
        ]
        if not losses[0] < losses[1]:
            return dict(naive), False
    return own_ratios(errors, series=series, naive=naive, overlap=overlap), True


def context_ratios(changes: Floats, ratios: Floats, usual: float) -> Array:
    """Returns the ratio of each window, where the changes in its context count as much as its series: `[N]`.

    It is the geometric mean of both, at most four times and at least a quarter of its series' ratio.

    Args:
        changes: Mean absolute change from step to step in the context, scaled, `[N]`.
        ratios: The ratio of its series, `[N]`.
        usual: The middling window's change over its series' ratio.
    """
    followed: Array = ratios * np.sqrt(np.clip(changes / (usual * ratios), 1.0 / MOST_LIVELY, MOST_LIVELY))
    return followed


def choose_usual_change(errors: Floats, *, changes: Floats, ratios: Floats, starts: Ints, overlap: int) -> float | None:
    """Returns the middling change in a context; None if intervals that follow it fit neither half of eval better.

    Errors come in quiet and in restless times, prices above all: an interval of
    one width is too wide in some and too narrow in others, and a test split that
    is quieter than eval is covered too often. So contexts count unless eval
    speaks against it, both halves of it.

    Args:
        errors: Of eval windows, `[N, H]`, NaN where nothing was measured.
        changes: Mean absolute change from step to step in the context, scaled, `[N]`.
        ratios: The ratio of the series of each, `[N]`.
        starts: When its forecast starts, `[N]`.
        overlap: Windows that share a step.
    """
    halves, column = _halves(starts, overlap), ratios[:, np.newaxis]
    if not len(changes) or not all(np.median(changes[half]) > 0.0 for half, _ in halves):
        return None
    against = 0
    for fitted, judged in halves:
        usual = float(np.median(changes[fitted] / ratios[fitted]))
        lively = context_ratios(changes, ratios, usual)[:, np.newaxis]
        losses = [_loss(errors, one, column, fitted=fitted, judged=judged) for one in (lively, column)]
        against += not losses[0] < losses[1]
    usual = float(np.median(changes / ratios))
    return usual if usual > 0.0 and against < 2 else None


def _halves(starts: Ints, overlap: int) -> list[tuple[Bools, Bools]]:
    """Both halves of the time, each once in either part; none where they are too short to be apart."""
    times = np.unique(starts)
    middle = len(times) // 2
    if middle <= overlap:
        return []
    # A window whose horizon reaches into the other half is in neither.
    first, second = starts < times[middle - overlap], starts >= times[middle]
    return [(first, second), (second, first)]


def _column(ratios: Mapping[bytes, float], series: Names) -> Floats:
    return np.array([ratios.get(name, 1.0) for name in series])[:, None]


def _loss(errors: Floats, ratios: Floats, unit: Floats, *, fitted: Array, judged: Array) -> float:
    """The quantile loss of the intervals' ends, each series counted in its naive unit (Koenker and Bassett, 1978)."""
    ends = conformal_quantiles(errors[fitted] / ratios[fitted], INTERVAL_LEVELS)
    total = 0.0
    for level, end in zip(map(float, INTERVAL_LEVELS), ends, strict=True):
        beyond = (errors[judged] - end * ratios[judged]) / unit[judged]
        total += float(np.nanmean(np.maximum(level * beyond, (level - 1.0) * beyond)))
    return total
