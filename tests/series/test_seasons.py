"""The season of the train split, and what MASE divides by."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.schemas.gate_config import GateConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.series.seasons import choose_season, naive_errors
from tapeline.series.windowing import Chunk

NAN = float("nan")
HOURLY = DataConfig(frequency="H", time="t", target="y")


def chunk(values: Any, *, series: bytes = b"a", start: int = 0) -> Chunk:
    values = np.asarray(values, np.float32)
    empty = np.zeros((len(values), 0), np.float32)
    return Chunk(
        series_id=series,
        timestamp=start + np.arange(len(values)),
        target=values,
        past_covariates=empty,
        future_covariates=empty,
        static_covariates=np.zeros(0, np.float32),
        forecast_offsets=np.zeros(0, np.int64),
    )


def seasonal(season: Any, *, steps: int = 1500, noise: float = 0.1, trend: float = 0.0, seed: int = 0) -> Any:
    time = np.arange(steps)
    rng = np.random.default_rng(seed)
    return np.sin(2 * np.pi * time / season) + trend * time + noise * rng.normal(size=steps)


def choose(season: Any, *, values: Any = (), frequency: str = "H", context_length: int = 100) -> Any:
    return choose_season(
        GateConfig(season=season),
        data=DataConfig(frequency=frequency, time="t", target="y"),
        window=WindowConfig(context_length=context_length),
        chunks=lambda: [chunk(values)],
    )


def test_the_configured_season_wins_over_what_the_data_show() -> None:
    assert choose(5, values=seasonal(12)) == 5


def test_auto_asks_the_data_and_then_the_frequency() -> None:
    assert choose("auto", values=seasonal(12, noise=0.02)) == 12
    assert choose("auto", values=np.arange(100.0)) == 24


def test_a_season_beside_the_calendars_own_is_the_calendars() -> None:
    # A year is 52.18 weeks.
    weekly = seasonal(52.18, steps=1600, noise=0.3)
    assert choose("auto", values=weekly, frequency="W-SAT", context_length=104) == 52


def test_without_a_season_the_frequency_decides() -> None:
    assert choose(None, values=seasonal(12)) == 24
    assert choose(None, frequency="YS") == 1
    assert choose(None, context_length=20) == 1


def test_the_naive_error_is_the_mean_distance_over_a_season() -> None:
    # |3-1| |5-2| |4-3| over 3 pairs; `b` |0-7|.
    chunks = [chunk([1, 2, 3, 5, 4]), chunk([7, 1, 0], series=b"b")]
    assert naive_errors(chunks, season=2) == {b"a": 2.0, b"b": 7.0}


def test_pairs_with_a_missing_value_do_not_count() -> None:
    # Only |4-3|.
    assert naive_errors([chunk([1, NAN, 3, 5, 4, NAN])], season=2) == {b"a": (2 + 1) / 2}


def test_a_series_without_a_pair_has_no_naive_error() -> None:
    errors = naive_errors([chunk([1, 2, 3])], season=3)
    assert list(errors) == [b"a"]
    assert math.isnan(errors[b"a"])


@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.one_of(st.integers(-9, 9).map(float), st.just(NAN)), min_size=8, max_size=40),
    season=st.integers(1, 4),
    step=st.integers(1, 5),
)
def test_overlapping_chunks_count_every_step_once(values: Any, season: int, step: int) -> None:
    # Chunks as Windows cuts them: each begins more than a season before its first new step.
    length = step + 4
    pieces = [chunk(values[begin : begin + length], start=begin) for begin in range(0, max(1, len(values) - 4), step)]
    whole = naive_errors([chunk(values)], season=season)[b"a"]
    assert naive_errors(pieces, season=season)[b"a"] == pytest.approx(whole, nan_ok=True)
