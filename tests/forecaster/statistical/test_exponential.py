from typing import Any

import numpy as np
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from tapeline.forecaster.statistical.exponential import Smoothing, first_state, smoothing_maps

SETTINGS = [
    Smoothing(alpha=0.3),
    Smoothing(alpha=0.3, gamma=0.2),
    Smoothing(alpha=0.5, beta=0.1, phi=1.0),
    Smoothing(alpha=0.2, beta=0.05, phi=0.9, gamma=0.4),
]


def monthly(steps: Any) -> Any:
    rng = np.random.default_rng(1)
    times = np.arange(steps)
    return 10.0 + 0.1 * times + 3.0 * np.sin(2 * np.pi * times / 12) + rng.normal(size=steps)


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_map_forecasts_what_statsmodels_does_with_the_same_parameters_and_first_state(setting: Any) -> None:
    values = monthly(60)
    level, trend, *season = first_state(season=12, context_length=60) @ values
    model = ETSModel(
        values,
        error="add",
        trend="add" if setting.phi else None,
        damped_trend=bool(setting.phi),
        seasonal="add",
        seasonal_periods=12,
        initialization_method="known",
        initial_level=level,
        initial_trend=trend if setting.phi else None,
        initial_seasonal=season,
    )
    parameters = {
        "smoothing_level": setting.alpha,
        "smoothing_trend": setting.beta,
        "smoothing_seasonal": setting.gamma,
        "damping_trend": setting.phi,
    }
    numbers = [parameters[name] for name in model.param_names if name in parameters]
    state = [level, *([trend] if setting.phi else []), *reversed(season)]
    theirs = model.smooth([*numbers, *state]).forecast(15)
    (ours,) = smoothing_maps([setting], season=12, context_length=60, horizon=15)
    np.testing.assert_allclose(values @ ours, theirs, rtol=1e-9)


def test_maps_of_many_settings_are_those_of_each_by_itself() -> None:
    sizes = {"season": 4, "context_length": 17, "horizon": 6}
    together = smoothing_maps(SETTINGS, **sizes)
    for setting, ours in zip(SETTINGS, together, strict=True):
        np.testing.assert_allclose(ours, smoothing_maps([setting], **sizes)[0], atol=1e-12)


def test_a_line_with_a_season_is_continued() -> None:
    times = np.arange(40)
    values = 2.0 + 0.5 * times + np.tile([1.0, -1.0, 2.0, -2.0], 10)
    (ours,) = smoothing_maps(
        [Smoothing(alpha=0.4, beta=0.1, phi=1.0, gamma=0.2)], season=4, context_length=32, horizon=8
    )
    np.testing.assert_allclose(values[:32] @ ours, values[32:], atol=1e-9)


@pytest.mark.parametrize("context_length", [1, 5, 12, 30])
def test_what_is_added_to_all_values_is_added_to_the_forecast(context_length: Any) -> None:
    maps = smoothing_maps(SETTINGS, season=12, context_length=context_length, horizon=3)
    np.testing.assert_allclose(maps.sum(axis=1), 1.0, atol=1e-9)


def test_a_parameter_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match=r"alpha: got 1\.5, must be from 0 to 1"):
        Smoothing(alpha=1.5)
