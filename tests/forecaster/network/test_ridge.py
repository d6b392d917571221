"""The linear highway and its closed form."""

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.forecaster.network.highway import LinearHighway, highway_inputs, highway_size, more_size, widest_reads
from tapeline.forecaster.network.ridge import RidgeKind, fit_ridges
from tapeline.forecaster.network.ridge_fit import RidgeFit
from tapeline.forecaster.network.ridge_statistics import RidgeStatistics, input_scale, relative_target, solve_ridge
from tapeline.schemas.errors import DataError
from tapeline.schemas.window_spec import WindowShape

NAN = np.nan


def fit_ridge(train: Any, evaluation: Any, **options: Any) -> RidgeFit:
    """The map that reads all, for all series."""
    return fit_ridges(train, evaluation, kinds=[RidgeKind()], **options)[RidgeKind()]


def windows(count: Any, shape: Any, *, seed: int = 0, noise: float = 0.0, kernel: Any = None) -> tuple[Any, Any]:
    """Windows whose target is linear in what the highway reads, on a level of its own each."""
    rng = np.random.default_rng(seed)
    level = rng.normal(scale=10.0, size=(count, 1))
    window = {
        "context": (rng.normal(size=(count, shape.context_length)) + level).astype(np.float32),
        "future_covariates": rng.normal(size=(count, shape.context_length + shape.horizon, shape.future)).astype(
            np.float32
        ),
        "static_covariates": rng.normal(size=(count, shape.static)).astype(np.float32),
    }
    if kernel is None:
        kernel = np.random.default_rng(99).normal(size=(highway_size(shape), shape.horizon))
    change = highway_inputs(window, shape).numpy() @ kernel + 0.5
    window["target"] = (window["context"][:, -1:] + change + noise * rng.normal(size=change.shape)).astype(np.float32)
    return window, kernel


def passes(*batches: Any) -> Any:
    return lambda: iter(batches)


SHAPE = WindowShape(context_length=4, horizon=3, future=2, static=1)


def test_the_highway_reads_differences_the_known_future_and_the_series() -> None:
    window = {
        "context": np.array([[5.0, 7.0, 6.0]], np.float32),
        "future_covariates": np.array([[[1.0], [2.0], [3.0], [4.0], [5.0]]], np.float32),
        "static_covariates": np.array([[9.0]], np.float32),
    }
    shape = WindowShape(context_length=3, horizon=2, future=1, static=1)
    known = [-1.0, 1.0, 0.0, 4.0, 5.0, 9.0]
    np.testing.assert_array_equal(highway_inputs(window, shape, "context"), [known[:3]])
    np.testing.assert_array_equal(highway_inputs(window, shape, "known"), [known])
    # The widest one reads the amounts at the lags too, then the squares of all of them.
    shape = dataclasses.replace(shape, lags=(2, 3))
    lagged = [2.0, 3.0, 1.0, 2.0]
    squares = [value**2 for value in (4.0, 5.0, *lagged)]
    np.testing.assert_array_equal(highway_inputs(window, shape), [known + lagged + squares])


def test_the_widest_map_reads_further_waves_and_those_of_weekends() -> None:
    calendar = ("hour_of_day", "weekend")
    shape = WindowShape(context_length=2, horizon=3, future=3, calendar=calendar)
    angle = 2 * np.pi * np.arange(5) / 24
    weekend = np.array([0, 0, 0, 1, 1])
    known = np.stack([np.sin(angle), np.cos(angle), weekend], axis=1)[np.newaxis].astype(np.float32)
    window = {"context": np.zeros((1, 2), np.float32), "future_covariates": known}
    more = highway_inputs(window, shape).numpy()[0, highway_size(shape, "known") :]
    first = [wave(n * angle[2]) for n in range(2, 7) for wave in (np.sin, np.cos)]
    weekends = [weekend[at] * wave(n * angle[at]) for at in (2, 3, 4) for n in range(1, 5) for wave in (np.sin, np.cos)]
    np.testing.assert_allclose(more, first + weekends, atol=1e-6)


def test_a_part_that_would_be_too_much_is_left_out() -> None:
    shape = WindowShape(context_length=48, horizon=24, future=10, lags=(24, 48))
    assert more_size(shape) == 1_200
    assert more_size(dataclasses.replace(shape, future=20)) == 0
    calendar = dataclasses.replace(shape, future=22, calendar=("hour_of_day",))
    assert more_size(calendar) == 10
    assert highway_size(calendar) == 48 + 24 * 22 + 10


