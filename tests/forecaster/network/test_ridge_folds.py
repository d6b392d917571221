"""Ridges of several kinds from one pass, and crossed ones, against fits of the windows that are meant."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.network import ridge_solver
from tapeline.forecaster.network.highway import LinearHighway, apply_maps
from tapeline.forecaster.network.ridge import RidgeKind, fit_ridges
from tapeline.forecaster.network.ridge_fit import RidgeFit
from tapeline.schemas.training_config import ViewConfig
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.time_folds import TimeFolds

SHAPE = WindowShape(context_length=4, horizon=2, future=1, static=1, series=2)
KINDS = tuple(RidgeKind(reads, own) for reads in ("context", "all") for own in (False, True))
FOLDS = TimeFolds(edges=(100, 200), margin=5)


def windows(count: int, *, seed: int = 0) -> dict[str, Any]:
    """Two series with a law of their own each, and a third that has no index; one window each second."""
    rng = np.random.default_rng(seed)
    series = rng.integers(-1, 2, count).astype(np.int32)
    context = rng.normal(size=(count, 4)).astype(np.float32)
    change = 0.8 * (series[:, None] + 1.5) * (context[:, :2] - context[:, -1:]) + 0.1 * rng.normal(size=(count, 2))
    return {
        "context": context,
        "future_covariates": rng.normal(size=(count, 6, 1)).astype(np.float32),
        "static_covariates": rng.normal(size=(count, 1)).astype(np.float32),
        "series_index": series,
        "forecast_start": np.arange(count, dtype=np.int64),
        "target": (context[:, -1:] + change).astype(np.float32),
    }


def rows(window: Any, mask: Any) -> dict[str, Any]:
    return {name: values[mask] for name, values in window.items()}


def fit(train: Any, evaluation: Any, kinds: Any = KINDS, **options: Any) -> Any:
    return fit_ridges(lambda: iter([train]), lambda: iter([evaluation]), shape=SHAPE, kinds=kinds, **options)


@pytest.fixture(scope="module")
def data() -> tuple[Any, Any]:
    return windows(300), windows(120, seed=1)


@pytest.fixture(scope="module")
def fits(data: tuple[Any, Any]) -> Any:
    return fit(*data, folds=FOLDS)


def test_one_pass_gives_what_a_pass_for_each_kind_gives(data: tuple[Any, Any], fits: Any) -> None:
    for kind in KINDS:
        alone = fit(*data, kinds=[kind], folds=FOLDS)[kind]
        for name in ("kernel", "bias", "series_kernel", "fold_kernel", "fold_bias"):
            one, other = getattr(alone, name), getattr(fits[kind], name)
            assert (one is None) == (other is None)
            if one is not None:
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5, err_msg=f"{kind} {name}")
        assert alone.eval_mae == pytest.approx(fits[kind].eval_mae, rel=1e-6)


def test_what_the_context_alone_is_read_of_knows_no_covariates(data: tuple[Any, Any], fits: Any) -> None:
    narrow = WindowShape(context_length=4, horizon=2)
    alone = fit_ridges(lambda: iter([data[0]]), lambda: iter([data[1]]), shape=narrow, kinds=[RidgeKind()])[RidgeKind()]
    np.testing.assert_allclose(fits[RidgeKind("context")].kernel, alone.kernel, rtol=1e-4, atol=1e-6)


def test_a_series_has_the_map_of_its_own_windows(data: tuple[Any, Any], fits: Any) -> None:
    kind = RidgeKind("context", per_series=True)
    for series in (0, 1):
        train, evaluation = (rows(each, each["series_index"] == series) for each in data)
        alone = fit(train, evaluation, kinds=[RidgeKind("context")])[RidgeKind("context")]
        np.testing.assert_allclose(fits[kind].series_kernel[series], alone.kernel, rtol=1e-4, atol=1e-6)
    # The series without an index keeps its large error.
    assert fits[kind].eval_mae < 0.7 * fits[RidgeKind("context")].eval_mae


@pytest.mark.parametrize("least_gain", [1.0, -np.inf], ids=["plain", "weighed"])
def test_a_fold_is_the_fit_without_its_block_and_what_is_near(
    data: tuple[Any, Any], least_gain: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whether windows are weighed is chosen once, as is the penalty.
    monkeypatch.setattr(ridge_solver, "_LEAST_GAIN", least_gain)
    train, evaluation = data
    kinds = (RidgeKind("context", per_series=True),)
    # One penalty, so that the whole fit and the partial ones choose alike.
    whole = fit(train, evaluation, kinds=kinds, folds=FOLDS, penalties=[1e-6])[kinds[0]]
    start = train["forecast_start"]
    for fold in range(3):
        left = ~FOLDS.near(start)[:, fold] & (FOLDS.index(start) != fold)
        partial = fit(rows(train, left), evaluation, kinds=kinds, penalties=[1e-6])[kinds[0]]
        kernels, biases = partial.maps()
        np.testing.assert_allclose(whole.fold_kernel[fold], kernels, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(whole.fold_bias[fold], biases, rtol=1e-3, atol=1e-4)


def test_a_block_that_is_most_of_the_windows_is_not_crossed(data: tuple[Any, Any]) -> None:
    assert fit(*data, folds=TimeFolds(edges=(10, 290), margin=5))[KINDS[0]].fold_kernel is None


def test_a_series_without_a_better_map_of_its_own_keeps_the_shared_one(data: tuple[Any, Any]) -> None:
    train, evaluation = data
    few = rows(train, (train["series_index"] != 1) | (np.cumsum(train["series_index"] == 1) <= 5))
    found = fit(few, evaluation, kinds=[RidgeKind("all", per_series=True)])[RidgeKind("all", per_series=True)]
    np.testing.assert_array_equal(found.series_kernel[1], found.kernel)
    # Nothing on eval says that its map is good.
    unseen = rows(evaluation, evaluation["series_index"] != 0)
    found = fit(train, unseen, kinds=[RidgeKind("all", per_series=True)])[RidgeKind("all", per_series=True)]
    np.testing.assert_array_equal(found.series_kernel[0], found.kernel)


@pytest.mark.parametrize("kind", KINDS)
def test_in_training_a_window_gets_the_map_of_its_fold_and_else_the_full_one(fits: Any, kind: RidgeKind) -> None:
    window = windows(40, seed=2)
    window["fold"] = np.arange(-1, 39, dtype=np.int32) % 4 - 1
    highway = LinearHighway(SHAPE, reads=kind.reads, per_series=kind.per_series)
    highway.adopt(fits[kind], cross_fit=True)
    inputs = window["context"] - window["context"][:, -1:]
    if kind.reads == "all":
        ahead = window["future_covariates"][:, 4:].reshape(40, 2)
        inputs = np.concatenate([inputs, ahead, window["static_covariates"], ahead**2], axis=1)
    series = window["series_index"] + 1 if kind.per_series else np.zeros(40, int)
    full, crossed = np.zeros((40, 2)), np.zeros((40, 2))
    kernels, biases = fits[kind].maps()
    for row, (fold, one) in enumerate(zip(window["fold"], series, strict=True)):
        full[row] = inputs[row] @ kernels[one] + biases[one]
        crossed[row] = (
            full[row]
            if fold < 0
            else (inputs[row] @ fits[kind].fold_kernel[fold, one] + fits[kind].fold_bias[fold, one])
        )
    np.testing.assert_allclose(highway(window), full, atol=1e-4)
    np.testing.assert_allclose(highway(window, training=True), crossed, atol=1e-4)
    assert np.abs(full - crossed).max() > 1e-3
    # What is saved and served knows no folds.
    assert {variable.name for variable in highway.variables} <= {"kernel", "bias", "series_kernel", "series_bias"}
    highway.adopt(fits[kind])
    np.testing.assert_allclose(highway(window, training=True), full, atol=1e-4)


@pytest.mark.parametrize("count", [3, 40])
def test_few_maps_and_many_are_applied_alike(count: int) -> None:
    rng = np.random.default_rng(0)
    inputs, kernels, biases = (rng.normal(size=size).astype(np.float32) for size in ((7, 5), (count, 5, 2), (count, 2)))
    index = rng.integers(0, count, 7).astype(np.int32)
    expected = np.stack([row @ kernels[one] + biases[one] for row, one in zip(inputs, index, strict=True)])
    found = apply_maps(tf.constant(inputs), tf.constant(kernels), tf.constant(biases), tf.constant(index))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_kind_of_a_view() -> None:
    assert RidgeKind.of(ViewConfig(), SHAPE) == RidgeKind("known", per_series=False)
    assert RidgeKind.of(ViewConfig(highway="all"), SHAPE) == RidgeKind("all", per_series=False)
    assert RidgeKind.of(ViewConfig(highway="context", highway_per_series=True), SHAPE) == RidgeKind("context", True)
    # A network without a highway takes the spread alone; one series needs no map of its own.
    assert RidgeKind.of(ViewConfig(highway="none", highway_per_series=True), SHAPE) == RidgeKind("context")
    alone = WindowShape(context_length=4, horizon=2)
    assert RidgeKind.of(ViewConfig(highway_per_series=True), alone) == RidgeKind("all")


def test_a_fit_without_folds_has_no_differences() -> None:
    fit = RidgeFit(
        kernel=np.zeros((1, 1), np.float32), bias=np.zeros(1, np.float32), spread=1.0, penalty=0.0,
        covariate_factor=1.0, eval_mae=0.0,
    )  # fmt: skip
    with pytest.raises(ValueError, match="fold_kernel: is None"):
        fit.fold_differences()
