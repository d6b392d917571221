"""The season of the train split, and what MASE divides by."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.schemas.gate_config import GateConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.series.seasons import choose_season, find_season, naive_errors
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


@pytest.mark.parametrize("season", [7, 12, 24, 52])
@pytest.mark.parametrize("trend", [0.0, 0.05])
def test_a_season_is_found_under_noise_and_a_trend(season: int, trend: float) -> None:
    # Noise moves the peak of a long season by a step; what is repeated hardly differs there.
    for noise in (0.02, 0.1):
        found = find_season([chunk(seasonal(season, trend=trend, noise=noise))], longest=120)
        assert found == pytest.approx(season, abs=season // 40)


def test_a_day_is_preferred_to_two_days() -> None:
    day = np.tile([0.0, 3.0, 1.0, 5.0, 2.0, 0.0], 100)
    assert find_season([chunk(day)], longest=40) == 6


def test_a_week_is_preferred_to_a_day_that_echoes_less() -> None:
    rng = np.random.default_rng(0)
    week = np.tile(np.concatenate([np.tile([0.0, 3.0, 1.0, 5.0], 5), rng.normal(size=8)]), 40)
    assert find_season([chunk(week)], longest=40) == 28


@pytest.mark.parametrize("seed", range(5))
def test_a_random_walk_has_no_season(seed: Any) -> None:
    walk = np.cumsum(np.random.default_rng(seed).normal(size=2000))
    assert find_season([chunk(walk)], longest=100) is None


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], np.arange(50.0), np.ones(50), np.full(50, NAN)])
def test_what_does_not_repeat_has_no_season(values: Any) -> None:
    assert find_season([chunk(values)], longest=20) is None


def test_gaps_do_not_hide_a_season() -> None:
    values = seasonal(24, noise=0.02)
    values[np.random.default_rng(1).random(len(values)) < 0.1] = NAN
    assert find_season([chunk(values)], longest=60) == 24


def test_a_large_series_does_not_drown_the_others() -> None:
    rng = np.random.default_rng(0)
    small = [chunk(seasonal(12, noise=0.05, seed=seed), series=b"%d" % seed) for seed in range(3)]
    assert find_season([*small, chunk(1e6 * np.cumsum(rng.normal(size=1500)), series=b"large")], longest=40) == 12


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
