from typing import Any

import numpy as np
import tensorflow as tf

from tapeline.forecaster.statistical.completion import complete

SEASON = np.tile([0.0, 5.0, -5.0, 0.0], 6)


def completed(values: Any, observed: Any, season: Any = 4) -> Any:
    return complete(tf.constant(values, tf.float32), tf.constant(observed, tf.float32), season=season).numpy()


def test_measured_steps_stay_as_they_are() -> None:
    values = np.random.default_rng(0).normal(size=(3, 24)).astype(np.float32)
    observed = np.ones((3, 24))
    observed[1, 5:9] = 0.0
    result = completed(values, observed)
    np.testing.assert_array_equal(result[[0, 2]], values[[0, 2]])
    np.testing.assert_allclose(result[1][observed[1] == 1.0], values[1][observed[1] == 1.0], atol=1e-6)


def test_a_hole_gets_the_season_of_the_other_years() -> None:
    values, observed = SEASON[np.newaxis].copy(), np.ones((1, 24))
    # A straight line between the neighbours, as windows arrive, would know nothing of a season.
    observed[0, 8:16] = values[0, 8:16] = 0.0
    np.testing.assert_allclose(completed(values, observed)[0], SEASON, atol=0.7)


def test_what_stands_at_a_step_that_was_not_measured_has_no_influence() -> None:
    observed = np.ones((1, 24))
    observed[0, [0, 1, 2, 9, 23]] = 0.0
    one, other = SEASON[np.newaxis].copy(), SEASON[np.newaxis].copy()
    other[observed == 0.0] = 1e3
    np.testing.assert_allclose(completed(one, observed), completed(other, observed), atol=1e-3)


def test_a_short_series_is_continued_into_its_past() -> None:
    observed = np.ones((1, 24))
    observed[0, :8] = 0.0
    values = np.where(observed[0] == 1.0, SEASON, 0.0)[np.newaxis]
    np.testing.assert_allclose(completed(values, observed)[0], SEASON, atol=0.7)


def test_a_context_without_a_measured_value_stays_finite() -> None:
    assert np.isfinite(completed(np.zeros((1, 24)), np.zeros((1, 24)))).all()
