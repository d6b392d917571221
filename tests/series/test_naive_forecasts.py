"""The naive baselines and the season by frequency."""

import numpy as np
import pytest

from tapeline.series.seasons import persistence, season_of, seasonal_naive


def test_persistence_repeats_the_last_value() -> None:
    context = np.array([[1.0, 2.0, 3.0], [6.0, 5.0, 4.0]])
    np.testing.assert_array_equal(persistence(context, horizon=2), [[3.0, 3.0], [4.0, 4.0]])


def test_seasonal_naive_repeats_the_last_season_as_often_as_needed() -> None:
    # The last season of 3 is 3, 4, 5; 7 steps need it twice and its first value once more.
    context = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])
    forecast = seasonal_naive(context, horizon=7, season=3)
    np.testing.assert_array_equal(forecast, [[3.0, 4.0, 5.0, 3.0, 4.0, 5.0, 3.0]])


def test_a_season_of_one_step_is_persistence() -> None:
    context = np.arange(12.0).reshape(2, 6)
    np.testing.assert_array_equal(seasonal_naive(context, horizon=4, season=1), persistence(context, horizon=4))


@pytest.mark.parametrize("season", [0, 6])
def test_a_season_outside_the_context_is_refused(season: int) -> None:
    with pytest.raises(ValueError, match=rf"season: got {season}, must lie inside the context of 5 steps"):
        seasonal_naive(np.zeros((1, 5)), horizon=2, season=season)


@pytest.mark.parametrize(
    ("frequency", "season"),
    [
        ("T", 1440),
        ("15min", 96),
        ("30min", 48),
        ("H", 24),
        ("6H", 4),
        ("D", 7),
        ("B", 5),
        ("W-SAT", 52),
        ("2W", 26),
        ("MS", 12),
        ("M", 12),
        ("QS", 4),
        ("A", 1),
    ],
)
def test_each_frequency_has_its_own_season(frequency: str, season: int) -> None:
    assert season_of(frequency, context_length=2_000) == season


def test_the_longest_season_that_fits_the_context_counts() -> None:
    assert season_of("T", context_length=1_439) == 60
    assert season_of("W", context_length=52) == 52


@pytest.mark.parametrize(("frequency", "context_length"), [("H", 23), ("W", 51), ("7H", 500), ("2D", 100)])
def test_there_may_be_no_season(frequency: str, context_length: int) -> None:
    assert season_of(frequency, context_length=context_length) is None
