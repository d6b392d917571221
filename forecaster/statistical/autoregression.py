"""Autoregressions with few lags, fitted in closed form and fed their own output: again one matrix a setting.

sums = lag_sums(series, settings[0], season=12)             # one pass over the data
coefficients, enough = sums.solve(settings[0])              # [G, k]; and of all series together
maps = autoregression_maps(coefficients, settings[0], season=12, context_length=60, horizon=12)    # [G, T, H]

Source: Box and Jenkins, Time Series Analysis: Forecasting and Control (1970): ARIMA(p, d, 0)(P, D, 0), with a few
lags about each season instead of the product of two polynomials, and a ridge penalty in place of a test for the order.
A line from all of the context to each lead step has `T H` coefficients; a short series has not enough values for
them, but enough for a handful. Deviations from a mean are what is forecast (the same book): that of the
context, or that of all that was learned from.
"""

import dataclasses
from collections.abc import Sequence
from typing import Literal

import numpy as np

from tapeline.forecaster.statistical.affine_maps import AffineMaps
from tapeline.series.arrays import Array, Bools

Mean = Literal["none", "context", "train"]


@dataclasses.dataclass(frozen=True, kw_only=True, order=True)
class Autoregression:
    """What an autoregression looks at.

    Attributes:
        order: So many last steps, 1 or more.
        seasons: So many seasons ago; of each the step itself and its two neighbours.
        differences: How often the change from step to step is taken first.
        seasonal_differences: How often the change from season to season is.
        penalty: Of the ridge regression, as a share of the mean variance of a lag.
        mean: What forecasts return to, after differencing: to 0, to the mean of their context, or to the mean of what
            the coefficients are fitted to.
    """

    order: int
    seasons: int = 0
    differences: int = 0
    seasonal_differences: int = 0
    penalty: float = 1e-3
    mean: Mean = "context"

    def lags(self, season: int) -> tuple[int, ...]:
        """Returns the lags, ascending.

        >>> Autoregression(order=2, seasons=1).lags(12)
        (1, 2, 11, 12, 13)

        Args:
            season: Steps of a season.
        """
        near = range(1, self.order + 1)
        far = (turn * season + shift for turn in range(1, self.seasons + 1) for shift in (-1, 0, 1))
        return tuple(sorted({*near, *(lag for lag in far if lag > 0)}))

    def differencing(self, season: int) -> Array:
        """Returns what is taken of a value and those before it: 1 and -1 for the change of a step."""
        polynomial = np.ones(1)
        for reach in [1] * self.differences + [season] * self.seasonal_differences:
            factor = np.zeros(reach + 1)
            factor[0], factor[-1] = 1.0, -1.0
            polynomial = np.convolve(polynomial, factor)
        return polynomial

    def reach(self, season: int) -> int:
        """Returns how many past values a forecast is made of."""
        return self.lags(season)[-1] + len(self.differencing(season)) - 1


@dataclasses.dataclass(frozen=True)
class LagSums:
    """Sums that coefficients are solved from; those of several pieces of the same series add up.

    Attributes:
        lags: What the columns are, behind a column of ones; the last column is the value itself.
        gram: Sums of products of columns, of each series `[G, 2 + k, 2 + k]`.
    """

    lags: tuple[int, ...]
    gram: Array

    def __add__(self, other: "LagSums") -> "LagSums":
        return LagSums(self.lags, self.gram + other.gram)

    def together(self) -> "LagSums":
        """Returns the sums over all series, each in units of its own deviation, `G = 1`."""
        count = np.maximum(self.gram[:, 0, 0], 1.0)
        variance = self.gram[:, -1, -1] / count - (self.gram[:, 0, -1] / count) ** 2
        unit = np.where(variance > 0.0, variance, np.inf)[:, np.newaxis, np.newaxis]
        # The column of ones has no unit: its products are divided once.
        scale = np.broadcast_to(unit, self.gram.shape).copy()
        scale[:, 0, :] **= 0.5
        scale[:, :, 0] **= 0.5
        scale[:, 0, 0] = 1.0
        return LagSums(self.lags, (self.gram / scale).sum(axis=0, keepdims=True))

    def solve(self, setting: Autoregression, *, season: int) -> tuple[Array, Bools]:
        """Returns the coefficients of each series.

        Args:
            setting: Its lags are among those of the sums.
            season: Steps of a season.

        Returns:
            `[G, k]`, and bool `[G]`: whether there were twice as many steps as coefficients, and they varied.
        """
        lags = setting.lags(season)
        columns = [1 + self.lags.index(lag) for lag in lags]
        every = [*columns, len(self.lags) + 1]
        gram = self.gram[:, every][:, :, every]
        count = self.gram[:, 0, 0]
        if setting.mean != "none":
            sums = self.gram[:, 0, every]
            gram = (
                gram - sums[:, :, np.newaxis] * sums[:, np.newaxis] / np.maximum(count, 1.0)[:, np.newaxis, np.newaxis]
            )
        inner, outer = gram[:, :-1, :-1], gram[:, :-1, -1:]
        size = np.trace(inner, axis1=1, axis2=2) / len(lags)
        enough = (count >= 2 * len(lags)) & (size > 0.0)
        ridge = np.where(enough, setting.penalty * size, 1.0)[:, np.newaxis, np.newaxis] * np.eye(len(lags))
        solved = np.linalg.solve(np.where(enough[:, np.newaxis, np.newaxis], inner, 0.0) + ridge, outer)
        return np.where(enough[:, np.newaxis], solved[:, :, 0], 0.0), enough

    def means(self) -> Array:
        """Returns the mean of each series after differencing, `[G]`; NaN without a step whose lags were all measured."""
        count = self.gram[:, 0, 0]
        mean: Array = self.gram[:, 0, -1] / np.where(count > 0.0, count, np.nan)
        return mean


