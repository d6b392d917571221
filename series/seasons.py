"""The naive forecasts, the season that one of them repeats, and how far "as a season ago" is wrong in the train split.

>>> season_of("h", context_length=168), season_of("h", context_length=12)
(24, None)
>>> seasonal_positions(context_length=7, horizon=4, season=3)
array([4, 5, 6, 4])

Steps under a day repeat by the day, else by the hour; days by the week;
business days by their five; weeks, months and quarters by the year; years by
the step. The longest of these that lies inside the context counts. What is
found in the data is found in the train split only. `naive_errors` is what MASE
divides by.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from tapeline.schemas.gate_config import GateConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.schemas.stack import spelled
from tapeline.series.arrays import Array, Floats, Ints
from tapeline.series.windowing import Chunk

LEAST_AUTOCORRELATION = 0.1
"""A weaker echo is no season that a forecast could repeat."""

_NEARLY_THE_STRONGEST = 0.9
"""Of lags that echo almost as strongly, the shortest is the season and the others are its multiples."""


_HOUR = 3_600
_DAY = 24 * _HOUR
_WEEKS_A_YEAR = 52


def persistence(context: Floats, *, horizon: int) -> Array:
    """Repeats the last value of each context.

    Args:
        context: Gapless values `[B, T]`.
        horizon: Steps to forecast, `H`.

    Returns:
        Forecasts `[B, H]`.
    """
    return np.repeat(context[:, -1:], horizon, axis=1)


def seasonal_naive(context: Floats, *, horizon: int, season: int) -> Array:
    """Repeats the last season of each context as often as the horizon needs.

    Args:
        context: Gapless values `[B, T]`.
        horizon: Steps to forecast, `H`.
        season: Steps of one season, at most `T`.

    Returns:
        Forecasts `[B, H]`.

    Raises:
        ValueError: The season does not lie inside the context.
    """
    return context[:, seasonal_positions(context_length=context.shape[1], horizon=horizon, season=season)]


def seasonal_positions(*, context_length: int, horizon: int, season: int) -> Ints:
    """Returns the context positions `[H]` that the seasonal naive forecast repeats.

    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice,
    3rd edition, section 5.2.

    Raises:
        ValueError: The season does not lie inside the context.
    """
    if not 1 <= season <= context_length:
        raise ValueError(f"season: got {season}, must lie inside the context of {context_length} steps, 1 or more.")
    return context_length - season + np.arange(horizon) % season


def natural_seasons(frequency: str) -> tuple[int, ...]:
    """Returns the seasons of a frequency in steps, the longest first.

    Args:
        frequency: A pandas offset alias.
    """
    offset: Any = pd.tseries.frequencies.to_offset(spelled(frequency))
    if isinstance(offset, pd.offsets.Week):
        return (_WEEKS_A_YEAR // offset.n,) if _WEEKS_A_YEAR % offset.n == 0 else ()
    if isinstance(offset, pd.offsets.BusinessDay):
        return (5,)
    if isinstance(offset, (pd.offsets.MonthBegin, pd.offsets.MonthEnd)):
        return (12,)
    if isinstance(offset, (pd.offsets.QuarterBegin, pd.offsets.QuarterEnd)):
        return (4,)
    if isinstance(offset, (pd.offsets.YearBegin, pd.offsets.YearEnd)):
        return (1,)
    step = offset.nanos // 1_000_000_000
    cycles = (_DAY, _HOUR) if step < _DAY else (7 * _DAY,)
    return tuple(cycle // step for cycle in cycles if cycle % step == 0 and cycle > step)


def season_of(frequency: str, *, context_length: int) -> int | None:
    """Returns the longest season of a frequency that fits into a context; None where none does.

    Args:
        frequency: A pandas offset alias.
        context_length: Steps of the context, `T`.
    """
    return next((season for season in natural_seasons(frequency) if season <= context_length), None)


def choose_season(
    gate: GateConfig, *, data: DataConfig, window: WindowConfig, chunks: Callable[[], Iterable[Chunk]]
) -> int:
    """Returns the steps that seasonal naive repeats, at most the context.

    It is the configured season; or, where the gate asks for `auto`, the one
    that the train split shows; else the frequency's own. Where none fits into
    the context it is 1, the last value.

    Args:
        gate: The season, if it is configured.
        data: Frequency.
        window: Context length.
        chunks: Starts a pass over the chunks of the train split.
    """
    if isinstance(gate.season, int):
        return gate.season
    found = find_season(chunks(), longest=window.context_length) if gate.season == "auto" else None
    return found or season_of(data.frequency, context_length=window.context_length) or 1


def find_season(chunks: Iterable[Chunk], *, longest: int) -> int | None:
    """Finds the season by the autocorrelation of the steps from one value to the next.

    Steps, not values: a trend or a wandering level echoes at every lag, its
    steps do not. A season is a lag that echoes more than its neighbours, more
    than chance, and about as much as any other; and since what rises in a
    season also falls in it, some shorter lag has a negative echo. Lag 1 does
    not count for that: measurement noise turns it negative in any series. A
    lag's echo is averaged with that of its double, which tells 52 from 53.

    Args:
        chunks: Pieces of series.
        longest: Longest season that is looked for, in steps.

    Returns:
        The season, 3 or more; None where nothing repeats.
    """
    most = 2 * (longest + 1)
    products, pairs = np.zeros(most + 1), np.zeros(most + 1)
    for chunk in chunks:
        steps = np.diff(chunk.target.astype(np.float64))
        measured = ~np.isnan(steps)
        spread = steps[measured].std() if measured.any() else 0.0
        if spread == 0.0:
            continue
        # Each series counts alike, whatever its scale.
        centred = np.where(measured, (steps - steps[measured].mean()) / spread, 0.0)
        products += _lagged_products(centred, most)
        pairs += np.round(_lagged_products(measured.astype(np.float64), most))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = products / pairs
        chance = 2.0 / np.sqrt(pairs)
    single, double = correlation[: longest + 2], correlation[::2]
    echo = np.where(np.isnan(double), single, (single + double) / 2.0)
    # `longest + 1` is there to compare the longest lag with a neighbour on either side.
    lags = np.arange(2, longest + 1)
    has_fallen = np.logical_or.accumulate(single[lags] < 0.0)
    is_peak = has_fallen & (echo[lags] > echo[lags - 1]) & (echo[lags] >= echo[lags + 1])
    seasons = lags[is_peak & (echo[lags] > np.maximum(chance[lags], LEAST_AUTOCORRELATION))]
    if not len(seasons):
        return None
    strong = seasons[echo[seasons] >= _NEARLY_THE_STRONGEST * echo[seasons].max()]
    return int(strong[0])


def _lagged_products(values: Floats, longest: int) -> Array:
    """Sums `values[t] * values[t - lag]` over `t`, for each lag up to the longest, `[longest + 1]`."""
    # Padded with zeros, so that nothing wraps around; as a Fourier transform it takes no time for thousands of lags.
    size = 2 ** math.ceil(math.log2(len(values) + longest + 1))
    return np.fft.irfft(np.abs(np.fft.rfft(values, size)) ** 2, size)[: longest + 1]


def naive_errors(chunks: Iterable[Chunk], *, season: int) -> dict[bytes, float]:
    """Returns the mean absolute error of "as a season ago" within the train split, by series.

    Source: Hyndman, R. J. and Koehler, A. B. (2006), Another look at measures
    of forecast accuracy, International Journal of Forecasting 22(4), 679-688.

    Args:
        chunks: Pieces of series, those of one series in the order of time; where they overlap, a step counts once.
        season: Steps of a season.

    Returns:
        Errors in scaled space; NaN for a series without two measured values a season apart.
    """
    totals: dict[bytes, float] = {}
    counts: dict[bytes, int] = {}
    for chunk, first in _new_steps(chunks):
        begin = max(first, season)
        distance = np.abs(chunk.target[begin:].astype(np.float64) - chunk.target[begin - season : -season])
        known = ~np.isnan(distance)
        totals[chunk.series_id] = totals.get(chunk.series_id, 0.0) + float(distance[known].sum())
        counts[chunk.series_id] = counts.get(chunk.series_id, 0) + int(known.sum())
    return {name: total / counts[name] if counts[name] else math.nan for name, total in totals.items()}


def _new_steps(chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, int]]:
    """Yields each chunk with the position of its first step that no chunk of its series held before."""
    last: dict[bytes, int] = {}
    for chunk in chunks:
        seen = last.get(chunk.series_id)
        yield chunk, 0 if seen is None else int(np.searchsorted(chunk.timestamp, seen, side="right"))
        last[chunk.series_id] = int(chunk.timestamp[-1])
