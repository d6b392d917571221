"""Our callbacks decide as Keras' own do, and remember what they saw across a restart."""

import types
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.components.trainer.callbacks import EarlyStopping, ReduceLROnPlateau

# Multiples of 1/64 are exact in single and double precision alike, so that both
# implementations compare the same numbers.
sixty_fourths = st.integers(0, 64).map(lambda n: n / 64)
losses = st.lists(st.one_of(sixty_fourths, st.just(float("nan")), st.just(float("inf"))), min_size=1, max_size=30)


class FakeModel:
    """Weights that say which epoch they belong to."""

    def __init__(self, rate: float = 1.0) -> None:
        self.stop_training = False
        self.optimizer = types.SimpleNamespace(learning_rate=rate)
        self.weights = [np.array([-1.0])]

    def get_weights(self) -> list[npt.NDArray[Any]]:
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: list[npt.NDArray[Any]]) -> None:
        self.weights = weights


def epochs_seen(callback: keras.callbacks.Callback, errors: list[float]) -> tuple[list[bool], list[float], float]:
    """Feeds one loss an epoch; returns the stop flags, the rates and the weight left at the end."""
    model = FakeModel()
    callback.set_model(model)
    callback.on_train_begin()
    stops, rates = [], []
    for epoch, error in enumerate(errors):
        model.weights = [np.array([float(epoch)])]
        callback.on_epoch_end(epoch, {"val_loss": error})
        stops.append(model.stop_training)
        rates.append(float(model.optimizer.learning_rate))
        if model.stop_training:
            break
    callback.on_train_end()
    return stops, rates, float(model.weights[0][0])


@given(errors=losses, patience=st.integers(1, 5), min_delta=sixty_fourths, warm_up=st.integers(0, 6))
@settings(max_examples=60, deadline=None)
def test_early_stopping_decides_as_keras_does(errors: Any, patience: int, min_delta: Any, warm_up: int) -> None:
    ours = EarlyStopping(patience=patience, min_delta=min_delta, warm_up=warm_up)
    theirs = keras.callbacks.EarlyStopping(
        monitor="val_loss",
        mode="min",
        patience=patience,
        min_delta=min_delta,
        start_from_epoch=warm_up,
        restore_best_weights=True,
    )
    assert epochs_seen(ours, errors) == epochs_seen(theirs, errors)


@given(
    errors=losses,
    patience=st.integers(1, 4),
    min_delta=sixty_fourths,
    cooldown=st.integers(0, 4),
    floor=st.sampled_from([0.0, 0.1, 0.25, 1.0]),
    factor=st.sampled_from([0.1, 0.5, 0.9]),
)
@settings(max_examples=60, deadline=None)
def test_reduce_on_plateau_decides_as_keras_does(
    errors: Any, patience: int, min_delta: Any, cooldown: int, floor: Any, factor: Any
) -> None:
    ours = ReduceLROnPlateau(
        factor=factor, patience=patience, min_delta=min_delta, cooldown=cooldown, min_learning_rate=floor
    )
    theirs = keras.callbacks.ReduceLROnPlateau(
        monitor="val_loss",
        mode="min",
        factor=factor,
        patience=patience,
        min_delta=min_delta,
        cooldown=cooldown,
        min_lr=floor,
    )
    stops, rates, left = epochs_seen(ours, errors)
    their_stops, their_rates, their_left = epochs_seen(theirs, errors)
    # An optimizer keeps its rate as float32, a fake one as it is given.
    assert rates == pytest.approx(their_rates, rel=1e-5)
    assert (stops, left) == (their_stops, their_left)


@pytest.mark.parametrize(
    "make",
    [lambda: EarlyStopping(patience=2), lambda: ReduceLROnPlateau(factor=0.5, patience=2, cooldown=1)],
    ids=["early_stopping", "reduce_on_plateau"],
)
@given(errors=losses, cut=st.integers(0, 30))
@settings(max_examples=30, deadline=None)
def test_a_callback_that_was_interrupted_decides_as_one_that_was_not(make: Any, errors: Any, cut: int) -> None:
    stops, rates, left = epochs_seen(make(), errors)
    model, callback = FakeModel(), make()
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, error in enumerate(errors[: len(stops)]):
        if epoch == cut:
            state, callback = callback.state_dict(), make()
            callback.set_model(model)
            callback.on_train_begin()
            callback.load_state(state)
        model.weights = [np.array([float(epoch)])]
        callback.on_epoch_end(epoch, {"val_loss": error})
        assert model.stop_training == stops[epoch]
        assert model.optimizer.learning_rate == rates[epoch]
    callback.on_train_end()
    assert float(model.weights[0][0]) == left


def test_early_stopping_brings_back_the_weights_of_the_best_epoch() -> None:
    # Best at epoch 1; epochs 2 and 3 are worse: patience 2 ends training after epoch 3.
    stops, _, weight = epochs_seen(EarlyStopping(patience=2), [0.5, 0.2, 0.3, 0.4, 0.1])
    assert stops == [False, False, False, True]
    assert weight == 1.0


def test_every_optimizer_slows_down_to_its_floor() -> None:
    fast, slow = keras.optimizers.Adam(0.1), keras.optimizers.Adam(0.01)
    callback = ReduceLROnPlateau([fast, slow], factor=0.1, patience=1, min_learning_rate=0.005)
    callback.on_train_begin()
    for epoch, error in enumerate([1.0, 1.0, 1.0]):
        callback.on_epoch_end(epoch, {"val_loss": error})
    # 0.1 → 0.01 → 0.005 (0.001 lies under the floor); 0.01 → 0.005.
    assert float(fast.learning_rate) == pytest.approx(0.005)
    assert float(slow.learning_rate) == pytest.approx(0.005)


def test_a_rate_that_would_not_fall_is_refused() -> None:
    with pytest.raises(ValueError, match=r"factor: got 1\.0"):
        ReduceLROnPlateau(factor=1.0, patience=1)
