import numpy as np

from tapeline.forecaster.statistical.grids import autoregression_grid, fixed_maps, smoothing_grid


def test_every_map_gives_what_is_added_to_all_values_back() -> None:
    for season, context_length in ((1, 5), (4, 24), (12, 20)):
        for maps in fixed_maps(season=season, context_length=context_length, horizon=3).values():
            assert maps.shape[1:] == (context_length, 3)
            np.testing.assert_allclose(maps.sum(axis=1), 1.0, atol=1e-4)


def test_no_setting_reaches_further_than_the_context() -> None:
    for setting in autoregression_grid(season=12, context_length=15, small=False):
        assert setting.reach(12) < 15


def test_a_coarse_grid_stands_in_where_maps_would_be_large() -> None:
    small = fixed_maps(season=48, context_length=336, horizon=48)["smoothing"]
    assert len(small) < len(smoothing_grid(seasonal=True))
