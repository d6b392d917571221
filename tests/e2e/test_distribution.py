"""The same loop on one device, two devices and two processes: one course of training, and a clear end when one dies."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest

CHILD = pathlib.Path(__file__).parent / "training_child.py"
ROOT = CHILD.parent.parent.parent


STOPS_WITHIN = 90
"""Seconds in which a worker must notice that the other is gone."""


def start(folder: Any, *options: Any, cluster: Any = None, task: int = 0) -> subprocess.Popen[Any]:
    environment = dict(os.environ)
    environment.pop("TF_CONFIG", None)
    if cluster:
        environment["TF_CONFIG"] = json.dumps(
            {"cluster": {"worker": cluster}, "task": {"type": "worker", "index": task}}
        )
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )


def start_cluster(folder: Any, *, dying: Any = None) -> list[subprocess.Popen[Any]]:
    """Two workers over loopback that share a folder of checkpoints; one of them may have to die."""
    sockets = [socket.socket() for _ in range(2)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    cluster = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    # 9 steps an epoch: in the middle of the second one.
    return [
        start(folder, *(("--die", "step:13") if task == dying else ()), cluster=cluster, task=task) for task in range(2)
    ]


def losses(process: subprocess.Popen[Any]) -> list[list[float]]:
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, (output[-1000:], errors[-3000:])
    return json.loads(output.splitlines()[-1])["losses"]


@pytest.fixture(scope="module")
def one_device(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return losses(start(tmp_path_factory.mktemp("one")))


def test_two_devices_take_the_course_of_one(one_device: Any, tmp_path: pathlib.Path) -> None:
    for ours, expected in zip(losses(start(tmp_path, "--devices", "2")), one_device, strict=True):
        assert ours == pytest.approx(expected, rel=1e-3)


def test_two_processes_take_the_course_of_one(one_device: Any, tmp_path: pathlib.Path) -> None:
    both = [losses(worker) for worker in start_cluster(tmp_path)]
    assert both[0] == both[1]
    for ours, expected in zip(both[0], one_device, strict=True):
        assert ours == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("dying", [0, 1], ids=["the_chief", "another_worker"])
def test_a_dying_worker_ends_the_other_and_a_restart_carries_on(
    one_device: Any, tmp_path: pathlib.Path, dying: int
) -> None:
    workers = start_cluster(tmp_path, dying=dying)
    victim, survivor = workers[dying], workers[1 - dying]
    victim.communicate(timeout=300)
    assert victim.returncode == -signal.SIGKILL
    output, errors = survivor.communicate(timeout=STOPS_WITHIN)
    assert survivor.returncode == 2, (output[-1000:], errors[-3000:])
    assert "A worker of 2 has stopped answering" in output
    assert "Start all workers again with the same command" in output

    restarted = start_cluster(tmp_path)
    outputs = [worker.communicate(timeout=300) for worker in restarted]
    assert [worker.returncode for worker in restarted] == [0, 0], outputs
    for output, _ in outputs:
        assert "carrying on after epoch 1" in output
        for ours, expected in zip(json.loads(output.splitlines()[-1])["losses"], one_device, strict=True):
            assert ours == pytest.approx(expected, rel=1e-3)
