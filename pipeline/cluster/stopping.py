"""Ends the jobs that a run left open, and says what became of them.

python -m tapeline.pipeline.cluster.stopping runs/co2/jobs.json
"""

import dataclasses
import pathlib
import shlex
import sys
import time
from collections.abc import Sequence

from tapeline.pipeline.cluster import flink_rest, spark_rest
from tapeline.pipeline.cluster.job_book import JobBook, OpenJob

_SECONDS_TO_END = 5.0
_SECONDS_A_LOOK = 0.2


@dataclasses.dataclass(frozen=True)
class Stopped:
    """What became of a job that was to be ended.

    Attributes:
        job: The job.
        cancelled: Whether it was running, and was cancelled.
        problem: Why it could not be cancelled; None where it does not run.
    """

    job: OpenJob
    cancelled: bool = False
    problem: str | None = None


def stop_all(book: JobBook) -> list[Stopped]:
    """Ends all open jobs of a book; those that do not run any more are struck out."""
    outcomes = []
    for job in book.jobs():
        try:
            outcome = Stopped(job, cancelled=_stop(job))
        except OSError as error:
            outcome = Stopped(job, problem=str(error))
        else:
            book.strike_out(job)
        outcomes.append(outcome)
    return outcomes


def in_words(outcomes: Sequence[Stopped], book: JobBook) -> str:
    """Returns one sentence for each job that was cancelled, or could not be; "" where there was none."""
    sentences = []
    for outcome in outcomes:
        job = outcome.job
        if outcome.problem is not None:
            command = f"python -m {__spec__.name} {shlex.quote(str(book.path))}"
            sentences.append(
                f"The job {job.name} could not be cancelled on {job.address} ({outcome.problem}) and may still run. "
                f"The next run of this configuration tries again, and so does: {command}"
            )
        elif outcome.cancelled:
            sentences.append(f"The job {job.name} was cancelled on {job.address}.")
    return " ".join(sentences)


def _stop(job: OpenJob) -> bool:
    """Ends a job; returns whether there was anything to end.

    Raises:
        OSError: The cluster does not answer, or does not do it.
    """
    if job.kind == "flink":
        return _stop_on_flink(job)
    if job.kind == "spark":
        return _stop_on_spark(job)
    # Beam takes seconds to import; most runs leave no job.
    from tapeline.pipeline.cluster import job_service

    known = {each: state for each, name, state in job_service.jobs(job.address) if job.id == each or name == job.name}
    running = [each for each, state in known.items() if state not in job_service.ENDED]
    for each in running:
        job_service.cancel(job.address, each)
    return bool(running)


def _stop_on_flink(job: OpenJob) -> bool:
    found = flink_rest.find_job(job.address, job.name)
    if found is None or found.ended:
        return False
    flink_rest.cancel(job.address, found.id)
    deadline = time.monotonic() + _SECONDS_TO_END
    while found is not None and not found.ended and time.monotonic() < deadline:
        time.sleep(_SECONDS_A_LOOK)
        found = flink_rest.find_job(job.address, job.name)
    return True


def _stop_on_spark(job: OpenJob) -> bool:
    # A job without an id was never taken: Spark gives it in the answer to the submission.
    if not job.id or spark_rest.state(job.address, job.id) in spark_rest.ENDED:
        return False
    spark_rest.cancel(job.address, job.id)
    return True


def main(paths: Sequence[str]) -> int:
    """Ends the jobs of files; returns 0 where none may still run."""
    left = 0
    for path in paths:
        book = JobBook(pathlib.Path(path))
        print(in_words(stop_all(book), book) or f"{path}: no job runs.")
        left += len(book.jobs())
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
