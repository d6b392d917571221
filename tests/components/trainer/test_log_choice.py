"""Logarithms are a view of members: what comes out is scaled as ever."""

import numpy as np
import pytest
import tensorflow as tf

from tapeline.components.trainer.log_choice import Transform, find_logs
from tapeline.components.trainer.sampling import teacher_inputs
from tapeline.components.trainer.selection import clearly_better
from tapeline.components.trainer.training_run import TrainedModel, run_training
from tapeline.forecaster.network.log_view import LogView
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.errors import DataError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import WindowConfig
from tapeline.schemas.training_config import ModelConfig, TrainingConfig
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.scaling import Scaler
from tapeline.series.windowing import Chunk
from tests.components.trainer.small_training import without_graphs

WINDOW = WindowConfig(context_length=8, horizon=3)
LOW, HIGH, TRAIN = 2.0, 50.0, 90
SCALER = Scaler(np.zeros(0, object), np.zeros(0), np.zeros(0), (LOW, HIGH - LOW), "all")


def growing(first: int, last: int, *, low: float = LOW) -> Chunk:
    """Steps of a series that grows by a twentieth a step, with noise, and is `low` at the start of train."""
    steps = np.arange(first, last)
    noise = np.random.default_rng(0).normal(0.0, 0.02, 300)[first:last]
    values = LOW * np.exp(0.035 * steps + noise * (steps > 0))
    values[steps == 0] = low
    return Chunk(
        series_id=b"grows",
        timestamp=steps.astype(np.int64),
        target=((values - LOW) / (HIGH - LOW)).astype(np.float32),
        past_covariates=np.zeros((len(steps), 0), np.float32),
        future_covariates=np.zeros((len(steps), 0), np.float32),
        static_covariates=np.zeros(0, np.float32),
        forecast_offsets=np.arange(8, len(steps) - 2, dtype=np.int64),
    )


def train(transform: Transform, said: list[str]) -> TrainedModel:
    with without_graphs():
        return run_training(
            train_chunks=lambda: [growing(0, TRAIN)],
            eval_chunks=lambda: [growing(TRAIN - 8, TRAIN + 30)],
            window=WINDOW,
            features=FeaturesConfig(),
            model=ModelConfig(units=2, members=1),
            training=TrainingConfig(epochs=1, candidates=2, seed=1),
            scaler=SCALER,
            transform=transform,
            say=said.append,
        )


def test_networks_and_ridges_read_logarithms_and_err_in_the_scaled_space() -> None:
    said: list[str] = []
    trained = train("log", said)
    assert "networks read logarithms (scaling.transform: log)" in said
    assert trained.selected is not None
    errors = dict(zip([each.name for each in trained.selected.members], trained.selected.choice.errors, strict=True))
    assert errors["ridge in logarithms"] < 0.7 * errors["persistence"]
    # The network starts from the ridge on logarithms, and its error is in the same space.
    assert trained.candidates[0].history.untrained == pytest.approx(errors["ridge in logarithms"], rel=1e-4)


def test_logarithms_must_be_better_by_more_than_chance() -> None:
    target, blocks = np.zeros((6, 2)), np.array([0, 0, 1, 1, 2, 2])
    values = np.ones((6, 2))
    steadily, at_times = np.full((6, 2), 0.9), np.repeat([[0.2], [1.4], [1.3]], 2, axis=0) * np.ones(2)
    assert clearly_better(steadily, values, target, blocks)
    assert not clearly_better(at_times, values, target, blocks)
    assert not clearly_better(values, values, target, blocks)


def test_a_network_that_reads_logarithms_gives_the_same_in_one_pass_and_step_after_step() -> None:
    logs = LogView(ratio=np.array([24.0]), least=np.array([0.5]))
    shape = WindowShape(context_length=8, horizon=3)
    model = Seq2SeqForecaster(shape=shape, config=ModelConfig(units=3), seed=1, logs=logs)
    rng = np.random.default_rng(0)
    for variable in model.variables:
        variable.assign(rng.normal(0.0, 0.3, variable.shape) if variable.shape else 1.0)
    window = {"context": tf.constant(rng.random((4, 8)), tf.float32), "context_observed": tf.ones((4, 8))}
    encoded = model.encode(window)
    free = model.rollout(encoded)
    assert float(tf.reduce_min(free)) > -1.0 / 24.0
    np.testing.assert_allclose(model.decode(encoded, teacher_inputs(encoded, free)), free, rtol=1e-4, atol=1e-6)
    missing = tf.where([[False, True, False]], np.float32("nan"), free)
    assert np.isfinite(model.decode(encoded, teacher_inputs(encoded, missing))).all()


def test_values_that_have_no_logarithm_are_refused_or_left_as_they_are() -> None:
    zero = growing(0, TRAIN, low=0.0)
    with pytest.raises(DataError, match=r"scaling.transform: got 'log'; the series hold values that are not above 0"):
        find_logs(lambda: [zero], transform="log", scaler=SCALER)
    said: list[str] = []
    assert find_logs(lambda: [zero], transform="auto", scaler=SCALER, say=said.append) is None
    assert "values stay as they are" in said[0]
    assert find_logs(lambda: [growing(0, TRAIN)], transform="none", scaler=SCALER) is None
