"""Averages and exceptions, checked by hand."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.network.ensemble import Ensemble
from tapeline.forecaster.network.highway import LinearHighway
from tapeline.forecaster.network.naive import Persistence, RidgeForecast, SeasonalNaive
from tapeline.schemas.window_spec import WindowShape

SHAPE = WindowShape(context_length=4, horizon=3)
WINDOW = {"context": tf.constant([[1.0, 2.0, 3.0, 4.0], [8.0, 7.0, 6.0, 5.0]])}


class Constant(keras.layers.Layer):
    """Forecasts one value, and notes how it was asked."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = self.add_weight(shape=(), initializer=keras.initializers.Constant(value))
        self.asked: list[Any] = []
        self.built = True

    def call(self, window: Any, training: bool = False, kernel: str = "auto") -> Any:
        self.asked.append((training, kernel))
        return tf.fill((tf.shape(window["context"])[0], 3), self.value.value)


def test_persistence_repeats_the_last_value() -> None:
    assert Persistence(SHAPE)(WINDOW, training=False, kernel="loop").numpy().tolist() == [[4.0] * 3, [5.0] * 3]


def test_seasonal_naive_repeats_the_last_season() -> None:
    forecast = SeasonalNaive(SHAPE, season=2)(WINDOW, training=False, kernel="loop")
    assert forecast.numpy().tolist() == [[3.0, 4.0, 3.0], [6.0, 5.0, 6.0]]


def test_a_ridge_adds_its_line_to_the_last_value() -> None:
    line = LinearHighway(SHAPE, trainable=False)
    line.set_weights([np.zeros((4, 3)), np.array([0.5, 1.0, 1.5])])
    forecast = RidgeForecast(line)(WINDOW, training=False, kernel="loop")
    assert forecast.numpy().tolist() == [[4.5, 5.0, 5.5], [5.5, 6.0, 6.5]]


def test_the_forecast_is_the_weighted_average_with_one_and_the_same_kernel() -> None:
    members = [Constant(3.0), Constant(6.0)]
    ensemble = Ensemble(members, [2 / 3, 1 / 3], shape=SHAPE)
    np.testing.assert_allclose(ensemble(WINDOW, training=False, kernel="portable").numpy(), np.full((2, 3), 4.0))
    assert [member.asked for member in members] == [[(False, "portable")]] * 2


def test_all_weights_of_the_members_are_weights_of_the_ensemble() -> None:
    assert len(Ensemble([Constant(3.0), Constant(6.0)], [0.5, 0.5], shape=SHAPE).variables) == 2


@pytest.mark.parametrize("weights", [[1.0], [0.5, 0.6]])
def test_weights_that_are_no_shares_are_refused(weights: Any) -> None:
    with pytest.raises(ValueError, match="weights: got"):
        Ensemble([Constant(3.0), Constant(6.0)], weights, shape=SHAPE)


def test_single_series_are_served_another_forecast_and_unknown_ones_are_not() -> None:
    other = Constant(9.0)
    ensemble = Ensemble([Constant(3.0)], [1.0], shape=SHAPE, instead={1: other, 3: other, 4: Constant(7.0)})
    assert len(ensemble.others) == 2
    index = np.array([-1, 0, 1, 2, 3, 4, 5, 60], np.int32)
    window = {"context": tf.zeros((len(index), 4)), "series_index": tf.constant(index)}
    forecast = tf.function(ensemble)(window)
    assert forecast.numpy()[:, 0].tolist() == [3.0, 3.0, 9.0, 3.0, 9.0, 7.0, 3.0, 3.0]
