"""Losses: weights by lead step, unobserved targets, shapes, and sums that add up."""

import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.components.trainer.losses import (
    HorizonWeightedHuber,
    HorizonWeightedMAE,
    lead_step_weights,
    make_loss,
)
from tapeline.schemas.training_config import LossConfig

NAN = math.nan


def test_uniform_weights_give_the_plain_mean_absolute_error() -> None:
    loss = HorizonWeightedMAE(horizon=2)
    # |1-0|, |2-4|, |3-3|, |0-1|: (1 + 2 + 0 + 1) / 4
    assert float(loss([[1.0, 2.0], [3.0, 0.0]], [[0.0, 4.0], [3.0, 1.0]])) == pytest.approx(1.0)


def test_linear_weights_grow_from_first_to_last_step_with_mean_one() -> None:
    # 1, 2, 3 have mean 2: divided by it
    np.testing.assert_allclose(lead_step_weights("linear", horizon=3, growth=3.0), [0.5, 1.0, 1.5])


def test_exponential_weights_grow_by_equal_factors() -> None:
    # 1, 2, 4 have mean 7/3
    np.testing.assert_allclose(
        lead_step_weights("exponential", horizon=3, growth=4.0), [3 / 7, 6 / 7, 12 / 7], rtol=1e-6
    )


def test_given_weights_are_normalised_to_mean_one() -> None:
    np.testing.assert_allclose(lead_step_weights([1.0, 1.2, 1.4], horizon=3), [1 / 1.2, 1.0, 1.4 / 1.2], rtol=1e-6)


def test_errors_count_by_the_weight_of_their_lead_step() -> None:
    loss = HorizonWeightedMAE(horizon=2, weights=[1.0, 3.0])
    # weights 0.5 and 1.5; errors 4 and 2: (0.5 * 4 + 1.5 * 2) / (0.5 + 1.5)
    assert float(loss([[0.0, 0.0]], [[4.0, 2.0]])) == pytest.approx(2.5)


def test_unobserved_targets_are_neither_in_the_sum_nor_in_the_divisor() -> None:
    loss = HorizonWeightedMAE(horizon=2, weights=[1.0, 3.0])
    # errors 4 and (unobserved) in the first window, 2 and 2 in the second:
    # (0.5 * 4 + 0.5 * 2 + 1.5 * 2) / (0.5 + 0.5 + 1.5)
    assert float(loss([[0.0, NAN], [0.0, 0.0]], [[4.0, 9.0], [2.0, 2.0]])) == pytest.approx(6.0 / 2.5)


def test_a_batch_without_any_observed_target_costs_nothing() -> None:
    assert float(HorizonWeightedMAE(horizon=2)([[NAN, NAN]], [[1.0, 2.0]])) == 0.0


@pytest.mark.parametrize(
    "loss", [HorizonWeightedMAE(horizon=3), HorizonWeightedHuber(horizon=3, delta=0.5)], ids=["mae", "huber"]
)
def test_the_gradient_at_unobserved_targets_is_zero_and_finite_elsewhere(loss: Any) -> None:
    forecast = tf.Variable([[1.0, 2.0, 3.0]])
    with tf.GradientTape() as tape:
        value = loss(tf.constant([[0.0, NAN, 5.0]]), forecast)
    # two observed steps, both errors beyond delta: slope +-1 / 2
    np.testing.assert_allclose(tape.gradient(value, forecast), [[0.5, 0.0, -0.5]])


def test_huber_is_squared_below_delta_and_linear_beyond() -> None:
    loss = HorizonWeightedHuber(horizon=2, delta=2.0)
    total, _ = loss.sums([[0.0, 0.0]], [[1.0, 5.0]])
    # 1^2 / (2 * 2) and 5 - 2 / 2
    assert float(total) == pytest.approx(0.25 + 4.0)


