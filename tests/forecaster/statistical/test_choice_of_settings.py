from typing import Any

import numpy as np

from tapeline.forecaster.statistical.choice_of_settings import PICKS, choose_settings


def errors_of(best: Any, windows: Any, settings: Any = 12, seed: Any = 0) -> Any:
    """Settings whose errors grow with the distance from a series' best one, with noise."""
    rng = np.random.default_rng(seed)
    series = np.repeat(np.arange(len(best)), windows)
    distance = np.abs(np.arange(settings)[:, np.newaxis] - np.asarray(best)[series])
    return 1.0 + distance + rng.uniform(0.0, 0.1, (settings, len(series))), series


def test_a_single_series_gets_its_best_few() -> None:
    errors, series = errors_of([4], 10)
    chosen = choose_settings(errors, series, count=1)
    assert chosen.shared
    assert set(chosen.picks[1]) == {2, 3, 4, 5, 6}
    assert len(chosen.picks[1]) == PICKS


def test_series_that_differ_get_settings_of_their_own() -> None:
    errors, series = errors_of([1, 10, 1, 10], 20)
    chosen = choose_settings(errors, series, count=4)
    assert not chosen.shared
    assert chosen.picks[1, 0] == 1
    assert chosen.picks[2, 0] == 10


def test_series_that_differ_by_luck_share_settings() -> None:
    rng = np.random.default_rng(5)
    series = np.repeat(np.arange(30), 4)
    quality = np.linspace(0.0, 1.0, 40)[:, np.newaxis]
    errors = 1.0 + quality + rng.exponential(1.0, (40, len(series)))
    chosen = choose_settings(errors, series, count=30)
    own = np.array([np.argmin(errors[:, series == one].mean(axis=1)) for one in range(30)])
    # The first settings are the best ones; luck picks worse.
    assert chosen.shared
    assert chosen.picks[1:].mean() < own.mean()


def test_a_series_without_windows_gets_what_all_get() -> None:
    errors, series = errors_of([1, 10], 20)
    chosen = choose_settings(errors, series, count=3)
    assert set(chosen.picks[3]) == set(chosen.picks[0])


def test_where_maps_must_be_shared_so_are_settings() -> None:
    errors, series = errors_of([1, 10, 1, 10], 20)
    assert choose_settings(errors, series, count=4, per_series=False).shared
