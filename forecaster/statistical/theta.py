"""The Theta method as a linear map: simple exponential smoothing, and on top a part of the slope of the context's line.

maps = theta_maps([(0.1, 0.5), (0.3, 0.5)], season=12, context_length=60, horizon=12)      # [S, T, H]

Source: Assimakopoulos and Nikolopoulos, The theta model: a decomposition approach to forecasting, International
Journal of Forecasting 16 (2000), in the form that Hyndman and Billah, Unmasking the Theta method, the same 19 (2003)
gave it: half of the slope. Other parts of it are the Theta lines that Fiorucci et al., Models for optimising the theta
method and their relationship to state space models, the same 32 (2016), choose from. Seasons are taken out by the classical decomposition (centred moving average) and put back.
"""

from collections.abc import Sequence

import numpy as np

from tapeline.series.arrays import Array


def theta_maps(settings: Sequence[tuple[float, float]], *, season: int, context_length: int, horizon: int) -> Array:
    """Returns what the method makes of a context, as matrices.

    Args:
        settings: How far the level follows an error, over 0 and up to 1, and the part of the slope, `1 - 1 / theta`.
        season: Steps of a season, `m`; 1 is none. It must fit twice into the context.
        context_length: `T`.
        horizon: `H`.

    Returns:
        `[S, T, H]` float64: `forecast = context @ map`.
    """
    profile = seasonal_profile(season=season, context_length=context_length)
    places = np.arange(context_length + horizon) % season
    adjust = np.eye(context_length) - profile[:, places[:context_length]]
    inner = np.stack([_without_season(*setting, context_length, horizon) for setting in settings])
    maps: Array = adjust @ inner + profile[:, places[context_length:]]
    return maps


def _without_season(alpha: float, part: float, context_length: int, horizon: int) -> Array:
    """Returns the map `[T, H]` of smoothing that starts at the first value, with a part of the drift of the line."""
    remains = (1.0 - alpha) ** np.arange(context_length - 1, -1, -1.0)
    level = alpha * remains
    level[0] = remains[0]
    times = np.arange(context_length) - (context_length - 1) / 2.0
    slope = times / max((times**2).sum(), 1.0)
    # The line runs ahead of the level that follows it by so many steps.
    ahead = np.arange(horizon) + (1.0 - (1.0 - alpha) ** context_length) / alpha
    ours: Array = level[:, np.newaxis] + part * slope[:, np.newaxis] * ahead
    return ours


def seasonal_profile(*, season: int, context_length: int) -> Array:
    """Returns the classical additive seasonal profile of a context as a map `[T, m]`; its values have mean 0.

    The trend is the moving average over one season about each step; the profile is the mean of what is left at each
    place in the season. A season that does not fit twice, and a season of 1, give 0.

    Args:
        season: `m`.
        context_length: `T`.
    """
    profile = np.zeros((context_length, season))
    if season == 1 or context_length < 2 * season:
        return profile
    weights = np.full(season, 1.0 / season)
    if season % 2 == 0:
        weights = np.concatenate([[0.5 / season], weights[1:], [0.5 / season]])
    reach = len(weights) // 2
    for place in range(season):
        steps = np.arange(place, context_length, season)
        steps = steps[(steps >= reach) & (steps < context_length - reach)]
        for step in steps:
            profile[step, place] += 1.0 / len(steps)
            profile[step - reach : step + reach + 1, place] -= weights / len(steps)
    profile -= profile.mean(axis=1, keepdims=True)
    return profile
