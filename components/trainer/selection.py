"""Which forecasts are served together, and where a naive one is served in their place: pure functions of numbers.

>>> truth = np.array([[1.0, 2.0], [3.0, 4.0]])
>>> forecasts = np.stack([truth + 0.3, truth - 0.2, truth + 1.0])
>>> choice = select(forecasts, truth, most_picks=3)
>>> choice.picks, round(choice.error, 3)    # the second by itself is best; with the first the errors cancel
((1, 0), 0.05)
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


def select(forecasts: Floats, target: Floats, *, most_picks: int) -> Choice:
    """Picks forecasts whose average has a small error: greedy forward selection with replacement.

    Caruana et al., "Ensemble Selection from Libraries of Models" (2004). The best one comes first. Then, again and
    again, the one that brings the average nearest to the truth, as long as it does bring it nearer. A good forecast may
    be picked twice: it then has twice the weight.

    Args:
        forecasts: `[C, N, H]`, the simplest first: of two that are equally good, the earlier is picked.
        target: `[N, H]`, NaN where unobserved.
        most_picks: Most picks.

    Raises:
        ValueError: Nothing was observed.
    """
    observed = ~np.isnan(target)
    if not observed.any():
        raise ValueError("target: holds no observed value to select by.")
    truth = target[observed]
    known = [forecast[observed].astype(np.float64) for forecast in forecasts]
    errors = [_error(forecast, truth) for forecast in known]
    picks = [int(np.argmin(errors))]
    total, error = known[picks[0]], min(errors)
    while len(picks) < most_picks:
        joined = [_error((total + forecast) / (len(picks) + 1), truth) for forecast in known]
        best = int(np.argmin(joined))
        if not joined[best] < error:
            break
        picks.append(best)
        total, error = total + known[best], joined[best]
    return Choice(picks=tuple(picks), error=float(error), errors=tuple(float(each) for each in errors))


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


def _error(forecast: npt.NDArray[np.float64], truth: Floats) -> float:
    return float(np.abs(forecast - truth).mean())


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
    spread = differences.std(ddof=1) / np.sqrt(count)
    return bool(mean > 0.0 and mean >= scipy.stats.t.ppf(CONFIDENCE, count - 1) * spread)
