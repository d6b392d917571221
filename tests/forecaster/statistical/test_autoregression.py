from typing import Any

import numpy as np
import pytest
from statsmodels.tsa.ar_model import AutoReg

from tapeline.forecaster.statistical.autoregression import Autoregression, autoregression_maps, lag_sums
from tests.forecaster.statistical.test_exponential import monthly


def solve(values: Any, setting: Any, season: Any) -> Any:
    coefficients, enough = lag_sums([values], setting, season=season).solve(setting, season=season)
    assert enough.all()
    return coefficients


@pytest.mark.parametrize("centred", [True, False])
def test_without_a_penalty_the_coefficients_are_those_of_statsmodels(centred: Any) -> None:
    setting = Autoregression(order=2, seasons=1, penalty=0.0, centred=centred)
    theirs = AutoReg(monthly(120), lags=[1, 2, 11, 12, 13], trend="c" if centred else "n").fit()
    numbers = theirs.params[1:] if centred else theirs.params
    np.testing.assert_allclose(solve(monthly(120), setting, 12)[0], numbers, rtol=1e-6)


@pytest.mark.parametrize(
    "setting",
    [
        Autoregression(order=3),
        Autoregression(order=1, differences=1),
        Autoregression(order=2, seasons=1, differences=1, centred=False),
        Autoregression(order=2, seasonal_differences=1, centred=False),
        Autoregression(order=1, seasons=1, differences=1, seasonal_differences=1),
    ],
)
def test_a_map_feeds_each_forecast_back(setting: Any) -> None:
    values, season, length = monthly(60), 12, 40
    (coefficients,) = solve(values, setting, season)
    changes = values[:length]
    for reach in [1] * setting.differences + [season] * setting.seasonal_differences:
        changes = changes[reach:] - changes[:-reach]
    mean = changes.mean() if setting.centred else 0.0
    polynomial = setting.differencing(season)
    known = list(values[:length])
    changed = list(changes)
    for _ in range(20):
        lagged = np.array([changed[-lag] for lag in setting.lags(season)])
        changed.append(mean + (lagged - mean) @ coefficients)
        known.append(changed[-1] - sum(polynomial[ago] * known[-ago] for ago in range(1, len(polynomial))))
    (ours,) = autoregression_maps(coefficients[np.newaxis], setting, season=season, context_length=length, horizon=20)
    np.testing.assert_allclose(values[:length] @ ours, known[length:], rtol=1e-9)


def test_what_is_added_to_all_values_is_added_to_the_forecast() -> None:
    for setting in (Autoregression(order=2), Autoregression(order=2, differences=1, centred=False)):
        maps = autoregression_maps(np.array([[0.5, 0.2]]), setting, season=1, context_length=9, horizon=4)
        np.testing.assert_allclose(maps.sum(axis=1), 1.0, atol=1e-9)


def test_sums_of_pieces_add_up_to_those_of_the_whole() -> None:
    setting = Autoregression(order=2, seasons=1, differences=1)
    whole = lag_sums([monthly(90)], setting, season=12)
    pieces = lag_sums([monthly(90)[:50]], setting, season=12) + lag_sums([monthly(90)], setting, season=12, begin=[50])
    np.testing.assert_allclose(whole.gram, pieces.gram, atol=1e-8)


def test_steps_beside_a_missing_value_are_left_out() -> None:
    values = np.arange(10.0)
    values[5] = np.nan
    # Of nine pairs of neighbours, two hold the missing value.
    assert lag_sums([values], Autoregression(order=1), season=1).gram[0, 0, 0] == 7.0


def test_series_of_any_size_count_alike_together() -> None:
    small, large = monthly(100), 1e6 * monthly(101)[1:]
    setting = Autoregression(order=2)
    one, other = (lag_sums([values], setting, season=1).together().gram for values in (small, large))
    np.testing.assert_allclose(lag_sums([small, large], setting, season=1).together().gram, one + other, rtol=1e-6)


def test_too_few_steps_give_no_coefficients() -> None:
    setting = Autoregression(order=3)
    coefficients, enough = lag_sums([monthly(8)], setting, season=1).solve(setting, season=1)
    assert not enough[0]
    assert not coefficients.any()
