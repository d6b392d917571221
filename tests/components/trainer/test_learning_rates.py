"""The cosine: where it starts, where it ends, and that a halt does not move it."""

import itertools

import keras
import pytest

from tapeline.components.trainer.callbacks import ReduceLROnPlateau, learning_rate_of
from tapeline.components.trainer.learning_rates import CosineDecay, cosine_share, rate_callback
from tapeline.schemas.training_config import TrainingConfig


def test_the_configuration_chooses() -> None:
    optimizer = keras.optimizers.Adam(0.01)
    assert isinstance(rate_callback(TrainingConfig(), [optimizer]), ReduceLROnPlateau)
    assert isinstance(rate_callback(TrainingConfig(rate_schedule="cosine"), [optimizer]), CosineDecay)


def test_the_rate_rises_to_its_top_and_falls_to_nearly_nothing() -> None:
    shares = [cosine_share(epoch, epochs=20, warm_up=3) for epoch in range(20)]
    assert shares[:4] == [0.25, 0.5, 0.75, 1.0]
    assert all(later < earlier for earlier, later in itertools.pairwise(shares[3:]))
    assert 0.0 < shares[-1] < 0.02


def test_all_optimizers_follow_in_proportion_and_an_epoch_knows_its_rate_by_its_number() -> None:
    fast, slow = keras.optimizers.Adam(0.1), keras.optimizers.Adam(0.001)
    cosine = CosineDecay([fast, slow], epochs=10)
    cosine.on_epoch_begin(5)
    assert learning_rate_of(fast) == pytest.approx(0.05)
    assert learning_rate_of(slow) == pytest.approx(0.0005)
    cosine.on_epoch_begin(0)
    assert learning_rate_of(fast) == pytest.approx(0.1)
