"""Errors on the eval split: of every window once, thinned evenly where there are too many."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from tapeline.components.trainer.validation import eval_errors
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


def test_each_window_is_of_its_own_series() -> None:
    other = dataclasses.replace(CHUNK, series_id=b"other", target=10.0 * CHUNK.target)
    found = errors(read=lambda: [CHUNK, other])
    assert found.series.tolist() == [CHUNK.series_id] * 50 + [b"other"] * 50
    np.testing.assert_allclose(found.values[50:], 10.0 * by_hand(), rtol=1e-5)


def test_errors_are_those_of_what_is_served() -> None:
    found = errors(bounded=lambda ahead, series: np.zeros_like(ahead))
    starts = CHUNK.forecast_offsets
    np.testing.assert_allclose(found.values[:, 0], CHUNK.target[starts], rtol=1e-6)
