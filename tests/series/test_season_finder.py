"""The seasons that a series shows."""

from typing import Any

import numpy as np
import pytest

from tapeline.series.season_finder import autocorrelation, chance, find_season, find_seasons

NAN = float("nan")


def seasonal(season: Any, *, steps: int = 1500, noise: float = 0.1, trend: float = 0.0, seed: int = 0) -> Any:
    time = np.arange(steps)
    rng = np.random.default_rng(seed)
    return np.sin(2 * np.pi * time / season) + trend * time + noise * rng.normal(size=steps)


@pytest.mark.parametrize("season", [7, 12, 24, 52])
@pytest.mark.parametrize("trend", [0.0, 0.05])
def test_a_season_is_found_under_noise_and_a_trend(season: int, trend: float) -> None:
    # Noise moves the peak of a long season by a step; what is repeated hardly differs there.
    for noise in (0.02, 0.1):
        found = find_season([seasonal(season, trend=trend, noise=noise)], longest=120)
        assert found == pytest.approx(season, abs=season // 40)


def test_a_day_is_preferred_to_two_days() -> None:
    day = np.tile([0.0, 3.0, 1.0, 5.0, 2.0, 0.0], 100)
    assert find_season([day], longest=40) == 6


def test_a_week_is_preferred_to_a_day_that_echoes_less() -> None:
    rng = np.random.default_rng(0)
    week = np.tile(np.concatenate([np.tile([0.0, 3.0, 1.0, 5.0], 5), rng.normal(size=8)]), 40)
    assert find_season([week], longest=40) == 28


@pytest.mark.parametrize("seed", range(5))
def test_a_random_walk_has_no_season(seed: Any) -> None:
    walk = np.cumsum(np.random.default_rng(seed).normal(size=2000))
    assert find_season([walk], longest=100) is None


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], np.arange(50.0), np.ones(50), np.full(50, NAN)])
def test_what_does_not_repeat_has_no_season(values: Any) -> None:
    assert find_season([values], longest=20) is None


def test_gaps_do_not_hide_a_season() -> None:
    values = seasonal(24, noise=0.02)
    values[np.random.default_rng(1).random(len(values)) < 0.1] = NAN
    assert find_season([values], longest=60) == 24


@pytest.mark.parametrize("wrong", [30.0, -30.0, 1e6])
def test_one_value_far_away_does_not_hide_a_season(wrong: float) -> None:
    week = 20.0 + seasonal(7, steps=300)
    week[120] *= wrong
    assert find_season([week], longest=60) == 7
    assert find_seasons([week], longest=60, known=(7,)) == (7,)


def test_a_day_of_which_most_hours_rest_is_a_season() -> None:
    sun = np.tile(np.concatenate([np.zeros(16), [0.1, 3.0, 8.0, 50.0, 50.0, 8.0, 3.0, 0.1]]), 40)
    assert find_season([sun * np.random.default_rng(0).uniform(0.5, 1.0, len(sun))], longest=60) == 24


def test_a_large_series_does_not_drown_the_others() -> None:
    rng = np.random.default_rng(0)
    small = [seasonal(12, noise=0.05, seed=seed) for seed in range(3)]
    assert find_season([*small, 1e6 * np.cumsum(rng.normal(size=1500))], longest=40) == 12


def test_weeks_echo_more_than_days_in_demand_and_both_are_seasons() -> None:
    day, week = np.tile([0.0, 3.0, 1.0, 5.0, 2.0, 0.0], 7), np.repeat([5.0, 5, 5, 5, 5, 0, 0], 6)
    demand = np.tile(day * week, 40) + np.random.default_rng(0).normal(scale=0.5, size=42 * 40)
    assert find_seasons([demand], longest=100, known=(6, 42)) == (6, 42)


def test_a_week_is_no_season_where_each_day_is_like_the_others() -> None:
    assert find_seasons([seasonal(24, steps=4000)], longest=400, known=(24, 168)) == (24,)


def test_two_weeks_that_echo_like_one_are_weeks() -> None:
    values = np.tile([0.0, 1.0, 0.0, 2.0, 1.0, 5.0, 6.0], 40)
    # A little more every fourth week.
    values = values + np.tile([4.0] + [0.0] * 27, 10)
    assert find_season([values], longest=60) == 14
    assert find_seasons([values], longest=60, known=(7,)) == (7,)


def test_without_an_echo_there_are_no_seasons() -> None:
    walk = np.cumsum(np.random.default_rng(0).normal(size=2000))
    assert find_seasons([walk], longest=400, known=(24, 168)) == ()


def test_autocorrelation_is_that_of_the_steps_and_counts_its_pairs() -> None:
    values = np.sin(2 * np.pi * np.arange(241) / 12) + 0.5 * np.arange(241)
    echo, pairs = autocorrelation([values, 1000.0 * values], longest=24)
    assert (echo[0], echo[12], echo[6]) == pytest.approx((1.0, 1.0, -1.0), abs=0.01)
    assert pairs[[0, 24]].tolist() == [480, 432]
    assert chance(pairs)[0] == pytest.approx(2 / np.sqrt(480))
