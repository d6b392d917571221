from typing import Any

import numpy as np
import pytest
from statsmodels.tsa.forecasting.theta import ThetaModel

from tapeline.forecaster.statistical.theta import seasonal_profile, theta_maps
from tests.forecaster.statistical.test_exponential import monthly


@pytest.mark.parametrize("season", [1, 5, 12])
def test_a_map_forecasts_what_statsmodels_does_with_the_same_alpha(season: Any) -> None:
    values = monthly(60)
    model = ThetaModel(values, period=season, deseasonalize=season > 1, use_test=False, method="additive").fit()
    (ours,) = theta_maps([(model.params["alpha"], 0.5)], season=season, context_length=60, horizon=15)
    np.testing.assert_allclose(values @ ours, model.forecast(15), rtol=1e-6)


def test_a_line_is_followed_at_half_its_slope() -> None:
    # With alpha 1 the level is the last value, 9; half of slope 1 for each of 3 steps.
    (ours,) = theta_maps([(1.0, 0.5)], season=1, context_length=10, horizon=3)
    np.testing.assert_allclose(np.arange(10.0) @ ours, [9.5, 10.0, 10.5])


def test_a_season_that_does_not_fit_twice_is_left_out() -> None:
    assert not seasonal_profile(season=12, context_length=23).any()
