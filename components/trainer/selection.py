"""Which forecasts are served together, and where a naive one is served in their place: pure functions of numbers.

>>> truth = np.array([[1.0, 2.0], [3.0, 4.0]])
>>> forecasts = np.stack([truth + 0.3, truth - 0.2, truth + 1.0])
>>> choice = select(forecasts, truth, most_picks=3)
>>> choice.picks, round(choice.error, 3)    # the second by itself is best; with the first the errors cancel
((1, 0, 1), 0.033)
"""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.stats

Floats = npt.NDArray[np.floating[Any]]

CONFIDENCE = 0.975
"""One-sided confidence with which a selection must be worse than a naive forecast before that one is served."""

LEAST_BLOCKS = 4
"""Fewest independent pieces that a difference is judged from."""


FEW_BLOCKS = 20
"""With fewer independent pieces of the eval split, a gain must be clear."""


@dataclasses.dataclass(frozen=True)
class Choice:
    """What was picked.

    Attributes:
        picks: Positions of the forecasts, in the order in which they were picked; one may stand there twice.
        error: Mean absolute error of the average of the picks.
        errors: The same of each forecast by itself `[C]`.
    """

    picks: tuple[int, ...]
    error: float
    errors: tuple[float, ...]

    @property
    def weights(self) -> dict[int, float]:
        """The share of each forecast in the average, by position; those that were not picked are not in it."""
        return {pick: self.picks.count(pick) / len(self.picks) for pick in dict.fromkeys(self.picks)}


