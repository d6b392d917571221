"""A small series, model and training set-up that the tests of the loop share."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.components.trainer.dataset import WindowStream
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.training_config import ModelConfig, TrainingConfig
from tapeline.schemas.window_spec import WindowShape, WindowSpec
from tapeline.series.windowing import Chunk

SPEC = WindowSpec(context_length=8, horizon=3)
SHAPE = WindowShape(context_length=8, horizon=3, past=1, future=2)


def wave(steps: int, *, first: int = 0, holes: bool = True) -> Chunk:
    """A noisy sine with a phase that is known ahead; every 17th value is unobserved."""
    time = np.arange(first, first + steps)
    noise = np.random.default_rng(first).normal(0, 0.05, steps)
    target = (np.sin(time / 3) + noise).astype(np.float32)
    if holes:
        target[::17] = np.nan
    return Chunk(
        series_id=b"wave",
        timestamp=time.astype(np.int64),
        target=target,
        past_covariates=noise.astype(np.float32)[:, None],
        future_covariates=np.stack([np.sin(time / 3), np.cos(time / 3)], axis=1).astype(np.float32),
        static_covariates=np.zeros(0, np.float32),
        forecast_offsets=np.arange(8, steps - 2, dtype=np.int64),
    )


def stream(chunk: Chunk, batch_size: int, *, shuffle: bool = False, seed: int = 1) -> WindowStream:
    return WindowStream(
        read=lambda: [chunk], spec=SPEC, batch_size=batch_size, shuffle_windows=1000 if shuffle else 0, seed=seed
    )


def forecaster(*, seed: int = 1, **options: Any) -> Seq2SeqForecaster:
    """A small model whose every part has something to do: an untrained head would send no gradient back."""
    model = Seq2SeqForecaster(shape=SHAPE, config=ModelConfig(units=4, **options), seed=seed)
    rng = np.random.default_rng(seed)
    for variable in (model.head_kernel, *model.highway.trainable_variables):
        variable.assign(rng.normal(0, 0.3, variable.shape))
    return model


def config(**options: Any) -> TrainingConfig:
    return TrainingConfig(
        **{
            "batch_size": 16,
            "epochs": 3,
            "learning_rate": 0.01,
            "highway_learning_rate": None,
            "sampling": {"schedule": "linear", "start": 0.0},
            "seed": 1,
            "shards": 1,
            "candidates": 1,
        }
        | options
    )


def weights(model: Any) -> list[npt.NDArray[Any]]:
    return model.get_weights()


@contextlib.contextmanager
def without_graphs() -> Iterator[None]:
    """Runs compiled functions operation by operation: the same numbers, without seconds of building graphs."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)