def test_huber_over_delta_agrees_with_keras() -> None:
    rng = np.random.default_rng(0)
    target, forecast = rng.normal(size=(2, 5, 4)).astype(np.float32)
    ours = HorizonWeightedHuber(horizon=4, delta=0.7)(target, forecast)
    np.testing.assert_allclose(ours, keras.losses.Huber(delta=0.7)(target, forecast) / 0.7, rtol=1e-5)


@pytest.mark.parametrize(
    ("target", "forecast"),
    [((2, 3), (2, 3, 1)), ((2, 3, 1), (2, 3)), ((2, 3), (2, 4)), ((3,), (3,)), ((), ()), ((1, 3), (2, 3))],
)
def test_shapes_that_would_broadcast_are_refused(target: Any, forecast: Any) -> None:
    with pytest.raises(ValueError, match=r"y_true has shape .* y_pred has .*both must be \[B, 3\]"):
        HorizonWeightedMAE(horizon=3)(tf.zeros(target), tf.zeros(forecast))


def test_a_forecast_of_another_horizon_is_refused() -> None:
    with pytest.raises(ValueError, match=r"both must be \[B, 3\]"):
        HorizonWeightedMAE(horizon=3)(tf.zeros((2, 4)), tf.zeros((2, 4)))


def test_shapes_are_checked_when_the_graph_is_built() -> None:
    loss = HorizonWeightedMAE(horizon=3)
    graph = tf.function(loss)
    with pytest.raises(ValueError, match="y_pred has"):
        graph.get_concrete_function(tf.TensorSpec((None, 3)), tf.TensorSpec((None, 3, 1)))


@pytest.mark.parametrize("weights", [[1.0, 2.0], [1.0, 2.0, -1.0], [1.0, NAN, 1.0], "quadratic"])
def test_unusable_weights_are_refused(weights: Any) -> None:
    with pytest.raises(ValueError, match=r"^weights: got"):
        lead_step_weights(weights, horizon=3)


def test_sample_weights_count_whole_windows() -> None:
    loss = HorizonWeightedMAE(horizon=2)
    target, forecast = [[0.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [4.0, 4.0]]
    # (3 * 1 + 1 * 4) / (3 + 1)
    assert float(loss(target, forecast, sample_weight=[3.0, 1.0])) == pytest.approx(7 / 4)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_sums_of_parts_add_up_to_the_loss_of_the_whole(data: st.DataObject) -> None:
    rows, horizon = data.draw(st.integers(2, 6)), data.draw(st.integers(1, 5))
    cells = st.one_of(st.floats(-3, 3, width=32), st.just(NAN))
    target = np.array(
        data.draw(st.lists(st.lists(cells, min_size=horizon, max_size=horizon), min_size=rows, max_size=rows)),
        np.float32,
    )
    forecast = np.random.default_rng(rows).normal(size=target.shape).astype(np.float32)
    cut = data.draw(st.integers(1, rows - 1))
    loss = HorizonWeightedMAE(horizon=horizon, weights="linear", growth=2.0)
    parts = [loss.sums(target[rows_], forecast[rows_]) for rows_ in (slice(None, cut), slice(cut, None))]
    total, weight = (float(sum(values)) for values in zip(*parts, strict=True))
    # by brute force, cell by cell
    cells_ = [
        (loss.weights[step], abs(float(forecast[row, step]) - float(target[row, step])))
        for row in range(rows)
        for step in range(horizon)
        if not math.isnan(target[row, step])
    ]
    assert total == pytest.approx(sum(w * e for w, e in cells_), rel=1e-5, abs=1e-6)
    assert weight == pytest.approx(sum(w for w, _ in cells_), rel=1e-5)
    assert float(loss(target, forecast)) == pytest.approx(total / weight if weight else 0.0, rel=1e-5)


def test_the_configuration_chooses_the_loss() -> None:
    assert isinstance(make_loss(LossConfig(), 4), HorizonWeightedMAE)
    huber = make_loss(LossConfig(kind="huber", delta=0.3, weights="linear", growth=2.0), 4)
    assert isinstance(huber, HorizonWeightedHuber)
    assert huber.delta == 0.3
    assert huber.weights[-1] / huber.weights[0] == pytest.approx(2.0)