def lag_sums(
    series: Sequence[Array], setting: Autoregression, *, season: int, begin: Sequence[int] | None = None
) -> LagSums:
    """Returns the sums of pieces of series; a step that is not measured, or has such a lag, is left out.

    Args:
        series: Values of each series, float `[n]`, NaN where missing.
        setting: Says what is differenced, and the lags.
        season: Steps of a season.
        begin: Where in each series the steps begin that are explained; those before them are lags only.
    """
    lags, polynomial = setting.lags(season), setting.differencing(season)
    reach = lags[-1]
    gram = np.zeros((len(series), len(lags) + 2, len(lags) + 2))
    for index, values in enumerate(series):
        first = 0 if begin is None else max(begin[index] - setting.reach(season), 0)
        changes = _changes(np.asarray(values[first:], np.float64), polynomial)
        if len(changes) <= reach:
            continue
        rows = np.ones((len(changes) - reach, len(lags) + 2))
        for column, lag in enumerate((*lags, 0), start=1):
            rows[:, column] = changes[reach - lag : len(changes) - lag]
        if np.isnan(changes).any():
            rows = rows[np.isfinite(rows).all(axis=1)]
        gram[index] = rows.T @ rows
    return LagSums(lags, gram)


def _changes(values: Array, polynomial: Array) -> Array:
    """Differences a series, `[n - d]`; NaN where a value that takes part is missing."""
    length = len(values) - len(polynomial) + 1
    taking_part = np.flatnonzero(polynomial)
    parts = [polynomial[ago] * values[len(polynomial) - 1 - ago :][: max(length, 0)] for ago in taking_part]
    changes: Array = np.sum(parts, axis=0)
    return changes


def autoregression_maps(
    coefficients: Array,
    setting: Autoregression,
    *,
    season: int,
    context_length: int,
    horizon: int,
    means: Array | None = None,
) -> AffineMaps:
    """Returns what each series' coefficients make of a context.

    Args:
        coefficients: `[G, k]`.
        setting: What they belong to; its reach is at most `T`.
        season: Steps of a season.
        context_length: `T`.
        horizon: `H`.
        means: Where forecasts return to the mean of train, that of each series after differencing, `[G]`; NaN, and
            None: to the mean of the context instead.

    Returns:
        Float64 maps: `forecast = context @ matrix + constant`.
    """
    lags, polynomial = setting.lags(season), setting.differencing(season)
    own = np.zeros((len(coefficients), lags[-1] + 1))
    own[:, 0], own[:, list(lags)] = 1.0, -coefficients
    # The two polynomials multiplied: what a value is made of, of those before it.
    whole = np.zeros((len(coefficients), own.shape[1] + len(polynomial) - 1))
    for ago in np.flatnonzero(polynomial):
        whole[:, ago : ago + own.shape[1]] += polynomial[ago] * own
    back = [(ago, -whole[:, ago, np.newaxis]) for ago in range(1, whole.shape[1]) if whole[:, ago].any()]
    # A forecast is a sum over the last values, as many as are looked at, and over the mean.
    reach = whole.shape[1] - 1
    values = np.zeros((reach + horizon, len(coefficients), reach + 1))
    values[:reach, :, :reach] = np.eye(reach)[:, np.newaxis]
    values[reach:, :, reach] = 1.0 - coefficients.sum(axis=1)
    for step in range(reach, reach + horizon):
        for ago, weight in back:
            values[step] += weight * values[step - ago]
    matrices = np.zeros((len(coefficients), context_length, horizon))
    matrices[:, context_length - reach :] = values[reach:, :, :reach].transpose(1, 2, 0)
    share = values[reach:, :, reach].T
    if means is None:
        means = np.full(len(coefficients), 0.0 if setting.mean == "none" else np.nan)
    unknown = np.isnan(means)
    if unknown.any():
        of_context = mean_of_changes(setting, season=season, context_length=context_length)
        matrices[unknown] += of_context[:, np.newaxis] * share[unknown, np.newaxis]
    return AffineMaps(matrices, np.where(unknown, 0.0, means)[:, np.newaxis] * share)


def mean_of_changes(setting: Autoregression, *, season: int, context_length: int) -> Array:
    """Returns what each step of a context weighs in the mean of its values after differencing, `[T]`."""
    polynomial = setting.differencing(season)
    steps = context_length - len(polynomial) + 1
    weights: Array = np.convolve(np.ones(steps) / steps, polynomial[::-1])
    return weights
