"""Jobs on a job service: they have a name, stand in the book while they are open, and end with the run."""

import pathlib
import threading
import types
from typing import Any

import apache_beam as beam
import pytest

from tapeline.pipeline.beam_arguments import beam_arguments
from tapeline.pipeline.cluster.following import Following, following
from tapeline.pipeline.cluster.job_book import JobBook, OpenJob
from tapeline.pipeline.cluster.job_service import cancel
from tapeline.pipeline.cluster.stopping import in_words, main, stop_all
from tapeline.schemas.errors import ClusterError, DataError

NAME = "tapeline-co2-Transform-2026-11-26-1"


@pytest.fixture
def run(tmp_path: pathlib.Path) -> Following:
    return Following(book=JobBook(tmp_path / "jobs.json"), pipeline="co2", node=lambda: "Transform", run="2026-11-26")


def submit(service: types.SimpleNamespace) -> Any:
    """Starts a job as a component does, and does not wait for it."""
    where = ("--runner=PortableRunner", f"--job_endpoint={service.address}", "--environment_type=LOOPBACK")
    pipeline = beam.Pipeline(argv=beam_arguments(where))
    _ = pipeline | beam.Create([1])
    return pipeline.run()


def test_jobs_of_a_component_are_named_and_written_down(job_service: types.SimpleNamespace, run: Following) -> None:
    with following(run):
        submit(job_service)
        submit(job_service)
        names = [NAME, NAME[:-1] + "2"]
        assert list(job_service.states()) == names
        assert [(job.name, job.id.startswith(job.name), job.address) for job in run.book.jobs()] == [
            (name, True, job_service.address) for name in names
        ]


def test_what_ends_a_run_ends_its_jobs(job_service: types.SimpleNamespace, run: Following) -> None:
    def component() -> None:
        submit(job_service)
        assert job_service.states() == {NAME: "RUNNING"}
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), following(run):
        component()
    assert job_service.states() == {NAME: "CANCELLED"}
    assert not run.book.path.exists()
    assert in_words(run.stopped, run.book) == f"The job {NAME} was cancelled on {job_service.address}."


def test_a_job_that_a_killed_run_left_is_ended_by_its_name_too(
    job_service: types.SimpleNamespace, run: Following, capsys: pytest.CaptureFixture[str]
) -> None:
    with following(run):
        submit(job_service)
        # Killed between the submission and the answer: the id is not known.
        run.book.write(OpenJob(NAME, "job service", job_service.address))
        assert main([str(run.book.path)]) == 0
    assert f"The job {NAME} was cancelled" in capsys.readouterr().out
    assert job_service.states() == {NAME: "CANCELLED"}
    assert run.stopped == []


def test_a_job_that_has_ended_by_itself_is_struck_out_without_a_word(
    job_service: types.SimpleNamespace, run: Following
) -> None:
    job_service.fail("boom")
    with following(run):
        submit(job_service)
    assert not run.book.path.exists()
    assert in_words(run.stopped, run.book) == ""


def test_what_cannot_be_cancelled_is_told_with_the_command_that_does_it(
    run: Following, capsys: pytest.CaptureFixture[str]
) -> None:
    run.book.write(OpenJob(NAME, "flink", "http://localhost:1"))
    told = in_words(stop_all(run.book), run.book)
    assert f"The job {NAME} could not be cancelled on http://localhost:1" in told
    assert f"python -m tapeline.pipeline.cluster.stopping {run.book.path}" in told
    assert [job.name for job in run.book.jobs()] == [NAME]
    assert main([str(run.book.path)]) == 1
    capsys.readouterr()


def test_a_failed_job_is_one_line(job_service: types.SimpleNamespace, run: Following) -> None:
    job_service.fail(
        "java.lang.RuntimeException: x\n\tat a.b(C.java:1)\nCaused by: java.io.IOException: no slot\n\tat d"
    )
    with following(run), pytest.raises(ClusterError) as raised:
        submit(job_service).wait_until_finish()
    assert str(raised.value) == f"IOException: no slot (job {NAME})"


def test_what_a_worker_refuses_is_the_users_to_fix(job_service: types.SimpleNamespace, run: Following) -> None:
    job_service.fail(
        "Traceback (most recent call last):\n  File x\ntapeline.schemas.errors.DataError: a gap [while running 'Scan']"
    )
    with following(run), pytest.raises(DataError, match=r"^a gap$"):
        submit(job_service).wait_until_finish()


def test_outside_of_a_run_jobs_are_beams_own(job_service: types.SimpleNamespace) -> None:
    job_service.fail("boom")
    with pytest.raises(RuntimeError, match="boom"):
        submit(job_service).wait_until_finish()


def test_a_job_service_that_is_gone_is_an_error_of_the_cluster(run: Following) -> None:
    gone = types.SimpleNamespace(address="localhost:1")
    with following(run), pytest.raises(ClusterError, match="--job_endpoint: no job server answers at localhost:1"):
        submit(gone)


def test_a_job_is_seen_while_it_is_waited_for(job_service: types.SimpleNamespace, run: Following) -> None:
    seen = []

    def looks() -> None:
        while not (words := run.words()):
            pass
        seen.append(words)
        cancel(job_service.address, run.book.jobs()[0].id)

    with following(run):
        job = submit(job_service)
        watcher = threading.Thread(target=looks)
        watcher.start()
        with pytest.raises(ClusterError, match="somebody cancelled it on the cluster"):
            job.wait_until_finish()
    watcher.join()
    assert seen == [f"running  {NAME}"]
    assert run.words() == ""
