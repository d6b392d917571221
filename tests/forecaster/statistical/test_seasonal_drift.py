import numpy as np

from tapeline.forecaster.statistical.seasonal_drift import seasonal_drift_map, seasonal_mean_map


def test_the_last_season_is_moved_on_by_the_growth_of_a_season() -> None:
    # Means 2 and 5 of two seasons of two steps: 3 a season, 1.5 a step.
    ours = seasonal_drift_map(season=2, context_length=4, horizon=3)
    np.testing.assert_allclose(np.array([1.0, 3.0, 4.0, 6.0]) @ ours, [7.0, 9.0, 10.0])


def test_without_a_season_it_is_the_random_walk_with_drift() -> None:
    ours = seasonal_drift_map(season=1, context_length=4, horizon=2)
    np.testing.assert_allclose(np.array([1.0, 5.0, 2.0, 4.0]) @ ours, [5.0, 6.0])


def test_the_mean_of_seasons_is_taken_at_each_place() -> None:
    ours = seasonal_mean_map(2, season=2, context_length=5, horizon=3)
    np.testing.assert_allclose(np.array([9.0, 1.0, 2.0, 3.0, 4.0]) @ ours, [2.0, 3.0, 2.0])
