"""Who takes part, who writes, and what is said when someone is gone."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.components.trainer.distribution import (
    check_batch_size,
    choose_shards,
    is_chief,
    local_strategy,
    naming_lost_workers,
    to_replicas,
    worker_count,
)
from tapeline.schemas.errors import ConfigError, TrainingError

ONE = tf.distribute.get_strategy()


class Cluster:
    """A strategy as one of several workers sees it."""

    def __init__(self, task_type: Any, task_id: Any, jobs: Any, replicas: int = 2) -> None:
        self.num_replicas_in_sync = replicas
        self.cluster_resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec(jobs), task_type=task_type, task_id=task_id
        )


TWO_WORKERS = {"worker": ["a:1", "b:1"]}
CHIEF_AND_WORKER = {"chief": ["a:1"], "worker": ["b:1", "c:1"]}


def test_a_batch_that_replicas_cannot_share_evenly_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"got 65, with 2 replicas it must be a multiple of 2. Take 64"):
        check_batch_size(65, Cluster("worker", 0, TWO_WORKERS))
    check_batch_size(64, Cluster("worker", 0, TWO_WORKERS))
    check_batch_size(65, ONE)


@pytest.mark.parametrize(
    ("task_type", "task_id", "jobs", "writes"),
    [
        ("worker", 0, TWO_WORKERS, True),
        ("worker", 1, TWO_WORKERS, False),
        ("chief", 0, CHIEF_AND_WORKER, True),
        ("worker", 0, CHIEF_AND_WORKER, False),
    ],
)
def test_one_worker_writes(task_type: str, task_id: int, jobs: Any, writes: bool) -> None:
    assert is_chief(Cluster(task_type, task_id, jobs)) == writes


def test_a_process_alone_writes() -> None:
    assert is_chief(ONE)
    assert worker_count(ONE) == 1
    assert worker_count(Cluster("worker", 0, CHIEF_AND_WORKER)) == 3


def test_a_lost_worker_is_named_as_such_and_other_errors_are_left_alone() -> None:
    gone = tf.errors.UnavailableError(None, None, "Connection reset by peer")
    with (
        pytest.raises(TrainingError, match="A worker of 2 has stopped answering"),
        naming_lost_workers(Cluster("worker", 0, TWO_WORKERS)),
    ):
        raise gone
    with pytest.raises(tf.errors.UnavailableError), naming_lost_workers(ONE):
        raise gone
    with pytest.raises(KeyError), naming_lost_workers(Cluster("worker", 0, TWO_WORKERS)):
        raise KeyError("x")


def test_one_replica_gets_the_batch_as_it_is() -> None:
    window, target = to_replicas({"context": np.ones([4, 3], np.float32)}, np.zeros([4, 2], np.float32), ONE)
    assert window["context"].shape == (4, 3)
    assert target.shape == (4, 2)


def test_without_gpus_one_device_trains() -> None:
    assert local_strategy(64).num_replicas_in_sync == 1


@pytest.mark.parametrize(
    ("batch_size", "cores", "shards"), [(64, 2, 2), (256, 2, 4), (256, 8, 8), (16, 8, 1), (1, 1, 1), (512, 1, 8)]
)
def test_shards_keep_the_cores_busy_with_pieces_of_a_good_size(batch_size: int, cores: int, shards: int) -> None:
    assert choose_shards(batch_size, cores) == shards