def test_where_there_is_nothing_more_to_read_the_widest_map_is_meant() -> None:
    weekend_alone = WindowShape(context_length=4, horizon=3, future=1, calendar=("weekend",), lags=(2,))
    assert widest_reads("known", weekend_alone) == "all"
    assert widest_reads("context", weekend_alone) == "context"
    assert widest_reads("context", WindowShape(context_length=4, horizon=3)) == "all"
    assert widest_reads("known", SHAPE) == "known"


def test_an_unfitted_highway_is_persistence() -> None:
    window, _ = windows(5, SHAPE)
    np.testing.assert_array_equal(LinearHighway(SHAPE)(window), np.zeros((5, 3)))


def test_a_frozen_highway_has_nothing_to_train() -> None:
    assert not LinearHighway(SHAPE, trainable=False).trainable_variables


def test_a_linear_series_is_forecast_exactly() -> None:
    train, kernel = windows(400, SHAPE)
    evaluation, _ = windows(50, SHAPE, seed=1, kernel=kernel)
    fit = fit_ridge(passes(train), passes(evaluation), shape=SHAPE)
    highway = LinearHighway(SHAPE)
    highway.kernel.assign(fit.kernel)
    highway.bias.assign(fit.bias)
    forecast = evaluation["context"][:, -1:] + highway(evaluation).numpy()
    np.testing.assert_allclose(forecast, evaluation["target"], atol=1e-3)
    assert fit.penalty == pytest.approx(1e-6)
    assert fit.eval_mae < 1e-3


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(1, 59), max_size=4, unique=True))
def test_batches_do_not_change_the_fit(cuts: Any) -> None:
    train, kernel = windows(60, SHAPE, noise=0.3)
    evaluation, _ = windows(20, SHAPE, seed=1, noise=0.3, kernel=kernel)
    edges = [0, *sorted(cuts), 60]
    parts = [{name: rows[low:high] for name, rows in train.items()} for low, high in itertools.pairwise(edges)]
    whole, split = (fit_ridge(passes(*batches), passes(evaluation), shape=SHAPE) for batches in ([train], parts))
    np.testing.assert_allclose(whole.kernel, split.kernel, rtol=1e-5, atol=1e-6)
    assert whole.spread == pytest.approx(split.spread)


def test_the_solution_has_the_least_penalised_squared_error() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 4)), rng.normal(size=(30, 2))
    statistics = RidgeStatistics.of(x, y)
    scale = np.array([1.0, 2.0, 0.5, 1.0])
    kernel, bias = solve_ridge(statistics, 0.1, scale=scale)

    def cost(kernel: Any, bias: Any) -> Any:
        return ((x @ kernel + bias - y) ** 2).sum() / 30 + 0.1 * ((kernel * scale[:, None]) ** 2).sum()

    least = cost(kernel, bias)
    for _ in range(50):
        assert cost(kernel + 0.01 * rng.normal(size=kernel.shape), bias + 0.01 * rng.normal(size=2)) > least


def test_the_penalty_is_the_one_best_on_the_eval_windows() -> None:
    train, kernel = windows(30, SHAPE, noise=3.0)
    evaluation, _ = windows(200, SHAPE, seed=1, noise=3.0, kernel=kernel)
    fits = [fit_ridge(passes(train), passes(evaluation), shape=SHAPE, penalties=[p]) for p in (1e-4, 1e-1, 1e2)]
    chosen = fit_ridge(passes(train), passes(evaluation), shape=SHAPE, penalties=[1e-4, 1e-1, 1e2])
    assert chosen.eval_mae == pytest.approx(min(fit.eval_mae for fit in fits))
    assert chosen.penalty == min(fits, key=lambda fit: fit.eval_mae).penalty


