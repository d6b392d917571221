"""What people see of a job while it runs."""

from collections.abc import Sequence
from typing import Any

import pytest

from tapeline.pipeline.cluster.job_book import OpenJob
from tapeline.pipeline.cluster.watching import Sight, Watch, see
from tests.pipeline.cluster.conftest import Rest

JOB = OpenJob("tapeline-co2-Transform-1", "flink", "http://flink:8081", "abc")


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def _watch(sights: Sequence[Sight | OSError]) -> tuple[Watch, _Clock]:
    left = iter(sights)

    def look(job: OpenJob) -> Sight:
        found = next(left)
        if isinstance(found, OSError):
            raise found
        return found

    clock = _Clock()
    return Watch(JOB, look=look, clock=clock), clock


def test_a_job_is_told_by_state_tasks_name_and_page() -> None:
    watch, _ = _watch([Sight("RUNNING", "3 of 24 tasks done", "http://flink:8081/#/job/running/abc")])
    assert watch.words() == (
        "running  3 of 24 tasks done  tapeline-co2-Transform-1  http://flink:8081/#/job/running/abc"
    )


def test_a_job_without_progress_says_so_and_what_to_look_at() -> None:
    watch, clock = _watch([Sight("RUNNING", progress=[1])] * 3 + [Sight("RUNNING", progress=[2])])
    told = []
    for clock.now in (0, 100, 200, 300):
        told.append("no progress" in watch.words())
    assert told == [False, False, True, False]


def test_a_job_that_does_not_begin_says_so_where_nothing_is_known_of_progress() -> None:
    watch, clock = _watch([Sight("STARTING"), Sight("STARTING"), Sight("RUNNING"), Sight("RUNNING")])
    told = []
    for clock.now in (0, 200, 400, 900):
        told.append("no progress for 3 min: a worker may not have started" in watch.words())
    assert told == [False, True, False, False]


def test_a_cluster_that_does_not_answer_for_a_moment_is_no_error() -> None:
    watch, _ = _watch([OSError("gone"), Sight("RUNNING")])
    assert watch.words() == "tapeline-co2-Transform-1  does not answer"
    assert watch.words() == "running  tapeline-co2-Transform-1"


def test_flink_tells_tasks_page_and_progress(rest: Rest) -> None:
    vertex = {"tasks": {"RUNNING": 1}, "metrics": {"read-records": 5, "write-records": 6}}
    tasks: dict[str, Any] = {"total": 24, "finished": 3}
    server = rest(
        {
            "GET /jobs/overview": {"jobs": [{"jid": "abc", "name": JOB.name, "state": "RUNNING", "tasks": tasks}]},
            "GET /jobs/abc": {"vertices": [vertex]},
        }
    )
    sight = see(OpenJob(JOB.name, "flink", server.url))
    assert (sight.state, sight.tasks) == ("RUNNING", "3 of 24 tasks done")
    assert sight.page == f"{server.url}/#/job/running/abc"
    assert sight.progress == [({"RUNNING": 1}, 5, 6)]


def test_flink_knows_nothing_of_a_job_before_it_is_submitted(rest: Rest) -> None:
    assert see(OpenJob("ours", "flink", rest({"GET /jobs/overview": {"jobs": []}}).url)).state == "WAITING"


@pytest.mark.parametrize("state", ["RUNNING", "FINISHED"])
def test_spark_tells_the_state_of_the_driver(rest: Rest, state: str) -> None:
    server = rest({"GET /v1/submissions/status/driver-1": {"success": True, "driverState": state}})
    assert see(OpenJob("ours", "spark", server.url, "driver-1")).state == state
