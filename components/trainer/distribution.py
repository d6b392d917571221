"""The same loop on one core, on several, on several devices, and on several machines.

The `tf.distribute` strategy that is active when the model is made and trained decides. Each replica gets its rows of
every global batch, so that the batches, and with them the course of training, are the same for any number of replicas.
"""

import contextlib
import os
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.schemas.errors import ConfigError, TrainingError


def check_batch_size(batch_size: int, strategy: tf.distribute.Strategy) -> None:
    """Refuses batches that cannot be shared out evenly.

    Raises:
        ConfigError: The batch size is no multiple of the number of replicas.
    """
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise ConfigError(
            f"training.batch_size: got {batch_size}, with {replicas} replicas it must be a multiple of {replicas}. "
            f"Take {max(1, batch_size // replicas) * replicas}."
        )


def to_replicas(
    window: Mapping[str, npt.NDArray[np.float32]], target: npt.NDArray[np.float32], strategy: tf.distribute.Strategy
) -> Any:
    """Hands each replica its rows of a batch.

    Args:
        window: Features of the whole batch.
        target: `[B, H]`.
        strategy: Who takes part.

    Returns:
        Window and target as tensors, or as values with a tensor for each replica: what `strategy.run` takes.
    """
    if strategy.num_replicas_in_sync == 1:
        return {name: tf.constant(values) for name, values in window.items()}, tf.constant(target)

    def rows_of(context: tf.distribute.experimental.ValueContext) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        size = len(target) // context.num_replicas_in_sync
        rows = slice(context.replica_id_in_sync_group * size, (context.replica_id_in_sync_group + 1) * size)
        return {name: tf.constant(values[rows]) for name, values in window.items()}, tf.constant(target[rows])

    return strategy.experimental_distribute_values_from_function(rows_of)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether this process is the one that writes checkpoints, logs and the model."""
    resolver = strategy.cluster_resolver
    if resolver is None or resolver.task_type is None:
        return True
    first = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
    return (resolver.task_type, resolver.task_id) == (first, 0)


def worker_count(strategy: tf.distribute.Strategy) -> int:
    """Returns the number of processes that train together."""
    resolver = strategy.cluster_resolver
    if resolver is None or resolver.task_type is None:
        return 1
    spec = resolver.cluster_spec().as_dict()
    return sum(len(spec.get(job, [])) for job in ("chief", "worker"))


@contextlib.contextmanager
def naming_lost_workers(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turns TensorFlow's error when another worker is gone into a message that says what to do.

    Raises:
        TrainingError: Another worker did not answer.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if worker_count(strategy) == 1:
            raise
        raise TrainingError(
            f"A worker of {worker_count(strategy)} has stopped answering (noticed on {socket.gethostname()}: "
            f"{type(error).__name__}). Start all workers again with the same command: they carry on after the last "
            "checkpoint."
        ) from error


def local_strategy(batch_size: int) -> tf.distribute.Strategy:
    """Returns what uses the devices of this machine: all its GPUs where they share the batch evenly, else one device.

    Args:
        batch_size: Windows in a global batch.
    """
    gpus = len(tf.config.list_logical_devices("GPU"))
    if gpus > 1 and batch_size % gpus == 0:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def choose_shards(batch_size: int, cores: int) -> int:
    """Returns into how many pieces to split a batch so that they keep the cores busy side by side.

    One window's recurrence is a chain: only windows can be computed in parallel. A piece under some 32 windows wastes
    the kernel's matrix products, one over 64 falls out of the cache.

    Args:
        batch_size: Windows on one device in one part of a step.
        cores: Cores of the machine.
    """
    return max(1, min(cores, batch_size // 32), batch_size // 64)


def available_cores() -> int:
    """Returns the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
