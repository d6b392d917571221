"""Seasons by autocorrelation: of the steps from one value to the next, in any number of series.

>>> wave = np.sin(2 * np.pi * np.arange(400) / 12)
>>> find_season([wave], longest=40), find_seasons([wave], longest=40, known=(12,))
(12, (12,))

Steps, not values: a trend or a wandering level echoes at every lag, its steps
do not. The few steps far beyond the usual are cut to size, so that one wrong
value hides no season. What is looked for is looked for in the train split only.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from tapeline.series.arrays import Array, Bools, Floats, Ints

LEAST_AUTOCORRELATION = 0.1
"""A weaker echo is no season that a forecast could repeat."""

_NEARLY_THE_STRONGEST = 0.9
"""Of lags that echo almost as strongly, the shortest is the season and the others are its multiples."""

_ABOVE_ITS_NEIGHBOURS = 1.05
"""A longer season echoes by so much more than the multiples of the shorter one beside it, or it is one of them."""

_BESIDE_THE_STRONGEST = 1 / 3
"""A season inside a longer one echoes by at least this share of the longer one's."""

_LIKE_ITS_MULTIPLE = 0.75
"""A cycle of the calendar that echoes by this share of its multiple's is the season, not the multiple."""

_OUTWEIGHS = 0.75
"""Few steps with more than this share of all variance are cut to size: with less, a clear season still shows."""

_HABIT = 0.01
"""A larger share of the steps is not few."""

_FAR = 10.0
"""They are cut to so many median distances from the median."""

_OF_ONE_VALUE = 2
"""Steps that one value takes part in."""

_AWAY = 0.02
"""A year is 52.18 weeks: a lag may lie so far from the cycle of the calendar that it stands for, as a share."""


class _Echoes(NamedTuple):
    """How strongly the steps of all series echo, by lag up to the longest, `[longest + 1]`.

    Attributes:
        strength: The autocorrelation, averaged with that of the double lag, which tells 52 from 53.
        is_season: Which lags may be a season.
    """

    strength: Array
    is_season: Bools


def find_season(values: Iterable[Floats], *, longest: int) -> int | None:
    """Finds the season that echoes most strongly.

    A season is a lag that echoes more than its neighbours, more than chance,
    and about as much as any other; and since what rises in a season also falls
    in it, some shorter lag has a negative echo. Lag 1 does not count for that:
    measurement noise turns it negative in any series.

    Args:
        values: Pieces of series on their regular grid, each `[L]`; NaN where unobserved.
        longest: Longest season that is looked for, in steps.

    Returns:
        The season, 3 or more; None where nothing repeats.
    """
    return _strongest(_echoes(values, longest))


def find_seasons(
    values: Iterable[Floats], *, longest: int, known: Iterable[int], longest_known: int | None = None
) -> tuple[int, ...]:
    """Finds the season that echoes most strongly, and cycles of the calendar beside it.

    Among all lags of a short series one echoes by chance. What people live by is looked for as such, and shows in two
    repetitions: five years of months have a year.

    A cycle that is a multiple of the season counts where it echoes more than
    the multiples on both sides of it: in hourly demand 168 echoes more than 144
    and 192. A cycle that divides the season counts where it echoes too.

    Args:
        values: Pieces of series on their regular grid, each `[L]`; NaN where unobserved.
        longest: Longest season that is looked for, in steps.
        known: Cycles of the calendar, in steps.
        longest_known: Longest of these that is looked for; None: `longest` as well.

    Returns:
        The seasons, ascending; empty where nothing repeats.
    """
    reach = max(longest, longest_known or 0)
    cycles = [cycle for cycle in known if 1 < cycle <= reach]
    echoes = _echoes(values, reach)
    others = [lag for lag in range(longest + 1, reach + 1) if calendars_own(lag, cycles) not in cycles]
    echoes.is_season[others] = False
    strongest = _strongest(echoes)
    if strongest is None:
        return ()
    season = _shortest_like_it(calendars_own(strongest, cycles), cycles, echoes)
    found, least = {season}, _BESIDE_THE_STRONGEST * echoes.strength[strongest]
    for cycle in cycles:
        if cycle > season and cycle % season == 0:
            beside = [lag for lag in (cycle - season, cycle + season) if lag <= reach]
            most = max(echoes.strength[lag] for lag in beside)
            if echoes.is_season[cycle] and echoes.strength[cycle] > _ABOVE_ITS_NEIGHBOURS * most:
                found.add(cycle)
        elif season % cycle == 0 and echoes.is_season[cycle] and echoes.strength[cycle] >= least:
            found.add(cycle)
    return tuple(sorted(found))


def _shortest_like_it(season: int, cycles: Iterable[int], echoes: _Echoes) -> int:
    """Returns the cycle of the calendar where the season is only a multiple of it: four weeks are weeks."""
    if season in cycles:
        return season
    least = _LIKE_ITS_MULTIPLE * echoes.strength[season]
    whole = (c for c in cycles if season % c == 0 and echoes.is_season[c] and echoes.strength[c] >= least)
    return max(whole, default=season)


