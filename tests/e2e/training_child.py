"""Trains a small model in a process of its own, which the tests kill, distribute and start again.

    python training_child.py FOLDER [--die step:5|write:3|rename:2] [--devices 2] [--epochs 4] [--batch 16]
                             [--candidates 4]

With several candidates it trains a pool and selects from it. Prints what the loop says, and at the end one line of JSON: the digest of the weights and the losses.
With TF_CONFIG set it takes part in a MultiWorkerMirroredStrategy.
"""

import argparse
import hashlib
import json
import os
import signal
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import tensorflow as tf

from tapeline.components.trainer.checkpoint import CheckpointStore
from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.loop import Training
from tapeline.components.trainer.training_records import ProgressLines
from tapeline.components.trainer.training_run import make_reproducible, run_training
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.errors import TrainingError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import WindowConfig
from tapeline.schemas.training_config import ModelConfig, TrainingConfig
from tapeline.schemas.window_spec import WindowShape, WindowSpec
from tapeline.series.windowing import Chunk

SPEC = WindowSpec(context_length=8, horizon=3)
SHAPE = WindowShape(context_length=8, horizon=3, future=2)


def die() -> None:
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


class DieAtStep(keras.callbacks.Callback):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.left = number

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.left -= 1
        if not self.left:
            die()


def die_in_call(name: str, number: int) -> None:
    """Lets a function of `os`, which only the checkpoints use, kill the process at its n-th call."""
    real, left = getattr(os, name), [number]

    def deadly(*args: object) -> object:
        left[0] -= 1
        if not left[0]:
            die()
        return real(*args)

    setattr(os, name, deadly)


def chunk(first: int, steps: int) -> Chunk:
    time = np.arange(first, first + steps)
    noise = np.random.default_rng(first).normal(0, 0.05, steps)
    target = (np.sin(time / 3) + noise).astype(np.float32)
    target[::17] = np.nan
    return Chunk(
        series_id=b"wave",
        timestamp=time.astype(np.int64),
        target=target,
        past_covariates=np.zeros((steps, 0), np.float32),
        future_covariates=np.stack([np.sin(time / 3), np.cos(time / 3)], axis=1).astype(np.float32),
        static_covariates=np.zeros(0, np.float32),
        forecast_offsets=np.arange(8, steps - 2, dtype=np.int64),
    )


def stream(data: Chunk, batch_size: int, shuffle_windows: int = 0) -> WindowStream:
    return WindowStream(read=lambda: [data], spec=SPEC, batch_size=batch_size, shuffle_windows=shuffle_windows, seed=1)


def train_pool(config: TrainingConfig, candidates: int, folder: str, callbacks: list[keras.callbacks.Callback]) -> None:
    trained = run_training(
        train_chunks=lambda: [chunk(0, 150)],
        eval_chunks=lambda: [chunk(150, 60)],
        window=WindowConfig(context_length=8, horizon=3),
        features=FeaturesConfig(future_covariates=["a", "b"]),
        model=ModelConfig(units=4, dropout=0.2),
        training=config.model_copy(update={"candidates": candidates, "seed": 1}),
        season=3,
        # What counts steps counts those of all candidates.
        records=lambda candidate: callbacks,
        checkpoints=CheckpointStore(folder, fingerprint="test"),
        say=lambda line: print(line, flush=True),
    )
    assert trained.selected is not None
    arrays = [array for each in trained.candidates for array in each.model.get_weights()]
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays))
    losses = [[[epoch["loss"], epoch["val_loss"]] for epoch in each.history.epochs] for each in trained.candidates]
    choice = trained.selected.choice
    found = {"weights": digest.hexdigest(), "losses": losses, "picks": choice.picks, "error": choice.error}
    print(json.dumps(found), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--die", default="")
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--candidates", type=int, default=1)
    options = parser.parse_args()

    strategy = tf.distribute.get_strategy()
    if "TF_CONFIG" in os.environ:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    elif options.devices > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * options.devices)
        strategy = tf.distribute.MirroredStrategy([f"CPU:{number}" for number in range(options.devices)])

    callbacks: list[keras.callbacks.Callback] = [ProgressLines(options.epochs)]
    what, _, number = options.die.partition(":")
    if what == "step":
        callbacks.append(DieAtStep(int(number)))
    elif what:
        die_in_call({"write": "fsync", "rename": "replace"}[what], int(number))

    config = TrainingConfig(
        batch_size=options.batch,
        epochs=options.epochs,
        learning_rate=0.01,
        sampling={"start": 0.5, "end": 1.0, "epochs": 2},
        early_stopping={"patience": 3},
        reduce_on_plateau={"patience": 1},
    )
    if options.candidates > 1:
        with strategy.scope():
            train_pool(config, options.candidates, options.folder, callbacks)
        return 0
    make_reproducible(config)
    with strategy.scope():
        model = Seq2SeqForecaster(shape=SHAPE, config=ModelConfig(units=4, dropout=0.2, segment_length=2), seed=1)
        try:
            training = Training(
                model,
                train_data=stream(chunk(0, 150), options.batch, 1000),
                validation_data=stream(chunk(150, 60), 32),
                config=config,
                callbacks=callbacks,
                checkpoints=CheckpointStore(options.folder, fingerprint="test"),
                say=lambda line: print(line, flush=True),
            )
            training.run_to(config.epochs)
        except TrainingError as error:
            print(error, flush=True)
            return 2
        history = training.finish()
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in model.get_weights()))
    losses = [[epoch["loss"], epoch["val_loss"]] for epoch in history.epochs]
    print(json.dumps({"weights": digest.hexdigest(), "losses": losses}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
