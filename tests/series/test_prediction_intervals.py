"""Intervals from eval errors: each series in proportion to its own, and covered as often as they say."""

from typing import Any

import numpy as np
import pytest

from tapeline.schemas.served_model import LEVELS
from tapeline.series.prediction_intervals import EvalErrors, PredictionIntervals, fit_intervals

H = 6


def errors_of(sizes: Any, *, windows: int = 300, seed: int = 0, bias: float = 0.0) -> EvalErrors:
    rng = np.random.default_rng(seed)
    values = [size * (rng.normal(size=(windows, H)) + bias) for size in sizes.values()]
    series = np.repeat(np.array(list(sizes), object), windows)
    return EvalErrors(
        np.concatenate(values), series, np.tile(np.arange(windows), len(sizes)), changes=np.ones(len(series))
    )


def ends(fitted: PredictionIntervals, series: bytes) -> dict[str, Any]:
    offsets = fitted.offsets * fitted.error_ratios.get(series, 1.0)
    return dict(zip(fitted.names, offsets, strict=True))


def coverage(fitted: PredictionIntervals, errors: EvalErrors, series: bytes, *, suffix: str = "") -> float:
    values, reach = errors.values[errors.series == series], ends(fitted, series)
    return float(np.mean((reach[f"lower{suffix}"] <= values) & (values <= reach[f"upper{suffix}"])))


SIZES = {b"large": 1e-2, b"small": 1e-5}
"""Errors of a series of 100,000 and of one of 100 in one scale."""


@pytest.mark.parametrize("naive", [{b"large": 2e-2, b"small": 2e-5}, {b"large": 2e-2, b"small": 8e-5}])
def test_a_small_series_beside_a_large_one_has_intervals_of_its_own_size(naive: Any) -> None:
    # Twice the naive errors on both; then a model that is better than naive on one by far more than on the other.
    fitted = fit_intervals(errors_of(SIZES), naive_errors=naive, overlap=H)
    later = errors_of(SIZES, seed=1)
    for series, size in SIZES.items():
        reach = ends(fitted, series)
        np.testing.assert_allclose((reach["upper"] - reach["lower"]) / size, 2 * 1.28, rtol=0.2)
        assert coverage(fitted, later, series) == pytest.approx(0.80, abs=0.05)
        assert coverage(fitted, later, series, suffix="_95") == pytest.approx(0.95, abs=0.05)


def test_a_series_that_is_not_known_gets_the_middling_size() -> None:
    sizes = {b"a": 1.0, b"b": 2.0, b"c": 3.0}
    fitted = fit_intervals(errors_of(sizes), naive_errors=sizes, overlap=H)
    assert fitted.error_ratios.get(b"new", 1.0) == 1.0
    assert ends(fitted, b"new")["upper"][0] == pytest.approx(2 * 1.28, rel=0.2)


def test_a_single_series_has_no_ratios() -> None:
    fitted = fit_intervals(errors_of({b"a": 3.0}), naive_errors={b"a": 0.01}, overlap=H)
    assert fitted.error_ratios == {}
    assert fitted.offsets[1, 0] == pytest.approx(3 * 1.28, rel=0.2)
    assert fitted.names == LEVELS[1:]


def test_quantiles_stand_behind_the_intervals_lowest_first() -> None:
    fitted = fit_intervals(errors_of({b"a": 1.0}), naive_errors={b"a": 1.0}, levels=(0.9, 0.5), overlap=H)
    assert fitted.names == (*LEVELS[1:], "quantile_0.5", "quantile_0.9")
    np.testing.assert_array_equal(fitted.offsets[-1], fitted.offsets[1])
    assert abs(fitted.offsets[-2]).max() < 0.3


def test_an_interval_holds_its_forecast_and_a_quantile_need_not() -> None:
    fitted = fit_intervals(errors_of({b"a": 1.0}, bias=5.0), naive_errors={b"a": 1.0}, levels=(0.1,), overlap=H)
    reach = ends(fitted, b"a")
    assert (reach["lower"] == 0.0).all()
    assert (reach["quantile_0.1"] > 3.0).all()


def test_without_errors_intervals_are_endless() -> None:
    none = EvalErrors(np.zeros((0, H)), np.zeros(0, object), np.zeros(0, np.int64), np.zeros(0))
    fitted = fit_intervals(none, naive_errors={b"a": 1.0, b"b": 2.0}, overlap=H)
    assert np.isinf(fitted.offsets).all()