def calendars_own(season: int, known: Iterable[int]) -> int:
    """Returns the cycle of the calendar that a season found in data stands for, or the season itself.

    >>> calendars_own(53, (52,)), calendars_own(28, (24,))
    (52, 28)

    Args:
        season: Steps.
        known: Cycles of the calendar, in steps.
    """
    near = (cycle for cycle in known if abs(cycle - season) <= _AWAY * cycle)
    return min(near, key=lambda cycle: abs(cycle - season), default=season)


def _strongest(echoes: _Echoes) -> int | None:
    seasons = np.flatnonzero(echoes.is_season)
    if not len(seasons):
        return None
    strength = echoes.strength[seasons]
    return int(seasons[strength >= _NEARLY_THE_STRONGEST * strength.max()][0])


def autocorrelation(values: Iterable[Floats], *, longest: int) -> tuple[Array, Array]:
    """Returns the autocorrelation of the steps from one value to the next, of all series together.

    Args:
        values: Pieces of series on their regular grid, each `[L]`; NaN where unobserved.
        longest: Longest lag, in steps.

    Returns:
        It by lag, NaN where no two steps are so far apart, and the number of pairs behind it: `[longest + 1]` each.
    """
    products, pairs = np.zeros(longest + 1), np.zeros(longest + 1)
    for piece in values:
        steps = np.diff(np.asarray(piece, np.float64))
        measured = np.isfinite(steps)
        usual = _clipped(steps[measured])
        spread = usual.std() if len(usual) else 0.0
        if spread == 0.0:
            continue
        centred = np.zeros(len(steps))
        # Each series counts alike, whatever its scale.
        centred[measured] = (usual - usual.mean()) / spread
        products += _lagged_products(centred, longest)
        pairs += np.round(_lagged_products(measured.astype(np.float64), longest))
    with np.errstate(invalid="ignore", divide="ignore"):
        # Where no pair is so far apart, what is left of the products is rounding.
        correlation = np.where(pairs > 0.0, products / pairs, np.nan)
    return correlation, pairs


def _clipped(steps: Array) -> Array:
    """Returns steps, with those that outweigh all others cut to size: one mistyped value is two of them.

    Source: Huber, P. J. and Ronchetti, E. M. (2009), Robust Statistics, 2nd edition, on winsorizing. What a hundredth
    of all steps do is a habit of the series and stays; and the distances count that are not 0, so that a series mostly
    at rest keeps what moves it.
    """
    if len(steps) <= _OF_ONE_VALUE:
        return steps
    middle = np.median(steps)
    distances = np.abs(steps - middle)
    few = max(_OF_ONE_VALUE, int(_HABIT * len(steps)))
    ascending = np.sort(distances)
    squares = ascending**2
    if squares[-few:].sum() <= _OUTWEIGHS * squares.sum():
        return steps
    limit = max(_FAR * np.median(distances[distances > 0.0]), ascending[-few - 1])
    return np.clip(steps, middle - limit, middle + limit)


def chance(pairs: Array) -> Array:
    """Returns how strong an autocorrelation is by chance alone in 95 of 100 cases, from the number of pairs."""
    with np.errstate(divide="ignore"):
        found: Array = 2.0 / np.sqrt(pairs)
    return found


def _echoes(values: Iterable[Floats], longest: int) -> _Echoes:
    correlation, pairs = autocorrelation(values, longest=2 * (longest + 1))
    by_chance = chance(pairs)
    single, double = correlation[: longest + 2], correlation[::2]
    echo = np.where(np.isnan(double), single, (single + double) / 2.0)
    # `longest + 1` is there to compare the longest lag with a neighbour on either side.
    lags: Ints = np.arange(2, longest + 1)
    has_fallen = np.logical_or.accumulate(single[lags] < 0.0)
    is_peak = has_fallen & (echo[lags] > echo[lags - 1]) & (echo[lags] >= echo[lags + 1])
    is_season = np.zeros(longest + 1, bool)
    is_season[lags] = is_peak & (echo[lags] > np.maximum(by_chance[lags], LEAST_AUTOCORRELATION))
    return _Echoes(strength=echo[: longest + 1], is_season=is_season)


def _lagged_products(values: Floats, longest: int) -> Array:
    """Sums `values[t] * values[t - lag]` over `t`, for each lag up to the longest, `[longest + 1]`."""
    # Padded with zeros, so that nothing wraps around; as a Fourier transform it takes no time for thousands of lags.
    size = 2 ** math.ceil(math.log2(len(values) + longest + 1))
    return np.fft.irfft(np.abs(np.fft.rfft(values, size)) ** 2, size)[: longest + 1]
