"""The forecasts that a model must beat, and the season that one of them repeats.

    persistence(context, horizon=24)                # the last value, 24 times
    seasonal_naive(context, horizon=24, season=52)  # the values of a year ago
    season_of("H", context_length=168)              # 24

Steps under a day repeat by the day, else by the hour; days by the week;
business days by their five; weeks, months and quarters by the year; years by
the step. The longest of these that lies inside the context counts. The
exported model computes the same baselines in TensorFlow
(`forecaster/serving/signatures.py`), on the very windows it forecasts.
"""

from typing import Any

import numpy as np
import pandas as pd

from tapeline.schemas.stack import spelled

_HOUR = 3_600
_DAY = 24 * _HOUR
_WEEKS_A_YEAR = 52


def persistence(context: np.ndarray, *, horizon: int) -> np.ndarray:
    """Repeats the last value of each context.

    Args:
        context: Gapless values `[B, T]`.
        horizon: Steps to forecast, `H`.

    Returns:
        Forecasts `[B, H]`.
    """
    return np.repeat(context[:, -1:], horizon, axis=1)


def seasonal_naive(context: np.ndarray, *, horizon: int, season: int) -> np.ndarray:
    """Repeats the last season of each context as often as the horizon needs.

    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice,
    3rd edition, section 5.2.

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


def seasonal_positions(*, context_length: int, horizon: int, season: int) -> np.ndarray:
    """Returns the context positions `[H]` that the seasonal naive forecast repeats.

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
