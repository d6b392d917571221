"""The sequence-to-sequence forecaster."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.network.ridge_fit import RidgeFit
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.features_config import RollingConfig
from tapeline.schemas.training_config import ModelConfig, ViewConfig
from tapeline.schemas.window_spec import WindowShape

SHAPE = WindowShape(context_length=6, horizon=4, past=2, future=3, static=1)
CONFIGS = {
    "plain": ModelConfig(units=4),
    "no highway": ModelConfig(units=4, view=ViewConfig(highway="none")),
    "attention": ModelConfig(units=4, attention_heads=2),
    "layer norm": ModelConfig(units=4, layer_norm=True),
    "dropout": ModelConfig(units=4, dropout=0.4),
    "lags": ModelConfig(units=4, lags=(2, 6)),
    "short encoder": ModelConfig(units=4, encoder_length=3),
    "all": ModelConfig(units=4, lags=(3,), attention_heads=2, layer_norm=True, dropout=0.4),
}


def make_window(count: int = 5, shape: Any = SHAPE, seed: int = 0) -> dict[Any, Any]:
    rng = np.random.default_rng(seed)
    length = shape.context_length
    window = {
        "context": rng.normal(size=(count, length)),
        "context_observed": np.ones((count, length)),
        "past_covariates": rng.normal(size=(count, length, shape.past)),
        "future_covariates": rng.normal(size=(count, length + shape.horizon, shape.future)),
        "static_covariates": rng.normal(size=(count, shape.static)),
    }
    return {name: tf.constant(values, tf.float32) for name, values in window.items()}


def make_model(config: Any, *, shape: Any = SHAPE, rolling: Any = (), shaken: bool = True) -> Any:
    """A model whose head and highway are not zero any more, so that all inputs show in the forecast."""
    model = Seq2SeqForecaster(shape=shape, config=config, rolling=rolling, seed=1)
    if shaken:
        rng = np.random.default_rng(7)
        model.spread.assign(0.7)
        for variable in (model.head_kernel, *model.variable_groups()["highway"]):
            variable.assign(0.5 * rng.normal(size=variable.shape))
    return model


def previous_of(window: Any, forecast: Any) -> Any:
    return tf.concat([window["context"][:, -1:], forecast[:, :-1]], axis=1)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", CONFIGS)
def test_decoding_from_its_own_forecast_is_free_running(name: Any, training: bool) -> None:
    model, window = make_model(CONFIGS[name]), make_window()
    encoded = model.encode(window, training=training, seed=tf.constant([1, 2]))
    free = model.rollout(encoded)
    np.testing.assert_allclose(model.decode(encoded, previous_of(window, free)), free, atol=1e-5)


@pytest.mark.parametrize("layer_norm", [False, True])
def test_a_long_horizon_is_free_running_too(layer_norm: bool) -> None:
    # With a norm between output and input it runs in a loop, without one in a single call.
    shape = WindowShape(context_length=3, horizon=70, future=1)
    model, window = make_model(ModelConfig(units=3, layer_norm=layer_norm), shape=shape), make_window(shape=shape)
    free = model(window)
    assert free.shape == (5, 70)
    np.testing.assert_allclose(model.decode(model.encode(window), previous_of(window, free)), free, atol=1e-5)


@pytest.mark.parametrize("kernel", ["loop", "portable"])
@pytest.mark.parametrize("name", CONFIGS)
def test_a_forecast_does_not_depend_on_the_kernel(name: Any, kernel: str) -> None:
    model, window = make_model(CONFIGS[name]), make_window()
    np.testing.assert_allclose(model(window, kernel=kernel), model(window), atol=1e-5)


def test_the_untrained_model_is_its_highway() -> None:
    model, window = make_model(ModelConfig(units=4), shaken=False), make_window()
    kernel = np.random.default_rng(0).normal(size=model.highway.kernel.shape)
    model.adopt(
        RidgeFit(
            kernel=kernel, bias=np.ones(4, np.float32), spread=0.3, penalty=0.0, covariate_factor=1.0, eval_mae=0.0
        )
    )
    expected = window["context"][:, -1:] + model.highway(window)
    np.testing.assert_allclose(model(window), expected, atol=1e-6)
    assert float(model.spread) == pytest.approx(0.3)


def test_the_untrained_model_without_a_highway_is_persistence() -> None:
    model, window = make_model(ModelConfig(units=4, view=ViewConfig(highway="none")), shaken=False), make_window()
    np.testing.assert_allclose(model(window), np.repeat(window["context"][:, -1:], 4, axis=1), atol=1e-6)


@pytest.mark.parametrize("name", ["plain", "no highway", "all"])
def test_raising_the_level_raises_the_forecast_by_as_much(name: str) -> None:
    model, window = make_model(CONFIGS[name], rolling=(RollingConfig(window=3),)), make_window()
    raised = {**window, "context": window["context"] + 8.0}
    np.testing.assert_allclose(model(raised), model(window) + 8.0, atol=1e-4)


@pytest.mark.parametrize(
    "feature", ["context", "context_observed", "past_covariates", "future_covariates", "static_covariates"]
)
def test_every_feature_reaches_the_forecast(feature: str) -> None:
    model, window = (
        make_model(ModelConfig(units=4, view=ViewConfig(highway="none")), rolling=(RollingConfig(window=3),)),
        make_window(),
    )
    changed = {
        **window,
        feature: window[feature] * 1.5 + tf.random.stateless_normal(window[feature].shape, seed=[1, 1]),
    }
    assert np.abs(model(changed) - model(window)).max() > 1e-4


def test_a_step_does_not_see_covariates_after_it_without_the_highway() -> None:
    model, window = make_model(ModelConfig(units=4, view=ViewConfig(highway="none"))), make_window()
    future = window["future_covariates"].numpy()
    future[:, SHAPE.context_length + 2 :] += 1.0
    change = np.abs(model({**window, "future_covariates": tf.constant(future)}) - model(window))
    np.testing.assert_allclose(change[:, :2], 0.0, atol=1e-6)
    assert change[:, 2].max() > 1e-4


def test_a_short_encoder_reads_only_the_end_of_the_context() -> None:
    config = ModelConfig(units=4, view=ViewConfig(highway="none"), encoder_length=3)
    model, window = make_model(config), make_window()
    change = np.zeros((5, 6, 2), np.float32)
    change[:, :3] = 1.0
    early = {**window, "past_covariates": window["past_covariates"] + change}
    late = {**window, "past_covariates": window["past_covariates"] + change[:, ::-1]}
    np.testing.assert_allclose(model(early), model(window), atol=1e-6)
    assert np.abs(model(late) - model(window)).max() > 1e-4


def test_the_forecast_of_a_window_does_not_depend_on_its_batch() -> None:
    model, window = make_model(CONFIGS["all"]), make_window()
    alone = model({name: values[2:3] for name, values in window.items()})
    np.testing.assert_allclose(alone, model(window)[2:3], atol=1e-5)


def test_all_variables_get_gradients() -> None:
    model, window = make_model(CONFIGS["all"], rolling=(RollingConfig(window=3),)), make_window()
    with tf.GradientTape() as tape:
        encoded = model.encode(window, training=True, seed=tf.constant([1, 2]))
        value = tf.reduce_sum(model.decode(encoded, previous_of(window, tf.zeros((5, 4)))) ** 2)
    gradients = tape.gradient(value, model.trainable_variables)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.path
        # Shifting all keys shifts all scores of a query alike, which the softmax does not see.
        if "key_bias" not in variable.path:
            assert np.abs(gradient).max() > 0.0, variable.path


def test_groups_part_the_trainable_variables() -> None:
    model = make_model(CONFIGS["all"])
    groups = model.variable_groups()
    assert [variable.path for variable in groups["highway"]] == ["highway/kernel", "highway/bias"]
    paths = [variable.path for group in groups.values() for variable in group]
    assert sorted(paths) == sorted(variable.path for variable in model.trainable_variables)
    assert "spread" not in " ".join(paths)


def test_one_seed_gives_one_model() -> None:
    window = make_window()
    first, same = (make_model(CONFIGS["all"])(window) for _ in range(2))
    np.testing.assert_array_equal(first, same)


def test_dropout_is_off_outside_training_and_a_function_of_its_seed_inside() -> None:
    model, window = make_model(CONFIGS["dropout"]), make_window()
    np.testing.assert_array_equal(model(window), model(window))
    one, same, other = (model(window, training=True, seed=tf.constant(seed)) for seed in ([1, 1], [1, 1], [1, 2]))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_dropout_without_a_seed_is_refused() -> None:
    with pytest.raises(ValueError, match=r"seed: is None, but dropout \(0\.4\)"):
        make_model(CONFIGS["dropout"]).encode(make_window(), training=True)


@pytest.mark.parametrize("segment_length", [1, 3])
@pytest.mark.parametrize("kernel", ["auto", "loop", "portable"])
@pytest.mark.parametrize("name", ["plain", "all"])
def test_the_batch_may_be_unknown_when_the_graph_is_built(name: str, kernel: str, segment_length: int) -> None:
    config = CONFIGS[name].model_copy(update={"segment_length": segment_length})
    model, window = make_model(config), make_window()
    signature = {name: tf.TensorSpec((None, *values.shape[1:]), tf.float32) for name, values in window.items()}
    graph = tf.function(lambda window: model(window, kernel=kernel), input_signature=[signature])
    assert graph.get_concrete_function().structured_outputs.shape.as_list() == [None, 4]
    np.testing.assert_allclose(graph(window), model(window), atol=1e-5)
