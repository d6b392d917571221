"""The training loop, from top to bottom: epochs around steps.

Two loops, one inside the other. The inner one makes the steps of an epoch and knows nothing of validation. The outer
one knows nothing of gradients: it validates, asks the callbacks, and writes a checkpoint.

All randomness is drawn from the seed, the epoch and the step. So an epoch that was cut short by a crash is simply made
again, from the checkpoint before it, and comes out the same.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from tapeline.components.trainer.callbacks import EarlyStopping, ReduceLROnPlateau, learning_rate_of
from tapeline.components.trainer.checkpoint import CheckpointMismatchError, CheckpointStore, TrainingState
from tapeline.components.trainer.dataset import WindowStream, prefetch
from tapeline.components.trainer.diagnosis import not_finite_error
from tapeline.components.trainer.distribution import (
    available_cores,
    check_batch_size,
    choose_shards,
    is_chief,
    naming_lost_workers,
    to_replicas,
)
from tapeline.components.trainer.losses import make_loss
from tapeline.components.trainer.optimizers import averaged, variable_groups
from tapeline.components.trainer.sampling import sampling_probability
from tapeline.components.trainer.train_step import GradientHook, LossTerm, StepResult, TrainStep
from tapeline.components.trainer.validation import Validation
from tapeline.forecaster.network.recurrent import on_cpu
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.errors import DataError
from tapeline.schemas.training_config import TrainingConfig

Logs = dict[str, float]
Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class History:
    """The course of training.

    Attributes:
        epochs: What was logged in each epoch: `loss`, `val_loss` and more.
        untrained: The `val_loss` before the first epoch.
        best: The epoch (from 0) that the weights are from; None: no epoch was better than the untrained model.
        val_loss: The `val_loss` of these weights.
    """

    epochs: tuple[Logs, ...]
    untrained: float
    best: int | None
    val_loss: float


def train(
    model: Seq2SeqForecaster,
    *,
    train_data: WindowStream,
    validation_data: WindowStream,
    config: TrainingConfig,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    checkpoints: CheckpointStore | None = None,
    extra_terms: Sequence[LossTerm] = (),
    gradient_hook: GradientHook | None = None,
    say: Say = lambda line: None,
) -> History:
    """Trains a model until it stops improving; it then has the weights of its best epoch.

    Args:
        model: What to train; made under the strategy that is active now.
        train_data: Shuffled batches of `batch_size * accumulate` windows.
        validation_data: The windows that decide about stopping and slowing down.
        config: The section `training`.
        callbacks: Told about every epoch, after early stopping and the learning rate have decided.
        checkpoints: Where to write one each epoch, and to carry on from; None for neither.
        extra_terms: What is minimised beside the configured loss.
        gradient_hook: Sees, and may change, each gradient by its variable's path.
        say: Gets a line when something other than an epoch is worth telling.

    Raises:
        DataError: There are no windows to train on or to validate with.
        TrainingError: The loss or a gradient is no longer finite, or another worker is gone.
    """
    strategy = tf.distribute.get_strategy()
    for name, data in (("train", train_data), ("eval", validation_data)):
        check_batch_size(data.batch_size, strategy)
        if not data.count():
            raise DataError(
                f"{name}: the split holds no windows of {data.spec.context_length} + {data.spec.horizon} steps. "
                "Shorten window.context_length or window.horizon, or give the split more rows."
            )
    groups = variable_groups(model, config)
    optimizers = [group.optimizer for group in groups]
    horizon = train_data.spec.horizon
    cores_share = choose_shards(config.batch_size // strategy.num_replicas_in_sync, available_cores())
    step = TrainStep(
        model,
        terms=(LossTerm(loss=make_loss(config.loss, horizon)), *extra_terms),
        groups=groups,
        sampling=config.sampling,
        clip_norm=config.clip_norm,
        accumulate=config.accumulate,
        shards=config.shards or (cores_share if on_cpu() else 1),
        gradient_hook=gradient_hook,
    )
    validate = Validation(model, horizon=horizon)
    slowing = ReduceLROnPlateau(optimizers, **config.reduce_on_plateau.model_dump())
    stopping = EarlyStopping(**config.early_stopping.model_dump())
    callbacks = (slowing, stopping, *callbacks)
    state = TrainingState(model, groups, callbacks)

    model.stop_training = False
    for callback in callbacks:
        callback.set_model(model)
        callback.on_train_begin()

    with naming_lost_workers(strategy):
        history = _resume(state, checkpoints, say)
        if not history:
            stopping.note_untrained(validate(validation_data).free_running)
            say(f"before training: val_loss {stopping.untrained:.5f}")
        for epoch in range(len(history), config.epochs):
            if model.stop_training:
                break
            for callback in callbacks:
                callback.on_epoch_begin(epoch)
            rate = learning_rate_of(optimizers[0])
            logs = train_epoch(step, train_data, epoch=epoch, config=config, callbacks=callbacks)
            # What is judged, and kept as the best, are the averaged weights; training goes on from its own.
            with averaged(groups):
                errors = validate(validation_data)
                logs["val_loss"] = errors.free_running
                logs["val_teacher_forced"] = errors.teacher_forced
                logs["learning_rate"] = rate
                is_best = not history or errors.free_running < min(row["val_loss"] for row in history)
                history.append(logs)
                for callback in callbacks:
                    callback.on_epoch_end(epoch, dict(logs))
            if checkpoints is not None and is_chief(strategy):
                checkpoints.save(state.snapshot(epoch=epoch + 1, history=history), best=is_best)

    for callback in callbacks:
        callback.on_train_end()
    # Where every epoch was a warm-up one, none was judged, and the weights are the last ones.
    best = stopping.best_epoch if stopping.best is not None else len(history) - 1
    untrained = stopping.untrained if stopping.untrained is not None else float("nan")
    return History(
        epochs=tuple(history),
        untrained=untrained,
        best=best,
        val_loss=untrained if best is None else history[best]["val_loss"],
    )


def train_epoch(
    step: TrainStep,
    data: WindowStream,
    *,
    epoch: int,
    config: TrainingConfig,
    callbacks: Sequence[keras.callbacks.Callback],
) -> Logs:
    """The inner loop: one step a batch, each window once.

    Args:
        step: Makes the steps.
        data: The windows, which it shuffles anew for each epoch.
        epoch: Number of the epoch, from 0.
        config: The section `training`.
        callbacks: Told about every step.

    Returns:
        The mean loss, the mean norm of the gradients, and how fast it went.

    Raises:
        TrainingError: The loss or a gradient is no longer finite.
    """
    started = time.perf_counter()
    probability = sampling_probability(config.sampling, epoch)
    steps = data.steps()
    results: list[StepResult] = []
    loss = weight = 0.0
    # Cutting windows and handing them to the devices goes on in a thread while the step before is computed.
    batches = prefetch((window, to_replicas(window, target, step.strategy)) for window, target in data.batches(epoch))
    try:
        for number, (window, on_replicas) in enumerate(batches):
            seed = (config.seed % 2**31, (epoch * steps + number) % 2**31)
            result = step(*on_replicas, probability=probability, seed=seed)
            if not result.finite:
                raise not_finite_error(step, window, result, epoch=epoch, number=number, config=config)
            results.append(result)
            loss, weight = loss + result.loss * result.weight, weight + result.weight
            for callback in callbacks:
                callback.on_train_batch_end(number, {"loss": loss / max(weight, 1e-9), "steps": steps})
    finally:
        batches.close()
    seconds = time.perf_counter() - started
    logs = {
        "loss": loss / max(weight, 1e-9),
        "gradient_norm": float(np.mean([result.gradient_norm for result in results])),
        "sampling_probability": probability,
        "windows_per_second": data.count() / seconds,
        "seconds": seconds,
    }
    if len(step.terms) > 1:
        weights = [result.weight for result in results]
        means = np.average([result.terms for result in results], axis=0, weights=weights)
        logs |= {f"loss_{term.loss.name}": float(mean) for term, mean in zip(step.terms, means, strict=True)}
    return logs


def _resume(state: TrainingState, checkpoints: CheckpointStore | None, say: Say) -> list[Logs]:
    """Carries on from a checkpoint of this very run; returns what was logged before it."""
    if checkpoints is None:
        return []
    try:
        snapshot = checkpoints.load()
    except CheckpointMismatchError as error:
        say(f"{error} Training starts from the beginning.")
        return []
    if snapshot is None:
        return []
    history = state.restore(snapshot)
    say(f"carrying on after epoch {snapshot.epoch}, from the checkpoint in {checkpoints.directory}")
    return history
