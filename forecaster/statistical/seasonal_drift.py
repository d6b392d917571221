"""Seasonal naive with drift, and the mean of past seasons, as linear maps.

drift = seasonal_drift_map(season=12, context_length=60, horizon=12)        # [T, H]
mean = seasonal_mean_map(3, season=12, context_length=60, horizon=12)

Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice (2021), section 5.2; the drift is that from
season to season instead of that from step to step.
"""

import numpy as np

from tapeline.series.arrays import Array
from tapeline.series.seasons import seasonal_positions


def seasonal_drift_map(*, season: int, context_length: int, horizon: int) -> Array:
    """Returns the last season, repeated, and moved on by the mean growth of the context.

    The growth of a step is the difference between the means of the last and the first season, over the steps between.

    Args:
        season: Steps of a season, `m`; it must fit twice into the context. 1 is the random walk with drift.
        context_length: `T`.
        horizon: `H`.

    Returns:
        `[T, H]` float64: `forecast = context @ map`.
    """
    growth = np.zeros(context_length)
    between = context_length - season
    growth[-season:] += 1.0 / (season * between)
    growth[:season] -= 1.0 / (season * between)
    positions = seasonal_positions(context_length=context_length, horizon=horizon, season=season)
    moved = context_length + np.arange(horizon) - positions
    return np.eye(context_length)[:, positions] + growth[:, np.newaxis] * moved


def seasonal_mean_map(seasons: int, *, season: int, context_length: int, horizon: int) -> Array:
    """Returns the mean over the last seasons at each place in the season; with a season of 1 that of the last steps.

    Args:
        seasons: How many; they must fit into the context.
        season: Steps of a season, `m`.
        context_length: `T`.
        horizon: `H`.

    Returns:
        `[T, H]` float64: `forecast = context @ map`.
    """
    positions = seasonal_positions(context_length=context_length, horizon=horizon, season=season)
    back = season * np.arange(seasons)[:, np.newaxis]
    result = np.zeros((context_length, horizon))
    np.add.at(result, (positions - back, np.arange(horizon)), 1.0 / seasons)
    return result
