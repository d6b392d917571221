"""Lines from windows that are weighed by the errors of a first line."""

from typing import Any

import numpy as np
import pytest

from tapeline.forecaster.network.ridge import RidgeKind, fit_ridges
from tapeline.forecaster.network.ridge_statistics import RidgeStatistics, input_scale, solve_ridge
from tapeline.forecaster.network.ridge_weights import usual_error, weighed_sums
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.time_folds import TimeFolds

SHAPE = WindowShape(context_length=4, horizon=2)
KIND = RidgeKind()


def windows(count: int, *, seed: int, wild: float = 0.0) -> dict[str, Any]:
    """Windows of one law; a share of them is far off it, all to one side and where the context is high."""
    rng = np.random.default_rng(seed)
    context = rng.normal(size=(count, 4)).astype(np.float32)
    change = context[:, :2] - context[:, -1:] + 0.1 * rng.normal(size=(count, 2))
    change[(context[:, 0] > 0) & (rng.random(count) < wild)] += 20.0
    return {
        "context": context,
        "forecast_start": np.arange(count, dtype=np.int64),
        "target": (context[:, -1:] + change).astype(np.float32),
    }


def fit(train: Any, evaluation: Any, **options: Any) -> Any:
    batches = [lambda window=window: iter([window]) for window in (train, evaluation)]
    return fit_ridges(*batches, shape=SHAPE, kinds=[KIND], **options)[KIND]


def test_a_window_of_weight_two_counts_like_two_windows() -> None:
    rng = np.random.default_rng(0)
    x, y, weights = rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), np.array([1, 2, 1, 3, 1, 1])
    weighed = RidgeStatistics.of(x, y, weights.astype(np.float64))
    repeated = RidgeStatistics.of(np.repeat(x, weights, axis=0), np.repeat(y, weights, axis=0))
    for name in ("count", "inputs", "outputs", "gram", "cross", "squared_outputs"):
        np.testing.assert_allclose(getattr(weighed, name), getattr(repeated, name), atol=1e-12, err_msg=name)


def test_the_usual_error_is_that_of_the_windows_behind_the_sums() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 2))
    statistics = RidgeStatistics.of(x, y)
    kernel, bias = solve_ridge(statistics, 0.1, scale=input_scale(statistics, 3))
    error = np.sqrt(np.mean((x @ kernel + bias - y) ** 2))
    assert usual_error(statistics, kernel, bias) == pytest.approx(error)


def test_a_target_that_never_changes_has_a_usual_error_to_divide_by() -> None:
    statistics = RidgeStatistics.of(np.ones((5, 3)), np.zeros((5, 2)))
    assert usual_error(statistics, np.zeros((3, 2)), np.zeros(2)) == 1.0


def test_windows_that_nobody_can_foresee_do_not_bend_the_line() -> None:
    calm = windows(200, seed=1)
    without, among_wild = fit(windows(400, seed=0), calm), fit(windows(400, seed=0, wild=0.1), calm)
    statistics = RidgeStatistics.of(*_inputs_and_outputs(windows(400, seed=0, wild=0.1)))
    kernel, bias = solve_ridge(statistics, among_wild.penalty, scale=input_scale(statistics, 4))
    x, y = _inputs_and_outputs(calm)
    by_squares = float(np.abs(x @ kernel + bias - y).mean())
    assert among_wild.eval_mae < 0.5 * by_squares
    assert among_wild.eval_mae < 5 * without.eval_mae


def test_what_is_no_better_on_eval_is_not_weighed() -> None:
    train, evaluation = windows(400, seed=0, wild=0.5), windows(4000, seed=1, wild=0.5)
    evaluation["target"][evaluation["context"][:, 0] > 0] += 10.0
    statistics = RidgeStatistics.of(*_inputs_and_outputs(train))
    found = fit(train, evaluation)
    kernel, _ = solve_ridge(statistics, found.penalty, scale=input_scale(statistics, 4))
    np.testing.assert_allclose(found.kernel, kernel, rtol=1e-4, atol=1e-5)


def test_a_sum_holds_the_windows_of_its_line_and_not_those_of_its_block() -> None:
    train, folds = windows(300, seed=0, wild=0.1), TimeFolds(edges=(100, 200), margin=5)
    flat = np.zeros((4, 2)), np.zeros(2), 1.0
    options: dict[str, Any] = {"shape": SHAPE, "folds": folds, "complete": True}
    sums = weighed_sums(lambda: iter([train]), lines={"all": dict.fromkeys([None, 0, 1, 2], flat)}, **options)["all"]
    x, y = _inputs_and_outputs(train)
    weights = 1.0 / np.maximum(np.abs(y).mean(axis=1), 0.2)
    start = train["forecast_start"]
    left = [(folds.index(start) != fold) & ~folds.near(start)[:, fold] for fold in range(3)]
    for found, rows in zip(sums.values(), [np.ones(300, bool), *left], strict=True):
        np.testing.assert_allclose(found.count, weights[rows].sum(), rtol=1e-6)
        np.testing.assert_allclose(found.inputs, weights[rows] @ x[rows], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(("wild", "passes"), [(0.0, 2), (0.1, 3)])
def test_what_is_left_out_of_weighed_lines_is_read_where_they_are_taken(wild: float, passes: int) -> None:
    train, calm, read = windows(600, seed=0, wild=wild), windows(200, seed=1), []

    def batches() -> Any:
        read.append(1)
        return iter([train])

    folds = TimeFolds(edges=(200, 400), margin=5)
    found = fit_ridges(batches, lambda: iter([calm]), shape=SHAPE, kinds=[KIND], folds=folds)[KIND]
    assert (len(read), found.fold_kernel is None) == (passes, False)


def _inputs_and_outputs(window: Any) -> tuple[Any, Any]:
    last = window["context"][:, -1:]
    return (window["context"] - last).astype(np.float64), (window["target"] - last).astype(np.float64)
