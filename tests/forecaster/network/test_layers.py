"""Layer normalisation against Keras, variational dropout against its definition."""

import keras
import numpy as np
import tensorflow as tf

from tapeline.forecaster.network.draws import variational_mask
from tapeline.forecaster.network.layers import LayerNormalisation


def test_layer_normalisation_equals_keras() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(3.0, 2.0, size=(2, 4, 6)).astype(np.float32)
    ours, theirs = LayerNormalisation(6, epsilon=1e-3), keras.layers.LayerNormalization(epsilon=1e-3)
    theirs.build(inputs.shape)
    ours.gamma.assign(rng.normal(size=6))
    ours.beta.assign(rng.normal(size=6))
    theirs.set_weights([ours.gamma, ours.beta])
    np.testing.assert_allclose(ours(inputs), theirs(inputs), atol=1e-5)


def test_normalised_features_have_mean_zero_and_variance_one() -> None:
    normalised = LayerNormalisation(2, epsilon=0.0)(tf.constant([[1.0, 5.0]]))
    # mean 3, deviation 2
    np.testing.assert_allclose(normalised, [[-1.0, 1.0]])


def test_each_step_is_normalised_by_itself() -> None:
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(2, 5, 3)).astype(np.float32)
    layer = LayerNormalisation(3)
    np.testing.assert_allclose(layer(inputs)[:, 2:3], layer(inputs[:, 2:3]), atol=1e-6)


def test_a_mask_drops_at_its_rate_and_keeps_the_mean() -> None:
    mask = variational_mask((1000, 1, 50), rate=0.2, seed=tf.constant([1, 2])).numpy()
    assert set(np.unique(mask)) == {np.float32(0.0), np.float32(1.25)}
    # 50,000 draws: the share of zeros has deviation sqrt(0.2 * 0.8 / 50000) = 0.0018
    assert abs((mask == 0).mean() - 0.2) < 0.01
    assert abs(mask.mean() - 1.0) < 0.01


def test_a_mask_is_a_function_of_its_seed() -> None:
    first, same, other = (
        variational_mask((4, 1, 8), rate=0.5, seed=tf.constant(seed)) for seed in ([1, 2], [1, 2], [1, 3])
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