def test_context_steps_share_a_unit_and_covariates_have_their_own() -> None:
    statistics = RidgeStatistics.of(
        np.array([[0.0, 3.0, 5.0], [0.0, -1.0, 5.0], [0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]), np.zeros((4, 1))
    )
    # variances 0, 2 and 2.25: the two context steps share sqrt((0 + 2) / 2)
    np.testing.assert_allclose(input_scale(statistics, 2), [1.0, 1.0, 1.5])


def test_an_input_that_never_varies_is_given_no_weight() -> None:
    train, _ = windows(50, SHAPE, noise=0.1)
    train["static_covariates"][:] = 3.0
    fit = fit_ridge(passes(train), passes(train), shape=SHAPE)
    np.testing.assert_allclose(fit.kernel[SHAPE.context_length + SHAPE.horizon * SHAPE.future], 0.0, atol=1e-6)


def test_unobserved_targets_are_bridged_for_the_closed_form() -> None:
    window = {
        "context": np.array([[8.0, 10.0]] * 4, np.float32),
        "target": np.array([[NAN, 14.0, NAN], [11.0, NAN, 17.0], [NAN] * 3, [10.0, 11.0, 12.0]], np.float32),
    }
    relative, complete = relative_target(window)
    # relative to 10; before the horizon stands the last context value, 0
    np.testing.assert_allclose(relative, [[2.0, 4.0, 4.0], [1.0, 4.0, 7.0], [0.0, 0.0, 0.0], [0.0, 1.0, 2.0]])
    np.testing.assert_array_equal(complete, [False, False, False, True])


def test_bridging_leaves_the_windows_as_they_were() -> None:
    window = {"context": np.array([[0.0]], np.float32), "target": np.array([[NAN, 1.0]], np.float32)}
    relative_target(window)
    assert np.isnan(window["target"][0, 0])


def test_windows_with_gaps_are_left_out_as_long_as_half_remain() -> None:
    train, kernel = windows(300, SHAPE)
    evaluation, _ = windows(50, SHAPE, seed=1, kernel=kernel)
    spoiled = {name: values.copy() for name, values in train.items()}
    # What a straight line puts into these gaps is far from what is linear in the inputs.
    spoiled["target"][:100, 1] = NAN
    assert fit_ridge(passes(spoiled), passes(evaluation), shape=SHAPE).eval_mae < 1e-3


def test_windows_with_gaps_are_used_where_they_are_the_rule() -> None:
    train, kernel = windows(300, SHAPE)
    evaluation, _ = windows(50, SHAPE, seed=1, kernel=kernel)
    train["target"][:, 1] = NAN
    fit = fit_ridge(passes(train), passes(evaluation), shape=SHAPE)
    highway = LinearHighway(SHAPE)
    highway.kernel.assign(fit.kernel)
    highway.bias.assign(fit.bias)
    forecast = evaluation["context"][:, -1:] + highway(evaluation).numpy()
    # the observed steps are as exact as ever
    np.testing.assert_allclose(forecast[:, [0, 2]], evaluation["target"][:, [0, 2]], atol=1e-3)


def test_covariates_that_say_nothing_are_penalised_harder() -> None:
    rng = np.random.default_rng(3)
    shape = WindowShape(context_length=4, horizon=3, future=10)
    kernel = np.zeros((highway_size(shape), 3))
    kernel[:4] = rng.normal(size=(4, 3))
    train, _ = windows(60, shape, noise=0.5, kernel=kernel)
    evaluation, _ = windows(500, shape, seed=1, noise=0.5, kernel=kernel)
    fit = fit_ridge(passes(train), passes(evaluation), shape=shape)
    assert fit.covariate_factor >= 100.0
    alike = fit_ridge(passes(train), passes(evaluation), shape=shape, covariate_factors=[1.0])
    assert fit.eval_mae < alike.eval_mae


def test_unobserved_eval_targets_do_not_count() -> None:
    train, kernel = windows(400, SHAPE)
    evaluation, _ = windows(50, SHAPE, seed=1, kernel=kernel)
    evaluation["target"][3, 1] = NAN
    fit = fit_ridge(passes(train), passes(evaluation), shape=SHAPE)
    assert fit.eval_mae < 1e-3


def test_spread_is_the_usual_distance_of_the_future_from_the_last_value() -> None:
    shape = WindowShape(context_length=2, horizon=2)
    window = {
        "context": np.array([[0.0, 1.0], [0.0, 5.0]], np.float32),
        "target": np.array([[4.0, 5.0], [5.0, 0.0]], np.float32),
    }
    fit = fit_ridge(passes(window), passes(window), shape=shape)
    # distances 3, 4, 0, -5: root of (9 + 16 + 0 + 25) / 4
    assert fit.spread == pytest.approx(np.sqrt(12.5))


def test_no_train_windows_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(DataError, match=r"train: holds no windows\. Shorten window\.context_length"):
        fit_ridge(passes(), passes(), shape=SHAPE)
