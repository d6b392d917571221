"""Errors on the eval split: of every window once, thinned evenly where there are too many."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.components.trainer.validation import eval_errors, naive_eval_errors
from tapeline.series.prediction_intervals import fit_intervals
from tapeline.series.seasons import naive_errors
from tapeline.series.windowing import Chunk
from tests.components.trainer.small_training import SPEC, wave

CHUNK = wave(60)


def errors(**options: Any) -> Any:
    def last_value(window: Any) -> Any:
        return tf.repeat(window["context"][:, -1:], SPEC.horizon, axis=1)

    return eval_errors(last_value, **{"read": lambda: [CHUNK], "spec": SPEC, **options})


def by_hand() -> Any:
    rows = []
    for start in CHUNK.forecast_offsets:
        known = CHUNK.target[start - SPEC.context_length : start]
        last = known[~np.isnan(known)][-1]
        rows.append(CHUNK.target[start : start + SPEC.horizon] - last)
    return np.array(rows)


def test_every_window_counts_once_and_unmeasured_targets_do_not() -> None:
    # Windows that only fill up the last batch have no target and are left out.
    found = errors()
    assert found.values.shape == (50, 3)
    np.testing.assert_allclose(found.values, by_hand(), rtol=1e-6)
    assert np.isnan(found.values).sum() > 0
    assert set(found.series) == {CHUNK.series_id}
    np.testing.assert_array_equal(found.starts, CHUNK.timestamp[CHUNK.forecast_offsets])


def test_of_too_many_windows_evenly_spaced_ones_are_kept() -> None:
    # 50 windows, at most 20: every third.
    found = errors(most=20)
    np.testing.assert_allclose(found.values, by_hand()[::3], rtol=1e-6)
    np.testing.assert_array_equal(found.starts, CHUNK.timestamp[CHUNK.forecast_offsets][::3])
    assert len(found.series) == len(found.values)


def test_a_naive_forecast_errs_on_eval_by_what_its_windows_say() -> None:
    found = naive_eval_errors(read=lambda: [CHUNK], spec=SPEC, season=1)
    assert found["persistence"] == pytest.approx(float(np.nanmean(np.abs(by_hand()))), rel=1e-6)
    # A season of one step repeats the last value.
    assert found["seasonal_naive"] == found["persistence"]
    assert naive_eval_errors(read=lambda: [CHUNK], spec=SPEC, season=4)["seasonal_naive"] != found["persistence"]


def test_each_window_is_of_its_own_series() -> None:
    other = dataclasses.replace(CHUNK, series_id=b"other", target=10.0 * CHUNK.target)
    found = errors(read=lambda: [CHUNK, other])
    assert found.series.tolist() == [CHUNK.series_id] * 50 + [b"other"] * 50
    np.testing.assert_allclose(found.values[50:], 10.0 * by_hand(), rtol=1e-5)


def test_errors_are_those_of_what_is_served() -> None:
    found = errors(bounded=lambda ahead, series: np.zeros_like(ahead))
    starts = CHUNK.forecast_offsets
    np.testing.assert_allclose(found.values[:, 0], CHUNK.target[starts], rtol=1e-6)


def test_a_small_series_beside_a_large_one_has_intervals_of_its_own_size() -> None:
    rng = np.random.default_rng(0)
    steps = {b"large": rng.normal(0.0, 2_000.0, 900), b"small": rng.normal(0.0, 2.0, 900)}
    values = {b"large": 100_000.0 + np.cumsum(steps[b"large"]), b"small": 100.0 + np.cumsum(steps[b"small"])}

    def chunks(split: slice) -> list[Chunk]:
        none = np.zeros((300, 0), np.float32)
        return [
            Chunk(
                series_id=name,
                timestamp=np.arange(900)[split],
                # One scale for both.
                target=(whole / 200_000.0)[split].astype(np.float32),
                past_covariates=none,
                future_covariates=none,
                static_covariates=none[0],
                forecast_offsets=np.arange(SPEC.context_length, 300 - SPEC.horizon + 1),
            )
            for name, whole in values.items()
        ]

    train, evaluated, test = (chunks(slice(start, start + 300)) for start in (0, 300, 600))
    naive = naive_errors(train, season=1)
    fitted = fit_intervals(errors(read=lambda: evaluated), naive_errors=naive, overlap=SPEC.horizon)
    offsets = dict(zip(fitted.names, fitted.offsets, strict=True))
    later = errors(read=lambda: test)
    for name, size in ((b"large", 2_000.0), (b"small", 2.0)):
        reach = fitted.error_ratios[name] * 200_000.0
        np.testing.assert_allclose((offsets["upper"] - offsets["lower"])[0] * reach, 2 * 1.28 * size, rtol=0.2)
        missed = later.values[later.series == name] * 200_000.0
        for lower, upper, share in (("lower", "upper", 0.80), ("lower_95", "upper_95", 0.95)):
            inside = np.mean((offsets[lower] * reach <= missed) & (missed <= offsets[upper] * reach))
            assert inside == pytest.approx(share, abs=0.07), (name, lower)
