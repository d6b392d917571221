"""Scheduled sampling: the schedules, and what the decoder reads."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tapeline.components.trainer.sampling import free_forecast, sample_forecast, sampling_probability, teacher_inputs
from tapeline.forecaster.network import decoding
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.training_config import ModelConfig, SamplingConfig
from tapeline.schemas.window_spec import WindowShape

SCHEDULES = ("constant", "linear", "inverse_sigmoid", "exponential")
HORIZON = 5
SEED = tf.constant([3, 4])


def probabilities(count: Any, **options: Any) -> list[Any]:
    config = SamplingConfig(**options)
    return [sampling_probability(config, epoch) for epoch in range(count)]


def test_a_linear_schedule_goes_in_equal_steps() -> None:
    assert probabilities(4, schedule="linear", start=0.2, end=0.8, epochs=2) == pytest.approx([0.2, 0.5, 0.8, 0.8])


def test_an_inverse_sigmoid_schedule_is_halfway_in_the_middle_and_slow_at_its_ends() -> None:
    path = probabilities(11, schedule="inverse_sigmoid", start=0.0, end=1.0, epochs=10)
    assert path[5] == pytest.approx(0.5)
    assert path[1] < 0.1 < 0.2 < path[4]


def test_an_exponential_schedule_keeps_the_same_share_of_its_rest_each_epoch() -> None:
    path = np.array(probabilities(11, schedule="exponential", start=0.0, end=0.99, epochs=10))
    # from 0 to 0.99 it leaves 1 - p = 0.01 ** (epoch / 10)
    np.testing.assert_allclose(1.0 - path, 0.01 ** (np.arange(11) / 10), rtol=1e-9)


def test_a_constant_schedule_stays_where_it_starts() -> None:
    assert probabilities(3, schedule="constant", start=0.3, end=1.0) == [0.3] * 3


@given(
    schedule=st.sampled_from(SCHEDULES[1:]),
    start=st.floats(0, 1),
    end=st.floats(0, 1),
    epochs=st.integers(1, 30),
)
def test_schedules_go_from_start_to_end_without_turning_back(
    schedule: Any, start: float, end: float, epochs: int
) -> None:
    path = probabilities(epochs + 3, schedule=schedule, start=start, end=end, epochs=epochs)
    assert path[0] == pytest.approx(start)
    assert path[epochs:] == pytest.approx([end] * 3, abs=1e-12)
    direction = math.copysign(1.0, end - start)
    assert all(direction * (after - before) >= -1e-9 for before, after in itertools.pairwise(path))


@pytest.fixture(scope="module")
def case() -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    shape = WindowShape(context_length=6, horizon=HORIZON, future=1)
    model = Seq2SeqForecaster(shape=shape, config=ModelConfig(units=4), seed=1)
    # A head that is not zero, so that what the decoder reads shows in what it says.
    model.head_kernel.assign(3.0 * rng.normal(size=(4, 1)))
    model.highway.kernel.assign(0.3 * rng.normal(size=model.highway.kernel.shape))
    window = {
        "context": rng.normal(size=(8, 6)).astype(np.float32),
        "context_observed": np.ones((8, 6), np.float32),
        "future_covariates": rng.normal(size=(8, 6 + HORIZON, 1)).astype(np.float32),
    }
    return model, window, rng.normal(size=(8, HORIZON)).astype(np.float32)


def test_the_decoder_reads_the_last_value_then_the_truth(case: tuple[Any, Any, Any]) -> None:
    model, window, target = case
    inputs = teacher_inputs(model.encode(window), target)
    np.testing.assert_array_equal(inputs[:, 0], window["context"][:, -1])
    np.testing.assert_array_equal(inputs[:, 1:], target[:, :-1])


def test_an_unobserved_truth_is_replaced_by_the_linear_forecast(case: tuple[Any, Any, Any]) -> None:
    model, window, target = case
    holed = target.copy()
    holed[2, 1] = np.nan
    encoded = model.encode(window)
    inputs = teacher_inputs(encoded, holed)
    linear = window["context"][2, -1] + encoded.linear[2, 1]
    assert float(inputs[2, 2]) == pytest.approx(float(linear))
    assert np.isfinite(inputs).all()


def test_probability_zero_is_teacher_forcing(case: tuple[Any, Any, Any]) -> None:
    model, window, target = case
    encoded = model.encode(window)
    forced = model.decode(encoded, teacher_inputs(encoded, target))
    np.testing.assert_allclose(sample_forecast(model, window, target, 0.0, seed=SEED), forced, atol=1e-6)


def test_probability_one_is_free_running(case: tuple[Any, Any, Any]) -> None:
    model, window, target = case
    sampled = sample_forecast(model, window, target, 1.0, seed=SEED)
    np.testing.assert_allclose(sampled, model(window), atol=1e-5)


def test_a_draw_a_window_mixes_whole_windows(case: tuple[Any, Any, Any]) -> None:
    model, window, target = case
    forced = sample_forecast(model, window, target, 0.0, seed=SEED).numpy()
    own = sample_forecast(model, window, target, 1.0, seed=SEED).numpy()
    mixed = sample_forecast(model, window, target, 0.5, draw="window", seed=SEED).numpy()
    is_forced = np.isclose(mixed, forced, atol=1e-6).all(axis=1)
    is_own = np.isclose(mixed, own, atol=1e-6).all(axis=1)
    assert (is_forced ^ is_own).all()
    assert 0 < is_own.sum() < len(mixed)


def test_a_draw_a_step_mixes_within_a_window(case: tuple[Any, Any, Any]) -> None:
    model, window, target = case
    forced = sample_forecast(model, window, target, 0.0, seed=SEED).numpy()
    own = sample_forecast(model, window, target, 1.0, seed=SEED).numpy()
    mixed = sample_forecast(model, window, target, 0.5, draw="step", seed=SEED).numpy()
    neither = ~np.isclose(mixed, forced, atol=1e-6).all(axis=1) & ~np.isclose(mixed, own, atol=1e-6).all(axis=1)
    assert neither.any()


def test_draws_are_a_function_of_the_seed(case: tuple[Any, Any, Any]) -> None:
    model, window, target = case
    first, same, other = (
        sample_forecast(model, window, target, 0.5, seed=tf.constant(seed)) for seed in ([1, 2], [1, 2], [1, 3])
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_the_gradient_flows_through_the_last_pass_only(case: tuple[Any, Any, Any]) -> None:
    model, window, target = case
    encoded = model.encode(window)
    own = tf.concat([encoded.last, model(window)[:, :-1]], axis=1)

    def gradient(run: Any) -> Any:
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(run() ** 2)
        return tape.gradient(value, model.trainable_variables)

    sampled = gradient(lambda: sample_forecast(model, window, target, 1.0, seed=SEED))
    # The same decoder inputs, given as constants.
    last_pass = gradient(lambda: model.decode(model.encode(window), own))
    for mine, expected in zip(sampled, last_pass, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-4, atol=1e-5)


def test_a_changed_probability_does_not_retrace(case: tuple[Any, Any, Any]) -> None:
    model, window, target = case
    traces = []

    @tf.function
    def run(probability: Any) -> Any:
        traces.append(1)
        return sample_forecast(model, window, target, probability, seed=SEED)

    for probability in (0.0, 0.3, 1.0):
        run(tf.constant(probability))
    assert len(traces) == 1


@pytest.mark.parametrize("options", [{}, {"dropout": 0.4}, {"attention_heads": 2, "layer_norm": True}])
@pytest.mark.parametrize("in_a_loop", [False, True])
@pytest.mark.parametrize("length", [1, 2, 5])
def test_the_gradient_of_free_running_is_that_of_an_explicit_rollout(
    length: int, options: Any, in_a_loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "_LONGEST_UNROLLED_IN_TRAINING", 0 if in_a_loop else 64)
    rng = np.random.default_rng(0)
    shape = WindowShape(context_length=6, horizon=HORIZON, future=1)
    config = ModelConfig(units=4, segment_length=length, **options)
    model = Seq2SeqForecaster(shape=shape, config=config, seed=1)
    model.head_kernel.assign(rng.normal(size=model.head_kernel.shape))
    window = {
        "context": rng.normal(size=(8, 6)).astype(np.float32),
        "context_observed": np.ones((8, 6), np.float32),
        "future_covariates": rng.normal(size=(8, 6 + HORIZON, 1)).astype(np.float32),
    }
    dropout_seed, _ = tf.unstack(tf.random.split(SEED, 2))

    def explicit() -> Any:
        """Decodes as often as there are segments, each time a segment further, from its own output."""
        encoded = model.encode(window, training=True, seed=dropout_seed)
        forecast = tf.zeros((8, 0))
        for start in range(0, HORIZON, length):
            rest = tf.zeros((8, HORIZON - start))
            again = model.decode(encoded, encoded.fed_back(tf.concat([forecast, rest], axis=1)))
            forecast = tf.concat([forecast, again[:, start : start + length]], axis=1)
        return forecast

    def gradient(run: Any) -> Any:
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(run() ** 2)
        return tape.gradient(value, model.trainable_variables)

    found = gradient(lambda: free_forecast(model, window, seed=SEED))
    for mine, expected in zip(found, gradient(explicit), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-3, atol=1e-4)


def test_segments_are_fed_back_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    shape = WindowShape(context_length=6, horizon=HORIZON)
    model = Seq2SeqForecaster(shape=shape, config=ModelConfig(units=4, segment_length=2), seed=1)
    model.head_kernel.assign(3.0 * rng.normal(size=(4, 2)))
    context = rng.normal(size=(8, 6)).astype(np.float32)
    window, target = (
        {"context": context, "context_observed": np.ones((8, 6), np.float32)},
        rng.normal(size=(8, HORIZON)),
    )
    read: list[Any] = []
    decode = model.decode

    def noted(encoded: Any, previous: Any) -> Any:
        read.append(previous.numpy())
        return decode(encoded, previous)

    monkeypatch.setattr(model, "decode", noted)
    sample_forecast(model, window, tf.constant(target, tf.float32), 0.5, seed=SEED)
    # What comes before the first segment is no forecast: the context's end.
    np.testing.assert_array_equal(read[0][:, :2], context[:, -2:])
    is_truth = np.isclose(read[0][:, 2:], target[:, :4], atol=1e-6).reshape(8, 2, 2)
    np.testing.assert_array_equal(is_truth[:, :, 0], is_truth[:, :, 1])
    assert is_truth.any()
    assert not is_truth.all()
