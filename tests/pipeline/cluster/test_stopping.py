"""Jobs that were submitted as a jar are ended through the cluster's own REST API."""

import pathlib

from tapeline.pipeline.cluster.job_book import JobBook, OpenJob
from tapeline.pipeline.cluster.stopping import in_words, stop_all
from tests.pipeline.cluster.conftest import Rest


def _book(tmp_path: pathlib.Path, job: OpenJob) -> JobBook:
    book = JobBook(tmp_path / "jobs.json")
    book.write(job)
    return book


def test_a_job_on_flink_is_found_by_its_name_and_cancelled(rest: Rest, tmp_path: pathlib.Path) -> None:
    states = iter(["RUNNING", "CANCELLING", "CANCELED"])

    def overview() -> dict[str, object]:
        others = {"jid": "1", "name": "other", "state": "RUNNING", "tasks": {}}
        return {"jobs": [others, {"jid": "2", "name": "ours", "state": next(states), "tasks": {"total": 4}}]}

    server = rest({"GET /jobs/overview": overview, "PATCH /jobs/2?mode=cancel": {}})
    book = _book(tmp_path, OpenJob("ours", "flink", server.url))
    outcomes = stop_all(book)
    assert "PATCH /jobs/2?mode=cancel" in server.asked
    assert not [asked for asked in server.asked if asked.startswith("PATCH /jobs/1")]
    assert in_words(outcomes, book) == f"The job ours was cancelled on {server.url}."
    assert next(states, None) is None  # until its slots are free
    assert book.jobs() == []


def test_a_job_that_flink_does_not_have_or_has_ended_is_left_alone(rest: Rest, tmp_path: pathlib.Path) -> None:
    job = {"jid": "2", "name": "ours", "state": "FINISHED", "tasks": {}}
    for jobs in ([], [job]):
        server = rest({"GET /jobs/overview": {"jobs": jobs}})
        book = _book(tmp_path, OpenJob("ours", "flink", server.url))
        assert in_words(stop_all(book), book) == ""
        assert book.jobs() == []
        assert server.asked == ["GET /jobs/overview"]


def test_a_job_on_spark_is_killed_by_its_submission(rest: Rest, tmp_path: pathlib.Path) -> None:
    server = rest(
        {
            "GET /v1/submissions/status/driver-1": {"success": True, "driverState": "RUNNING"},
            "POST /v1/submissions/kill/driver-1": {"success": True},
        }
    )
    book = _book(tmp_path, OpenJob("ours", "spark", server.url, id="driver-1"))
    assert in_words(stop_all(book), book) == f"The job ours was cancelled on {server.url}."
    assert server.asked[-1] == "POST /v1/submissions/kill/driver-1"


def test_what_is_no_book_holds_no_jobs(tmp_path: pathlib.Path) -> None:
    for content in ("", "{", '[{"nam": 1}]', "[1]"):
        (tmp_path / "jobs.json").write_text(content)
        assert JobBook(tmp_path / "jobs.json").jobs() == []
