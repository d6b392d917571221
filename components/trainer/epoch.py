"""One epoch of training: the inner loop, a step a batch."""

import time
from collections.abc import Sequence

import keras
import numpy as np

from tapeline.components.trainer.dataset import WindowStream, prefetch
from tapeline.components.trainer.diagnosis import not_finite_error
from tapeline.components.trainer.distribution import to_replicas
from tapeline.components.trainer.sampling import sampling_probability
from tapeline.components.trainer.train_step import StepResult, TrainStep
from tapeline.schemas.training_config import TrainingConfig

Logs = dict[str, float]


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
