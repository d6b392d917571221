"""What people see of a job while it runs."""

import io
from typing import Any

import pytest

from tapeline.pipeline.cluster.job_book import OpenJob
from tapeline.pipeline.cluster.watching import Sight, Watch, see, watching
from tests.pipeline.cluster.conftest import Rest

JOB = OpenJob("tapeline-co2-Transform-1", "flink", "http://flink:8081", "abc")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def _watch(console: io.StringIO, sights: list[Sight | OSError]) -> tuple[Watch, _Clock]:
    left = iter(sights)

    def look(job: OpenJob) -> Sight:
        found = next(left)
        if isinstance(found, OSError):
            raise found
        return found

    clock = _Clock()
    return Watch(JOB, "Transform", console, look=look, clock=clock), clock


def test_a_line_tells_state_time_name_tasks_and_page() -> None:
    console = io.StringIO()
    watch, clock = _watch(console, [Sight("RUNNING", "3 of 24 tasks done", "http://flink:8081/#/job/running/abc")])
    clock.now = 65
    watch.show()
    assert console.getvalue() == (
        "  Transform          running  1:05  tapeline-co2-Transform-1  3 of 24 tasks done  "
        "http://flink:8081/#/job/running/abc\n"
    )


def test_on_a_terminal_the_line_stays_in_its_place_and_is_gone_in_the_end() -> None:
    console = _Terminal()
    watch, _ = _watch(console, [Sight("RUNNING"), Sight("RUNNING")])
    watch.show()
    watch.show()
    watch.end()
    assert "\n" not in console.getvalue()
    assert console.getvalue().count("\r\x1b[K") == 3
    assert console.getvalue().endswith("\r\x1b[K")


def test_a_job_without_progress_says_so_once_and_what_to_look_at() -> None:
    console = io.StringIO()
    watch, clock = _watch(console, [Sight("RUNNING", progress=[1])] * 4 + [Sight("RUNNING", progress=[2])])
    for now in (0, 100, 200, 300, 310):
        clock.now = now
        watch.show()
    told = [line for line in console.getvalue().splitlines() if "no progress" in line]
    assert len(told) == 1
    assert told[0].startswith("  Transform: no progress for 3 min. A worker may not have started")


def test_a_job_that_gets_on_is_not_called_stuck() -> None:
    console = io.StringIO()
    watch, clock = _watch(console, [Sight("RUNNING", progress=[step]) for step in range(9)])
    for step in range(9):
        clock.now = step * 100
        watch.show()
    assert "no progress" not in console.getvalue()


def test_a_cluster_that_does_not_answer_for_a_moment_is_no_error() -> None:
    console = io.StringIO()
    watch, _ = _watch(console, [OSError("gone"), Sight("RUNNING")])
    watch.show()
    watch.show()
    assert [line.split()[1] for line in console.getvalue().splitlines()] == ["no", "running"]


def test_a_terminal_that_is_gone_does_not_stop_the_job() -> None:
    class Gone(_Terminal):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    watch, _ = _watch(Gone(), [Sight("RUNNING")] * 1000)
    with watching(watch, every=0.001):
        pass


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
