from typing import Any

import numpy as np
import tensorflow as tf

from tapeline.forecaster.network.log_view import log_view

OFFSET, SCALE = np.array([100.0, 50.0, 2000.0]), np.array([10.0, 25.0, 300.0])


def view() -> Any:
    return log_view(np.array([0.0, 0.0]), offset=OFFSET, scale=SCALE)


def test_differences_are_those_of_logarithms_of_values_in_their_unit() -> None:
    scaled, rows = np.array([[0.0, 1.0, 3.0], [0.5, 0.0, 2.0]], np.float32), np.array([1, 2])
    units = OFFSET[rows, np.newaxis] + SCALE[rows, np.newaxis] * scaled
    ours = view().to_logs(tf.constant(scaled), rows).numpy()
    np.testing.assert_allclose(np.diff(ours, axis=1), np.diff(np.log(units), axis=1), rtol=1e-5)


def test_there_and_back_is_the_value() -> None:
    scaled, rows = tf.constant([[0.0, 1.0, 3.0], [0.5, 0.0, 2.0]]), np.array([0, 2])
    logs = view().to_logs(scaled, rows)
    np.testing.assert_allclose(view().to_values(logs, rows, context=logs), scaled, atol=1e-5)


def test_a_value_below_0_is_taken_for_half_the_least_one_known() -> None:
    # The least of series 1 is 50; half of it over the offset is 0.5.
    logs = view().to_logs(tf.constant([[-9.0]]), np.array([1]))
    np.testing.assert_allclose(logs, np.log([[0.5]]), rtol=1e-5)


def test_a_forecast_stays_finite_whatever_is_extrapolated() -> None:
    context = tf.zeros((1, 4))
    ahead = view().to_values(tf.constant([[1e3, -1e3]]), np.array([1]), context=context)
    assert np.isfinite(ahead).all()


def test_values_or_offsets_that_are_not_above_0_have_no_logarithms() -> None:
    assert log_view(np.array([-5.0, 0.0]), offset=OFFSET, scale=SCALE) is None
    assert log_view(np.array([0.0, 0.0]), offset=np.array([100.0, 0.0, 1.0]), scale=SCALE) is None


def test_one_scale_for_all_needs_no_rows() -> None:
    assert len(log_view(np.array([0.0, 0.5]), offset=np.full(3, 7.0), scale=np.full(3, 2.0)).ratio) == 1
