"""Contestant: this project's loop, with its own input pipeline that cuts windows while it trains.

`teacher-forced` and `rollout` are the architecture of the others, step by step
and without the linear highway. `as shipped` is what one candidate does whose
configuration says nothing of training: segments, highway, rollout, averaged weights.
"""

import numpy as np
import rounds
import tensorflow as tf

from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.distribution import available_cores, choose_shards
from tapeline.components.trainer.epoch import train_epoch
from tapeline.components.trainer.losses import make_loss
from tapeline.components.trainer.optimizers import variable_groups
from tapeline.components.trainer.train_step import LossTerm, TrainStep
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.training_config import LossConfig, ModelConfig, SamplingConfig, TrainingConfig, ViewConfig
from tapeline.schemas.window_spec import WindowShape, WindowSpec
from tapeline.series.windowing import Chunk

SAMPLING = {
    "teacher-forced": SamplingConfig(schedule="constant", start=0.0),
    "rollout": SamplingConfig(schedule="constant", start=1.0),
    "as shipped": SamplingConfig(schedule="constant", start=1.0),
}
SEGMENT = 8
"""Steps at a time that are chosen for a horizon of 24."""


def chunk(context_length: int, windows: int) -> Chunk:
    steps = windows + context_length + rounds.HORIZON - 1
    values = np.random.default_rng(0).normal(size=(steps, 5)).astype(np.float32)
    return Chunk(
        series_id=b"noise",
        timestamp=np.arange(steps),
        target=values[:, 0],
        past_covariates=np.ascontiguousarray(values[:, 1:3]),
        future_covariates=np.ascontiguousarray(values[:, 3:]),
        static_covariates=np.zeros(0, np.float32),
        forecast_offsets=np.arange(context_length, context_length + windows),
    )


def make(variant: str, size: int, context_length: int) -> tuple[TrainStep, TrainingConfig]:
    shipped = variant == "as shipped"
    shape = WindowShape(context_length=context_length, horizon=rounds.HORIZON, past=2, future=rounds.FUTURE)
    view = ViewConfig(highway="known" if shipped else "none")
    config = TrainingConfig(
        batch_size=size, sampling=SAMPLING[variant], **({} if shipped else {"average_weights": 0.0})
    )
    model = Seq2SeqForecaster(
        shape=shape, config=ModelConfig(units=rounds.UNITS, segment_length=SEGMENT if shipped else 1, view=view), seed=1
    )
    step = TrainStep(
        model,
        terms=(LossTerm(loss=make_loss(LossConfig(), rounds.HORIZON)),),
        groups=variable_groups(model, config),
        sampling=config.sampling,
        clip_norm=config.clip_norm,
        shards=choose_shards(size, available_cores()),
    )
    return step, config


made: dict[tuple[str, int, int], tuple[TrainStep, TrainingConfig]] = {}


def train(variant: str, size: int, steps: int) -> float:
    variant, _, context = variant.partition("@")
    context_length = int(context or rounds.CONTEXT)
    key = variant, size, context_length
    first = key not in made
    if first:
        made[key] = make(*key)
    step, config = made[key]
    data = chunk(context_length, size * steps)
    stream = WindowStream(
        read=lambda: [data],
        spec=WindowSpec(context_length=context_length, horizon=rounds.HORIZON),
        batch_size=size,
        shuffle_windows=config.shuffle_windows,
    )
    # The first epoch of a step builds its graph.
    for epoch in range(2 if first else 1):
        logs = train_epoch(step, stream, epoch=epoch, config=config, callbacks=())
    return logs["windows_per_second"]


step, _ = make("teacher-forced", 64, rounds.CONTEXT)
parameters = sum(int(np.prod(variable.shape)) for variable in step.variables)
rounds.serve(train, {"library": f"this loop, TensorFlow {tf.__version__}", "parameters": parameters})
