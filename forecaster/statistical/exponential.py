"""Exponential smoothing as a linear map: hundreds of settings forecast all windows in one matrix product.

maps = smoothing_maps(settings, season=12, context_length=60, horizon=12)      # [S, T, H]
forecasts = np.einsum("bt,sth->sbh", context, maps)

Source: the additive-error models ETS(A,Ad,A) of Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential
Smoothing (2008), chapter 2; the damped trend is that of Gardner and McKenzie, Forecasting Trends in Time Series,
Management Science 31 (1985); the season that of Winters, Forecasting Sales by Exponentially Weighted Moving Averages,
Management Science 6 (1960):

    e[t] = y[t] - (l[t-1] + phi b[t-1] + s[t-m])
    l[t] = l[t-1] + phi b[t-1] + alpha e[t]
    b[t] = phi b[t-1] + beta e[t]
    s[t] = s[t-m] + gamma e[t]
    forecast[h] = l + (phi + ... + phi^h) b + s[h-m]

With fixed parameters every state is a linear function of the values, and so is the first one, which least squares
takes from the start of the context. What a value adds to a forecast depends only on how long ago it was: the
recursion runs once for one value and once for each number of the first state, never over the data.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from tapeline.series.arrays import Array

FIRST_SEASONS = 2
"""Seasons that the first level, trend and season are fitted to."""

FIRST_STEPS = 10
"""At least so many steps are they fitted to."""


@dataclasses.dataclass(frozen=True, kw_only=True, order=True)
class Smoothing:
    """Parameters of one exponential smoothing; a part whose parameter is 0 keeps its first value.

    Attributes:
        alpha: How far the level follows an error.
        beta: How far the trend does.
        phi: What is left of the trend after a step; 0 is no trend at all.
        gamma: How far the season does.
    """

    alpha: float
    beta: float = 0.0
    phi: float = 0.0
    gamma: float = 0.0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{field.name}: got {value!r}, must be from 0 to 1; give a share of the error.")


def smoothing_maps(settings: Sequence[Smoothing], *, season: int, context_length: int, horizon: int) -> Array:
    """Returns what each setting makes of a context, as matrices.

    Args:
        settings: Parameters.
        season: Steps of a season, `m`; 1 is none.
        context_length: `T`.
        horizon: `H`.

    Returns:
        `[S, T, H]` float64: `forecast = context @ map`.
    """
    parameters = np.array([dataclasses.astuple(setting) for setting in settings], np.float64).reshape(-1, 4)
    first = first_state(season=season, context_length=context_length)
    if season == 1:
        # Without a season its column would be a second level.
        parameters[:, 3] = 0.0
    from_first = _run_on(_unit_states(len(parameters), season), parameters, steps=context_length, horizon=horizon)
    maps = _echoes(parameters, season, context_length, horizon)
    maps += np.einsum("dt,sdh->sth", first, from_first)
    return maps


def first_state(*, season: int, context_length: int) -> Array:
    """Returns the map from a context to the state before its first step, by least squares over its first seasons.

    A straight line and, with a season of `m` steps, a profile with mean 0 are fitted to the first two seasons, or ten
    steps where that is more. Where the context is too short to tell them apart, the solution of least norm is taken.

    Args:
        season: `m`.
        context_length: `T`.

    Returns:
        `[2 + m, T]`: rows are level, trend, and the season's value at each step modulo `m`.
    """
    steps = min(context_length, max(FIRST_SEASONS * season, FIRST_STEPS))
    times = np.arange(1.0, steps + 1.0)
    profile = np.eye(season) - 1.0 / season
    columns = np.concatenate([times[:, np.newaxis], profile[np.arange(steps) % season]], axis=1)
    centring = np.eye(steps) - 1.0 / steps
    solution = np.linalg.pinv(centring @ columns) @ centring
    solution[1:] = profile @ solution[1:]
    state = np.zeros((2 + season, context_length))
    # The level comes last: it takes whatever is added to all values, however short the context.
    state[0, :steps] = 1.0 / steps - columns.mean(axis=0) @ solution
    state[1:, :steps] = solution
    return state


def _unit_states(settings: int, season: int) -> Array:
    """States `[S, D, 2 + m]`, `D = 2 + m`: in each, one number is 1 and the others are 0."""
    return np.broadcast_to(np.eye(2 + season), (settings, 2 + season, 2 + season)).copy()


def _echoes(parameters: Array, season: int, context_length: int, horizon: int) -> Array:
    """Returns what an error of 1 at each step of the context adds to the forecasts, `[S, T, H]`."""
    settings = len(parameters)
    alpha, beta, _, gamma = parameters.T
    # Just after the error: its step's place in the season is the last of the circle.
    state = np.zeros((settings, 1, 2 + season))
    state[:, 0, 0], state[:, 0, 1], state[:, 0, 1 + season] = alpha, beta, gamma
    maps = np.zeros((settings, context_length, horizon))
    for ago in range(context_length):
        if ago:
            _step(state, parameters, slot=(ago - 1) % season)
        maps[:, context_length - 1 - ago] = _forecasts(state, parameters, slot=ago % season, horizon=horizon)[:, 0]
    return maps


def _run_on(state: Array, parameters: Array, *, steps: int, horizon: int) -> Array:
    """Returns the forecasts `[S, D, H]` after so many steps of zeros from states `[S, D, 2 + m]`."""
    season = state.shape[2] - 2
    for step in range(steps):
        _step(state, parameters, slot=step % season)
    return _forecasts(state, parameters, slot=steps % season, horizon=horizon)


def _step(state: Array, parameters: Array, *, slot: int) -> None:
    """Moves states `[S, D, 2 + m]` on by a step whose value is 0, in place."""
    alpha, beta, phi, gamma = parameters.T[:, :, np.newaxis]
    level, trend, season = state[:, :, 0], state[:, :, 1] * phi, state[:, :, 2 + slot]
    error = -(level + trend + season)
    state[:, :, 0] = level + trend + alpha * error
    state[:, :, 1] = trend + beta * error
    state[:, :, 2 + slot] = season + gamma * error


def _forecasts(state: Array, parameters: Array, *, slot: int, horizon: int) -> Array:
    """Returns the forecasts `[S, D, H]` from states whose next step lies at a slot of the season."""
    season = state.shape[2] - 2
    phi = parameters[:, 2, np.newaxis]
    growth = np.cumsum(phi ** np.arange(1, horizon + 1), axis=1)
    slots = 2 + (slot + np.arange(horizon)) % season
    ahead: Array = state[:, :, slots] + state[:, :, :1]
    ahead += growth[:, np.newaxis] * state[:, :, 1:2]
    return ahead
