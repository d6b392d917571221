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
from tapeline.series.season_finder import calendars_own, find_season
from tapeline.series.windowing import Chunk

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
    return _whole_cycles(offset, (_DAY, _HOUR) if _seconds(offset) < _DAY else (7 * _DAY,))


def week_of(frequency: str) -> int | None:
    """Returns the steps of a week, where steps are shorter than a day and a week is a whole number of them.

    >>> week_of("h"), week_of("D")
    (168, None)
    """
    offset: Any = pd.tseries.frequencies.to_offset(spelled(frequency))
    if not isinstance(offset, pd.offsets.Tick) or _seconds(offset) >= _DAY:
        return None
    return next(iter(_whole_cycles(offset, (7 * _DAY,))), None)


def _seconds(offset: Any) -> int:
    return int(offset.nanos) // 1_000_000_000


def _whole_cycles(offset: Any, cycles: tuple[int, ...]) -> tuple[int, ...]:
    """The cycles, in seconds, that are several steps, in steps."""
    step = _seconds(offset)
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
    found = None
    if gate.season == "auto":
        found = find_season((chunk.target for chunk in chunks()), longest=window.context_length)
    if found is not None:
        known = (season for season in natural_seasons(data.frequency) if season <= window.context_length)
        return calendars_own(found, known)
    return season_of(data.frequency, context_length=window.context_length) or 1


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