def select(
    forecasts: Floats,
    target: Floats,
    *,
    most_picks: int,
    blocks: npt.NDArray[np.integer[Any]] | None = None,
    trusted: int | None = None,
) -> Choice:
    """Picks forecasts whose average has a small error: greedy forward selection with replacement.

    Caruana et al., "Ensemble Selection from Libraries of Models" (2004). The best one comes first. Then, again and
    again, the one that brings the average nearest to the truth, as long as it does bring it nearer. A good forecast may
    be picked twice: it then has twice the weight.

    Windows that overlap share their errors: ten of them may be worth one, and the best of many by one is luck. So with
    fewer than twenty blocks the forecast that was chosen on far more windows than these comes first and keeps half of the
    weight, and whatever joins it must make the average better by more than one standard error of the blocks'
    differences. Only where a t test on these says with 97.5 % confidence that it is worse than the best one is the choice
    free.

    Args:
        forecasts: `[C, N, H]`, the simplest first: of two that are equally good, the earlier is picked.
        target: `[N, H]`, NaN where unobserved.
        most_picks: Most picks.
        blocks: Which windows belong together, `[N]`: those whose forecasts overlap. None: there are enough.
        trusted: Position of the forecast that comes first where windows are few.

    Raises:
        ValueError: Nothing was observed.
    """
    observed = ~np.isnan(target)
    if not observed.any():
        raise ValueError("target: holds no observed value to select by.")
    truth = target[observed]
    known = [forecast[observed].astype(np.float64) for forecast in forecasts]
    errors = [_error(forecast, truth) for forecast in known]
    first = int(np.argmin(errors))
    piece = None
    if trusted is not None and blocks is not None and len(np.unique(blocks[observed.any(axis=1)])) < FEW_BLOCKS:
        piece = np.broadcast_to(blocks[:, np.newaxis], target.shape)[observed]
        if _worse(_means_of(np.abs(known[trusted] - truth) - np.abs(known[first] - truth), piece)):
            piece = None
        else:
            first = trusted

    def better(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> bool:
        gain = np.abs(other - truth) - np.abs(one - truth)
        return bool(gain.mean() > 0.0) if piece is None else _clear(gain, piece)

    picks, total = [first], known[first]
    while len(picks) < most_picks:
        joined = [(total + forecast) / (len(picks) + 1) for forecast in known]
        best = int(np.argmin([_error(forecast, truth) for forecast in joined]))
        outweighed = piece is not None and best != first and 2 * picks.count(first) <= len(picks)
        if outweighed or not better(joined[best], total / len(picks)):
            break
        picks.append(best)
        total = total + known[best]
    error = _error(total / len(picks), truth)
    return Choice(picks=tuple(picks), error=error, errors=tuple(float(each) for each in errors))


def overlapping(series: npt.NDArray[np.integer[Any]], block: int) -> npt.NDArray[np.int64]:
    """Returns which windows belong together because their forecasts overlap, a number for each, `[N]`.

    >>> overlapping(np.array([4, 4, 4, 7]), 2).tolist()
    [0, 0, 1, 2]

    Args:
        series: Number of each window's series, the windows of a series in the order of time.
        block: Windows, one after another, that reach over a horizon.
    """
    found: dict[tuple[int, int], int] = {}
    counts: dict[int, int] = {}
    result = np.zeros(len(series), np.int64)
    for position, number in enumerate(series.tolist()):
        rank = counts.get(number, 0)
        counts[number] = rank + 1
        result[position] = found.setdefault((number, rank // block), len(found))
    return result


def served_instead(
    selected: Floats,
    others: Floats,
    target: Floats,
    *,
    naive: int,
    series: npt.NDArray[np.integer[Any]],
    block: int,
) -> dict[int, int]:
    """Finds the series that a selection hurts, and what they are served in its place.

    A series is hurt where the selection is worse than the best naive forecast of this series, by more than noise:
    windows that overlap share their errors, so differences are averaged over blocks of windows that reach over a
    horizon, and a t test on these averages must say so with 97.5 % confidence. Series with fewer than four blocks are
    judged together, a block each, in units of their own naive error. A hurt series is served the one of `others` with
    the least error on it.

    Args:
        selected: Forecast of the selection `[N, H]`.
        others: What may be served in its place `[K, N, H]`, the naive forecasts first.
        target: `[N, H]`, NaN where unobserved.
        naive: How many of `others` are naive forecasts, 1 or more.
        series: Number of each window's series `[N]`, windows in the order of time; negative ones are left alone.
        block: Windows, one after another, that reach over a horizon.

    Returns:
        Position in `others` by number of series.
    """
    own, theirs = _window_errors(selected, target), np.stack([_window_errors(other, target) for other in others])
    instead: dict[int, int] = {}
    short: dict[int, tuple[float, npt.NDArray[np.float64]]] = {}
    for number in np.unique(series[series >= 0]).tolist():
        windows = (series == number) & ~np.isnan(own)
        if not windows.any():
            continue
        mine, rest = own[windows], theirs[:, windows]
        means = rest.mean(axis=1)
        if len(mine) // block < LEAST_BLOCKS:
            short[number] = float(mine.mean()), means
        elif _worse(_block_means(mine - rest[int(np.argmin(means[:naive]))], block)):
            instead[number] = int(np.argmin(means))
    if len(short) >= LEAST_BLOCKS:
        units = np.array([max(float(means[:naive].min()), 1e-12) for _, means in short.values()])
        mine = np.array([error for error, _ in short.values()]) / units
        rest = np.stack([means for _, means in short.values()], axis=1) / units
        means = rest.mean(axis=1)
        if _worse(mine - rest[int(np.argmin(means[:naive]))]):
            instead |= dict.fromkeys(short, int(np.argmin(means)))
    return instead


def clearly_better(one: Floats, other: Floats, target: Floats, blocks: npt.NDArray[np.integer[Any]]) -> bool:
    """Returns whether forecasts are better than others by more than one standard error of the blocks' differences.

    Args:
        one: `[N, H]`.
        other: Likewise.
        target: Likewise, NaN where unobserved.
        blocks: Which windows belong together, `[N]`.
    """
    observed = ~np.isnan(target)
    gain = (np.abs(other - target) - np.abs(one - target))[observed].astype(np.float64)
    return _clear(gain, np.broadcast_to(blocks[:, np.newaxis], target.shape)[observed])


def _error(forecast: npt.NDArray[np.float64], truth: Floats) -> float:
    return float(np.abs(forecast - truth).mean())


def _clear(gain: npt.NDArray[np.float64], piece: npt.NDArray[np.integer[Any]]) -> bool:
    """Returns whether a gain, averaged over pieces, lies above 0 by more than one standard error."""
    means = _means_of(gain, piece)
    if len(means) < 2:
        return False
    return bool(means.mean() > 0.0 and means.mean() > means.std(ddof=1) / np.sqrt(len(means)))


def _means_of(values: npt.NDArray[np.float64], piece: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float64]:
    """Returns the mean of each piece."""
    _, of_piece = np.unique(piece, return_inverse=True)
    means: npt.NDArray[np.float64] = np.bincount(of_piece, weights=values) / np.bincount(of_piece)
    return means


def _window_errors(forecast: Floats, target: Floats) -> npt.NDArray[np.float64]:
    """Returns the mean absolute error of each window over its observed steps `[N]`; NaN where there are none."""
    observed = ~np.isnan(target)
    total = np.where(observed, np.abs(forecast - target), 0.0).sum(axis=1, dtype=np.float64)
    count = observed.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _block_means(values: npt.NDArray[np.float64], block: int) -> npt.NDArray[np.float64]:
    """Returns the means of whole blocks; what is left over at the start is left out."""
    blocks = len(values) // block
    means: npt.NDArray[np.float64] = values[len(values) - blocks * block :].reshape(blocks, block).mean(axis=1)
    return means


def _worse(differences: npt.NDArray[np.float64]) -> bool:
    """Returns whether the mean of independent differences lies above 0 by more than chance."""
    count, mean = len(differences), differences.mean()
    if count < 2:
        return False
    spread = differences.std(ddof=1) / np.sqrt(count)
    return bool(mean > 0.0 and mean >= scipy.stats.t.ppf(CONFIDENCE, count - 1) * spread)
