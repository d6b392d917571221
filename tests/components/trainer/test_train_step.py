"""A step does what plain arithmetic says, however the batch is taken apart."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tapeline.components.trainer.diagnosis import first_not_finite
from tapeline.components.trainer.losses import HorizonWeightedHuber, HorizonWeightedMAE
from tapeline.components.trainer.optimizers import VariableGroup, clip_by_norm, variable_groups
from tapeline.components.trainer.sampling import sample_forecast
from tapeline.components.trainer.train_step import LossTerm, TrainStep, even_sizes
from tapeline.schemas.training_config import SamplingConfig, TrainingConfig
from tests.components.trainer.small_training import forecaster, stream, wave, weights, without_graphs

MAE = HorizonWeightedMAE(horizon=3, weights="linear", name="mae")
HUBER = HorizonWeightedHuber(delta=0.1, horizon=3, name="huber")
SEED = (1, 7)


def sgd(model: Any, rate: float = 1.0) -> tuple[VariableGroup]:
    return (VariableGroup(name="all", optimizer=keras.optimizers.SGD(rate), variables=model.trainable_variables),)


def make_step(model: Any, **options: Any) -> TrainStep:
    given: dict[str, Any] = {"terms": (LossTerm(loss=MAE),), "groups": sgd(model), "sampling": SamplingConfig()}
    return TrainStep(model, **given | options)


@pytest.fixture(scope="module", autouse=True)
def eager() -> Iterator[None]:
    """All but the test that counts graphs do without them."""
    with without_graphs():
        yield


@pytest.fixture(scope="module")
def batch() -> tuple[dict[Any, Any], Any]:
    window, target = next(stream(wave(120), 24, shuffle=True).batches())
    return {name: tf.constant(values) for name, values in window.items()}, tf.constant(target)


def gradient_of(batch: Any, *, probability: float = 0.5, **options: Any) -> tuple[Any, list[Any]]:
    """SGD with rate 1 moves each weight by its gradient."""
    model = forecaster(dropout=0.3)
    before = weights(model)
    result = make_step(model, **options)(*batch, probability=probability, seed=SEED)
    return result, [old - new for old, new in zip(before, weights(model), strict=True)]


@pytest.fixture(scope="module")
def whole(batch: tuple[dict[Any, Any], Any]) -> Any:
    return gradient_of(batch)


@pytest.mark.parametrize("pieces", [{"shards": 3}, {"accumulate": 2}, {"accumulate": 3, "shards": 5}])
def test_a_batch_taken_apart_has_the_gradient_of_the_whole(
    batch: tuple[dict[Any, Any], Any], whole: Any, pieces: Any
) -> None:
    # Some targets are unobserved, so the pieces weigh differently; dropout and sampling draw at random.
    expected, expected_gradients = whole
    result, gradients = gradient_of(batch, **pieces)
    assert result.loss == pytest.approx(expected.loss, rel=1e-5)
    assert result.weight == expected.weight
    for one, other in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-6)


def test_the_step_moves_weights_by_the_gradient_of_the_loss(batch: tuple[dict[Any, Any], Any]) -> None:
    model = forecaster()
    variables = [variable.value for variable in model.trainable_variables]
    with tf.GradientTape() as tape:
        forecast = sample_forecast(model, *batch, 0.5, draw="step", seed=tf.constant(SEED))
        loss = MAE(batch[1], forecast)
    expected = tape.gradient(loss, variables)
    before = [variable.numpy() for variable in variables]
    result = make_step(model, groups=sgd(model, 0.1))(*batch, probability=0.5, seed=SEED)
    assert result.loss == pytest.approx(float(loss), rel=1e-5)
    for old, new, gradient in zip(before, model.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(new.numpy(), old - 0.1 * gradient.numpy(), atol=1e-6)


def test_the_graph_is_built_once_whatever_changes_between_steps(batch: tuple[dict[Any, Any], Any]) -> None:
    tf.config.run_functions_eagerly(False)
    model, eager_model = forecaster(), forecaster()
    groups = variable_groups(model, TrainingConfig())
    step = make_step(model, groups=groups, shards=2)
    losses = []
    for number in range(4):
        groups[0].optimizer.learning_rate = 0.1 / (number + 1)
        losses.append(step(*batch, probability=number / 4, seed=(1, number)).loss)
    tf.config.run_functions_eagerly(True)
    # The graph computes what its operations do one by one.
    assert losses[0] == pytest.approx(make_step(eager_model)(*batch, probability=0.0, seed=(1, 0)).loss, rel=1e-5)
    assert step.compiled.experimental_get_tracing_count() == 1
    # Free running is the one other graph.
    tf.config.run_functions_eagerly(False)
    for number in range(2):
        step(*batch, probability=1.0, seed=(1, number))
    tf.config.run_functions_eagerly(True)
    assert step.compiled.experimental_get_tracing_count() == 2


def test_free_running_is_taken_apart_as_well_and_has_a_gradient_of_its_own(batch: tuple[dict[Any, Any], Any]) -> None:
    expected, gradients = gradient_of(batch, probability=1.0)
    apart, others = gradient_of(batch, probability=1.0, accumulate=2, shards=3)
    assert apart.loss == pytest.approx(expected.loss, rel=1e-5)
    for one, other in zip(others, gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-6)
    # All but free running: the same loss to a hair, and a gradient that stops where the output is fed back.
    almost, stopped = gradient_of(batch, probability=1.0 - 1e-7)
    assert almost.loss == pytest.approx(expected.loss, rel=1e-5)
    assert max(np.abs(one - other).max() for one, other in zip(stopped, gradients, strict=True)) > 1e-3


def test_terms_add_up_with_their_factors(batch: tuple[dict[Any, Any], Any]) -> None:
    both = (LossTerm(loss=MAE, factor=0.5), LossTerm(loss=HUBER, factor=2.0))
    result, gradients = gradient_of(batch, terms=both)
    (mae, mae_gradients), (huber, huber_gradients) = (
        gradient_of(batch, terms=(LossTerm(loss=loss),)) for loss in (MAE, HUBER)
    )
    np.testing.assert_allclose(result.terms, [mae.loss, huber.loss], rtol=1e-5)
    assert result.loss == pytest.approx(0.5 * mae.loss + 2.0 * huber.loss, rel=1e-5)
    for one, first, second in zip(gradients, mae_gradients, huber_gradients, strict=True):
        np.testing.assert_allclose(one, 0.5 * first + 2.0 * second, atol=5e-6)


def test_a_long_gradient_is_cut_to_the_clip_norm_and_keeps_its_direction(
    batch: tuple[dict[Any, Any], Any], whole: Any
) -> None:
    expected, expected_gradients = whole
    result, gradients = gradient_of(batch, clip_norm=0.01)
    assert result.gradient_norm == pytest.approx(expected.gradient_norm, rel=1e-5)
    assert result.gradient_norm > 0.01
    norm = np.sqrt(sum(float((gradient**2).sum()) for gradient in gradients))
    assert norm == pytest.approx(0.01, rel=1e-3)
    for one, other in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(one, other * 0.01 / expected.gradient_norm, atol=1e-6)


def test_clipping_by_hand() -> None:
    # Norm of (3, 4) and 12 together: sqrt(9 + 16 + 144) = 13.
    clipped, norm, squares = clip_by_norm([tf.constant([3.0, 4.0]), tf.constant(12.0)], 6.5)
    assert float(norm) == 13.0
    assert squares.numpy().tolist() == [25.0, 144.0]
    assert [part.numpy().tolist() for part in clipped] == [[1.5, 2.0], 6.0]
    short, _, _ = clip_by_norm([tf.constant([3.0, 4.0])], 6.5)
    assert short[0].numpy().tolist() == [3.0, 4.0]


def test_each_group_of_variables_has_its_own_optimizer(batch: tuple[dict[Any, Any], Any]) -> None:
    model = forecaster()
    groups = variable_groups(model, TrainingConfig(learning_rate=0.01, highway_learning_rate=0.0001))
    before = {id(variable): variable.numpy().copy() for variable in model.trainable_variables}
    make_step(model, groups=groups)(*batch, probability=0.0, seed=SEED)
    for group, rate in zip(groups, (0.01, 0.0001), strict=True):
        for variable in group.variables:
            moved = np.abs(variable.numpy() - before[id(variable)])
            # Adam's first step is the learning rate, whatever the gradient.
            assert moved.max() == pytest.approx(rate, rel=0.05)


def test_a_group_with_rate_0_stays_as_it_is(batch: tuple[dict[Any, Any], Any]) -> None:
    model = forecaster()
    groups = variable_groups(model, TrainingConfig(highway_learning_rate=0.0))
    assert [group.name for group in groups] == ["network"]
    kernel = model.highway.kernel.numpy().copy()
    head = model.head_kernel.numpy().copy()
    make_step(model, groups=groups)(*batch, probability=0.0, seed=SEED)
    np.testing.assert_array_equal(model.highway.kernel.numpy(), kernel)
    assert (model.head_kernel.numpy() != head).all()


def test_a_hook_sees_and_changes_gradients_by_name(batch: tuple[dict[Any, Any], Any]) -> None:
    seen = []

    def freeze_the_encoder(path: Any, gradient: Any) -> Any:
        seen.append(path)
        return tf.zeros_like(gradient) if path.startswith("encoder") else gradient

    model = forecaster()
    encoder, decoder = model.encoder.kernel.numpy().copy(), model.decoder.kernel.numpy().copy()
    make_step(model, gradient_hook=freeze_the_encoder)(*batch, probability=0.0, seed=SEED)
    assert sorted(seen) == sorted(variable.path for variable in model.trainable_variables)
    assert len(set(seen)) == len(seen)
    np.testing.assert_array_equal(model.encoder.kernel.numpy(), encoder)
    assert (model.decoder.kernel.numpy() != decoder).any()


def poisoned(part: Any, batch: Any) -> tuple[Any, Any, Any, Any]:
    """A step in which one thing is not a number, and what the diagnosis should say."""
    window, target = {name: values.numpy() for name, values in batch[0].items()}, batch[1]
    model, hook = forecaster(), None
    if part == "input":
        window["context"][5, 3] = np.inf
    elif part == "weight":
        model.decoder.recurrent_kernel.assign(model.decoder.recurrent_kernel * np.nan)
    elif part == "gradient":
        hook = lambda path, gradient: gradient * (np.nan if path == model.encoder.bias.path else 1.0)  # noqa: E731
    else:
        target = tf.tensor_scatter_nd_update(target, [[2, 1]], [np.inf])
    return model, hook, window, target


@pytest.mark.parametrize(
    ("part", "phrase"),
    [
        ("input", r"the input 'context' \(row 5 of the batch\)"),
        ("weight", r"the variable 'decoder.*recurrent_kernel'"),
        ("gradient", r"the gradient of 'encoder.*bias'$"),
        ("target", r"the loss \(inf\)"),
    ],
)
def test_what_is_not_finite_is_named_and_no_update_is_made(
    batch: tuple[dict[Any, Any], Any], part: str, phrase: str
) -> None:
    model, hook, window, target = poisoned(part, batch)
    step = make_step(model, gradient_hook=hook, clip_norm=1.0)
    before = weights(model)
    result = step({name: tf.constant(values) for name, values in window.items()}, target, probability=0.0, seed=SEED)
    assert not result.finite
    for old, new in zip(before, weights(model), strict=True):
        np.testing.assert_array_equal(old, new)
    with pytest.raises(AssertionError, match=phrase):
        raise AssertionError(first_not_finite(step, window, result))


def test_a_batch_without_a_single_observed_target_changes_nothing_and_is_no_error(
    batch: tuple[dict[Any, Any], Any],
) -> None:
    window, target = batch
    model = forecaster()
    before = weights(model)
    result = make_step(model)(window, tf.fill(target.shape, np.nan), probability=0.0, seed=SEED)
    assert result.finite
    assert result.loss == 0.0
    assert result.weight == 0.0
    for old, new in zip(before, weights(model), strict=True):
        np.testing.assert_array_equal(old, new)


def test_sizes_are_even() -> None:
    assert even_sizes(10, 4) == [3, 3, 2, 2]
    assert even_sizes(2, 5) == [1, 1]
