"""Intervals inside the graph: as far as the offsets say, by series, and farther beyond the trained horizon."""

from typing import Any

import numpy as np
import tensorflow as tf

from tapeline.forecaster.serving.intervals import Intervals
from tapeline.series.error_ratios import context_ratios
from tapeline.series.prediction_intervals import PredictionIntervals


def intervals(offsets: Any, *names: str, **options: Any) -> Intervals:
    names = names or tuple(f"quantile_0.{row}" for row in range(1, len(offsets) + 1))
    return Intervals(PredictionIntervals(names=names, offsets=np.array(offsets), **options))


def test_intervals_reach_as_far_in_the_unit_as_the_scale_says() -> None:
    served = intervals([[-1.0, -2.0], [3.0, 4.0]], "lower", "upper_95")
    ends = served.around(tf.constant([[10.0, 20.0]], tf.float64), tf.constant([[5.0]], tf.float64))
    np.testing.assert_array_equal(ends["lower"], [[5, 10]])
    np.testing.assert_array_equal(ends["upper_95"], [[25, 40]])


def test_each_series_has_its_own_size_and_others_the_middling_one() -> None:
    served = intervals([[2.0]], "upper", error_ratios={b"small": 0.5, b"large": 10.0})
    ratio = served.error_ratio({"series_id": tf.constant(["large", "small", "new"]), "context": tf.zeros((3, 4))})
    np.testing.assert_array_equal(served.around(tf.zeros((3, 1)), ratio)["upper"], [[20], [1], [2]])


def test_beyond_the_trained_horizon_squares_add_up() -> None:
    offsets = intervals([[-3.0, -4.0], [5.0, 12.0]]).offsets(tf.constant(5))
    # Steps 0, 1 as they are; 2 = H + 0: sqrt(4^2 + 3^2), 3: sqrt(4^2 + 4^2), 4 = 2 H + 0: sqrt(2 * 4^2 + 3^2).
    np.testing.assert_allclose(offsets[0], [-3, -4, -5, -np.sqrt(32), -np.sqrt(41)], rtol=1e-6)
    assert offsets[1, 2] == 13


def test_offsets_of_both_signs_keep_their_order_beyond_the_horizon() -> None:
    offsets = intervals([[-3.0, 1.0], [-1.0, 2.0], [0.5, 2.5]]).offsets(tf.constant(9)).numpy()
    assert (np.diff(offsets, axis=0) > 0).all()


def test_infinite_offsets_stay_infinite() -> None:
    offsets = intervals([[-np.inf] * 2, [np.inf] * 2]).offsets(tf.constant(5))
    np.testing.assert_array_equal(np.sign(offsets), [[-1] * 5, [1] * 5])
    assert np.isinf(offsets).all()


def test_the_graph_takes_the_context_into_the_ratio_as_the_trainer_did() -> None:
    context = np.array([[0.0, 0.02, 0.0], [0.0, 0.8, 0.0], [1.0, 1.0, 1.0]], np.float32)
    served = intervals([[1.0]], "upper", error_ratios={b"large": 10.0, b"other": 1.0}, usual_change=0.005)
    ratio = served.error_ratio({"series_id": tf.constant(["new", "large", "other"]), "context": tf.constant(context)})
    expected = context_ratios(np.array([0.02, 0.8, 0.0]), np.array([1.0, 10.0, 1.0]), 0.005)
    np.testing.assert_allclose(ratio, expected[:, np.newaxis], rtol=1e-6)
    alone = intervals([[1.0]], "upper", usual_change=0.005).error_ratio({"context": tf.constant(context[:1])})
    np.testing.assert_allclose(alone, [[2.0]], rtol=1e-6)
