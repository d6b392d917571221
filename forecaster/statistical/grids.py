"""The settings that each kind of member is chosen from: small grids, the same for all data."""

import itertools

import numpy as np

from tapeline.forecaster.statistical.autoregression import Autoregression, Mean
from tapeline.forecaster.statistical.exponential import Smoothing, smoothing_maps
from tapeline.forecaster.statistical.seasonal_drift import seasonal_drift_map, seasonal_mean_map
from tapeline.forecaster.statistical.theta import theta_maps
from tapeline.series.arrays import Array

MOST_NUMBERS = 5_000_000
"""Numbers in the maps of one kind; where the full grid has more, a coarse one stands in."""

THETA_SETTINGS = tuple(itertools.product((0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0), (0.5, 0.75, 1.0)))
"""How far the level follows an error, and the part of the slope."""

TSB_SHARES = tuple(itertools.product((0.05, 0.1, 0.2, 0.4), (0.02, 0.05, 0.1, 0.2)))
"""How far size and probability follow."""

_DIFFERENCES: dict[Mean, tuple[int, ...]] = {"context": (0, 1, 2), "none": (1, 2), "train": (0, 1)}
"""How often may be differenced. Values themselves do not return to 0; changes of changes have no mean but 0."""


def fixed_maps(*, season: int, context_length: int, horizon: int) -> dict[str, Array]:
    """Returns the maps of all kinds that learn nothing from data, the simplest kind first.

    Args:
        season: Steps of a season; 1 is none.
        context_length: `T`.
        horizon: `H`.

    Returns:
        By kind, float32 `[S, T, H]`.
    """
    kinds: dict[str, list[Array]] = {"seasonal_mean": [], "seasonal_drift": [], "theta": [], "smoothing": []}
    # Whether there is a season is a setting like any other.
    for length in (1, season) if season > 1 else (1,):
        sizes = {"season": length, "context_length": context_length, "horizon": horizon}
        seasons = context_length // length
        counts = range(1, seasons + 1) if length > 1 else [2**power for power in range(seasons.bit_length())]
        kinds["seasonal_mean"] += [seasonal_mean_map(count, **sizes) for count in counts]
        if context_length >= 2 * length:
            kinds["seasonal_drift"].append(seasonal_drift_map(**sizes))
        kinds["theta"].extend(theta_maps(THETA_SETTINGS, **sizes))
        full = smoothing_grid(seasonal=length > 1)
        fits = len(full) * context_length * horizon <= MOST_NUMBERS
        grid = full if fits else smoothing_grid(seasonal=length > 1, coarse=True)
        kinds["smoothing"].extend(smoothing_maps(grid, **sizes))
    return {kind: np.stack(maps).astype(np.float32) for kind, maps in kinds.items() if maps}


def smoothing_grid(*, seasonal: bool, coarse: bool = False) -> list[Smoothing]:
    """Returns the settings of exponential smoothing.

    Trend and season move by shares of what the level has moved by and has left, so every setting is stable.

    Args:
        seasonal: Whether there is a season.
        coarse: A small grid, for long contexts and horizons.
    """
    alphas = (0.1, 0.3, 0.7) if coarse else (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0)
    trends = (0.1,) if coarse else (0.0, 0.03, 0.1, 0.3)
    dampings = (0.9, 1.0) if coarse else (0.8, 0.9, 0.95, 0.98, 1.0)
    seasons = ((0.1, 0.3) if coarse else (0.0, 0.1, 0.3, 0.6)) if seasonal else (0.0,)
    moves = [(0.0, 0.0), *itertools.product(trends, dampings)]
    settings = {
        Smoothing(alpha=alpha, beta=share * alpha, phi=phi, gamma=gamma * (1.0 - alpha))
        for alpha, (share, phi), gamma in itertools.product(alphas, moves, seasons)
    }
    return sorted(settings)


def autoregression_grid(*, season: int, context_length: int, small: bool) -> list[Autoregression]:
    """Returns the settings of autoregressions that reach no further than the context.

    Args:
        season: Steps of a season; 1 is none.
        context_length: `T`.
        small: A small grid, where each of many series has coefficients of its own.
    """
    seasonal = season > 1
    means: tuple[Mean, ...] = ("context", "none", "train")
    grid = itertools.product(
        (1, 3, 5) if small else (1, 2, 3, 5, 8),
        ((0, 1) if small else (0, 1, 2)) if seasonal else (0,),
        (0, 1) if small else (0, 1, 2),
        (0, 1) if seasonal and not small else (0,),
        (3e-2,) if small else (1e-3, 3e-2),
        means,
    )
    settings = [
        Autoregression(
            order=order,
            seasons=seasons,
            differences=differences,
            seasonal_differences=seasonal_differences,
            penalty=penalty,
            mean=mean,
        )
        for order, seasons, differences, seasonal_differences, penalty, mean in grid
        if differences + seasonal_differences in _DIFFERENCES[mean]
    ]
    return [setting for setting in settings if setting.reach(season) < context_length]
