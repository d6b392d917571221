"""Errors on the eval split: of every window once, thinned evenly where there are too many."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.components.trainer.validation import eval_residuals, naive_eval_errors
from tests.components.trainer.small_training import SPEC, wave

CHUNK = wave(60)


def residuals(**options: Any) -> Any:
    def last_value(window: Any) -> Any:
        return tf.repeat(window["context"][:, -1:], SPEC.horizon, axis=1)

    return eval_residuals(last_value, read=lambda: [CHUNK], spec=SPEC, **options)


def by_hand() -> Any:
    rows = []
    for start in CHUNK.forecast_offsets:
        known = CHUNK.target[start - SPEC.context_length : start]
        last = known[~np.isnan(known)][-1]
        rows.append(np.abs(CHUNK.target[start : start + SPEC.horizon] - last))
    return np.array(rows)


def test_every_window_counts_once_and_unmeasured_targets_do_not() -> None:
    # Windows that only fill up the last batch have no target and are left out.
    found = residuals()
    assert found.shape == (50, 3)
    np.testing.assert_allclose(found, by_hand(), rtol=1e-6)
    assert np.isnan(found).sum() > 0


def test_of_too_many_windows_evenly_spaced_ones_are_kept() -> None:
    # 50 windows, at most 20: every third.
    np.testing.assert_allclose(residuals(most=20), by_hand()[::3], rtol=1e-6)


def test_a_naive_forecast_errs_on_eval_by_what_its_windows_say() -> None:
    found = naive_eval_errors(read=lambda: [CHUNK], spec=SPEC, season=1)
    assert found["persistence"] == pytest.approx(float(np.nanmean(by_hand())), rel=1e-6)
    # A season of one step repeats the last value.
    assert found["seasonal_naive"] == found["persistence"]
    assert naive_eval_errors(read=lambda: [CHUNK], spec=SPEC, season=4)["seasonal_naive"] != found["persistence"]
