"""Segments: how sequences are cut, and that a network of segments forecasts as one of steps does."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.network.segments import last_segment, segments_before, to_segments
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.features_config import RollingConfig
from tapeline.schemas.training_config import ModelConfig, ViewConfig
from tapeline.schemas.window_spec import WindowShape
from tests.forecaster.network.test_seq2seq import make_model, make_window

SHAPES = {
    "divides both": WindowShape(context_length=6, horizon=6, past=2, future=3, static=1),
    "divides neither": WindowShape(context_length=7, horizon=5, past=2, future=3, static=1),
    "is longer than both": WindowShape(context_length=2, horizon=1, future=3),
}
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no highway": {"view": ViewConfig(highway="none")},
    "attention": {"attention_heads": 2},
    "layer norm": {"layer_norm": True},
    "dropout": {"dropout": 0.4},
    "short encoder": {"encoder_length": 2},
    "all": {"lags": (2,), "attention_heads": 2, "layer_norm": True, "dropout": 0.4, "view": ViewConfig(level=True)},
}


def segmented(name: str, shape: Any, length: int = 3) -> tuple[Any, Any]:
    model = make_model(ModelConfig(units=4, segment_length=length, **CONFIGS[name]), shape=shape)
    return model, make_window(shape=shape)


def by_hand(model: Any, encoded: Any) -> Any:
    """Segment after segment, each a call of its own over all that the decoder has read until then."""
    shape = encoded.linear.shape
    forecast = np.zeros(shape, np.float32)
    length = encoded.segment_length
    for start in range(0, shape[1], length):
        again = model.decode(encoded, encoded.fed_back(tf.constant(forecast))).numpy()
        forecast[:, start : start + length] = again[:, start : start + length]
    return forecast


def test_zeros_fill_up_a_context_at_its_start_and_a_horizon_at_its_end() -> None:
    values = tf.reshape(tf.range(1.0, 11.0), (1, 5, 2))
    start, end = (to_segments(values, 3, pad=side).numpy().tolist() for side in ("start", "end"))
    assert start == [[[0.0, 0.0, 1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0, 9.0, 10.0]]]
    assert end == [[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [7.0, 8.0, 9.0, 10.0, 0.0, 0.0]]]


def test_before_the_first_segment_is_the_end_of_the_context() -> None:
    context = tf.constant([[1.0, 2.0, 3.0]])
    assert last_segment(context, 2).numpy().tolist() == [[2.0, 3.0]]
    assert last_segment(context, 5).numpy().tolist() == [[1.0, 1.0, 1.0, 2.0, 3.0]]
    assert segments_before(tf.constant([[0.0]]), context).numpy().tolist() == [[0.0, 1.0, 2.0]]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", CONFIGS)
def test_a_rollout_reads_its_own_last_segment(name: str, shape: str, training: bool) -> None:
    model, window = segmented(name, SHAPES[shape])
    encoded = model.encode(window, training=training, seed=tf.constant([1, 2]))
    np.testing.assert_allclose(model.rollout(encoded), by_hand(model, encoded), atol=1e-5)
    np.testing.assert_allclose(model.decoding.rollout_by_steps(encoded), model.rollout(encoded), atol=1e-5)


@pytest.mark.parametrize("length", [1, 2, 3, 5, 8])
def test_the_closed_form_is_the_explicit_loop_for_every_length(length: int) -> None:
    model, window = segmented("plain", SHAPES["divides neither"], length)
    encoded = model.encode(window)
    closed, explicit = model.rollout(encoded), model.decoding.rollout_by_steps(encoded)
    assert closed.shape == (5, 5)
    np.testing.assert_allclose(closed, explicit, atol=1e-5)
    for kernel in ("loop", "portable"):
        np.testing.assert_allclose(model(window, kernel=kernel), explicit, atol=1e-5)


@pytest.mark.parametrize("layer_norm", [False, True])
def test_a_horizon_of_many_segments_is_free_running_too(layer_norm: bool) -> None:
    shape = WindowShape(context_length=3, horizon=131, future=1)
    model, window = (
        make_model(ModelConfig(units=3, segment_length=2, layer_norm=layer_norm), shape=shape),
        make_window(shape=shape),
    )
    encoded = model.encode(window)
    free = model.rollout(encoded)
    np.testing.assert_allclose(model.decode(encoded, encoded.fed_back(free)), free, atol=1e-5)


def test_an_untrained_model_of_segments_is_persistence() -> None:
    model = Seq2SeqForecaster(shape=SHAPES["divides neither"], config=ModelConfig(units=4, segment_length=3), seed=1)
    window = make_window(shape=SHAPES["divides neither"])
    np.testing.assert_allclose(model(window), np.repeat(window["context"][:, -1:], 5, axis=1), atol=1e-6)


@pytest.mark.parametrize(
    "feature", ["context", "context_observed", "past_covariates", "future_covariates", "static_covariates"]
)
def test_every_feature_reaches_the_forecast(feature: str) -> None:
    config = ModelConfig(units=4, segment_length=3, view=ViewConfig(highway="none"))
    shape = SHAPES["divides neither"]
    model, window = make_model(config, shape=shape, rolling=(RollingConfig(window=3),)), make_window(shape=shape)
    changed = {**window, feature: window[feature] * 1.5 + 0.3}
    assert np.abs(model(changed) - model(window)).max() > 1e-4


def test_a_segment_does_not_see_covariates_of_segments_after_it() -> None:
    model, window = segmented("no highway", SHAPES["divides both"])
    future = window["future_covariates"].numpy()
    future[:, 6 + 3 :] += 1.0
    change = np.abs(model({**window, "future_covariates": tf.constant(future)}) - model(window))
    np.testing.assert_allclose(change[:, :3], 0.0, atol=1e-6)
    assert change[:, 3:].max() > 1e-4


def test_raising_the_level_raises_the_forecast_by_as_much() -> None:
    model, window = segmented("plain", SHAPES["divides neither"])
    np.testing.assert_allclose(model({**window, "context": window["context"] + 8.0}), model(window) + 8.0, atol=1e-4)
