"""Flink's REST API, as far as a run asks it.

Source: https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/ops/rest_api/.
"""

import dataclasses
from typing import Any

from tapeline.pipeline.cluster.http_json import ask

ENDED = ("FINISHED", "FAILED", "CANCELED")


@dataclasses.dataclass(frozen=True)
class FlinkJob:
    """A job as the cluster's list has it.

    Attributes:
        id: Flink's own name of it.
        name: Ours.
        state: RUNNING, FINISHED, ...
        done: Tasks that have finished.
        tasks: All of its tasks.
    """

    id: str
    name: str
    state: str
    done: int
    tasks: int

    @property
    def ended(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.state in ENDED


@dataclasses.dataclass(frozen=True)
class Capacity:
    """What a cluster has.

    Attributes:
        version: Flink's.
        task_managers: How many there are.
        slots: All slots.
        free: Those that no job holds.
        network_bytes: Network memory of the task manager with the least; None where none says it.
    """

    version: str
    task_managers: int
    slots: int
    free: int
    network_bytes: int | None


def capacity(url: str) -> Capacity:
    """Returns what the cluster has.

    Raises:
        OSError: It does not answer, or is no Flink.
    """
    overview = ask(f"{url}/overview")
    if not isinstance(overview, dict) or "slots-total" not in overview:
        raise OSError(f"{url} answers, but not as Flink does")
    managers = ask(f"{url}/taskmanagers")["taskmanagers"]
    memory = [manager.get("memoryConfiguration", {}).get("networkMemory") for manager in managers]
    return Capacity(
        version=str(overview.get("flink-version", "")),
        task_managers=int(overview["taskmanagers"]),
        slots=int(overview["slots-total"]),
        free=int(overview["slots-available"]),
        network_bytes=min((int(each) for each in memory if each), default=None),
    )


def find_job(url: str, name: str) -> FlinkJob | None:
    """Returns the newest job of a name; None where the cluster has none.

    Raises:
        OSError: It does not answer.
    """
    found = [job for job in ask(f"{url}/jobs/overview")["jobs"] if job["name"] == name]
    if not found:
        return None
    newest = max(found, key=lambda job: job.get("start-time", 0))
    tasks = newest.get("tasks", {})
    return FlinkJob(
        id=newest["jid"], name=name, state=newest["state"], done=tasks.get("finished", 0), tasks=tasks.get("total", 0)
    )


def progress(url: str, job_id: str) -> Any:
    """Returns what changes as long as a job gets on: states of its tasks, and the records that they read and write.

    Raises:
        OSError: It does not answer.
    """
    vertices = ask(f"{url}/jobs/{job_id}").get("vertices", [])
    return [
        (
            vertex.get("tasks"),
            vertex.get("metrics", {}).get("read-records"),
            vertex.get("metrics", {}).get("write-records"),
        )
        for vertex in vertices
    ]


def cancel(url: str, job_id: str) -> None:
    """Cancels a job.

    Raises:
        OSError: Flink does not answer, or knows no such job.
    """
    ask(f"{url}/jobs/{job_id}?mode=cancel", "PATCH")
