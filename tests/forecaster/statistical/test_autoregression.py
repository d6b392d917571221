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


@pytest.mark.parametrize("mean", ["context", "none"])
def test_without_a_penalty_the_coefficients_are_those_of_statsmodels(mean: Any) -> None:
    setting = Autoregression(order=2, seasons=1, penalty=0.0, mean=mean)
    theirs = AutoReg(monthly(120), lags=[1, 2, 11, 12, 13], trend="n" if mean == "none" else "c").fit()
    numbers = theirs.params if mean == "none" else theirs.params[1:]
    np.testing.assert_allclose(solve(monthly(120), setting, 12)[0], numbers, rtol=1e-6)


def test_forecasts_that_return_to_the_mean_of_train_are_those_of_statsmodels() -> None:
    values, setting = monthly(120), Autoregression(order=2, seasons=1, mean="train")
    sums = lag_sums([values], setting, season=12)
    coefficients, _ = sums.solve(setting, season=12)
    mean = values[13:].mean()
    maps = autoregression_maps(coefficients, setting, season=12, context_length=30, horizon=40, means=sums.means())
    intercept = mean * (1.0 - coefficients.sum())
    model = AutoReg(values, lags=[1, 2, 11, 12, 13], trend="c")
    theirs = model.predict(np.append(intercept, coefficients[0]), start=120, end=159)
    np.testing.assert_allclose(values[-30:] @ maps.matrices[0] + maps.constants[0], theirs, rtol=1e-9)


def test_a_series_without_a_mean_of_its_own_returns_to_the_mean_of_its_context() -> None:
    settings = [Autoregression(order=2, mean=mean) for mean in ("context", "train")]
    sizes = {"season": 1, "context_length": 9, "horizon": 4}
    of_context, of_train = (
        autoregression_maps(np.array([[0.5, 0.2]]), setting, means=means, **sizes)
        for setting, means in zip(settings, (None, np.array([np.nan])), strict=True)
    )
    np.testing.assert_allclose(of_train.matrices, of_context.matrices)
    assert not of_train.constants.any()


def test_a_series_that_was_not_measured_has_no_mean() -> None:
    sums = lag_sums([monthly(20), np.full(20, np.nan)], Autoregression(order=1), season=1)
    assert np.isnan(sums.means()).tolist() == [False, True]


@pytest.mark.parametrize(
    "setting",
    [
        Autoregression(order=3),
        Autoregression(order=1, differences=1),
        Autoregression(order=2, seasons=1, differences=1, mean="none"),
        Autoregression(order=2, seasonal_differences=1, mean="none"),
        Autoregression(order=1, seasons=1, differences=1, seasonal_differences=1),
    ],
)
def test_a_map_feeds_each_forecast_back(setting: Any) -> None:
    values, season, length = monthly(60), 12, 40
    (coefficients,) = solve(values, setting, season)
    changes = values[:length]
    for reach in [1] * setting.differences + [season] * setting.seasonal_differences:
        changes = changes[reach:] - changes[:-reach]
    mean = 0.0 if setting.mean == "none" else changes.mean()
    polynomial = setting.differencing(season)
    known = list(values[:length])
    changed = list(changes)
    for _ in range(20):
        lagged = np.array([changed[-lag] for lag in setting.lags(season)])
        changed.append(mean + (lagged - mean) @ coefficients)
        known.append(changed[-1] - sum(polynomial[ago] * known[-ago] for ago in range(1, len(polynomial))))
    ours = autoregression_maps(coefficients[np.newaxis], setting, season=season, context_length=length, horizon=20)
    np.testing.assert_allclose(values[:length] @ ours.matrices[0], known[length:], rtol=1e-9)


def test_what_is_added_to_all_values_is_added_to_the_forecast() -> None:
    for setting in (Autoregression(order=2), Autoregression(order=2, differences=1, mean="none")):
        maps = autoregression_maps(np.array([[0.5, 0.2]]), setting, season=1, context_length=9, horizon=4)
        np.testing.assert_allclose(maps.matrices.sum(axis=1), 1.0, atol=1e-9)


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
