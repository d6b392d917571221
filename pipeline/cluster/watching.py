"""What a job does while it runs, in words for the line of its component."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from tapeline.pipeline.cluster import flink_rest, spark_rest
from tapeline.pipeline.cluster.job_book import OpenJob

SECONDS_WITHOUT_PROGRESS = 180.0

_STUCK = (
    "no progress for {minutes} min: a worker may not have started. See that a worker pool answers at "
    "--environment_config on every task manager, one pool to each, and what its log says"
)


@dataclasses.dataclass(frozen=True)
class Sight:
    """What the cluster says of a job.

    Attributes:
        state: RUNNING, ...
        tasks: How far it is, in words; "" where that is not known.
        page: Address of the job's page; "" where there is none.
        progress: Changes as long as the job gets on; None where that is not known.
    """

    state: str
    tasks: str = ""
    page: str = ""
    progress: Any = None


def see(job: OpenJob) -> Sight:
    """Asks the cluster for a job.

    Raises:
        OSError: It does not answer.
    """
    if job.kind == "flink":
        found = flink_rest.find_job(job.address, job.name)
        if found is None:
            return Sight("WAITING")
        page = f"{job.address}/#/job/running/{found.id}"
        done = f"{found.done} of {found.tasks} tasks done"
        return Sight(found.state, done, page, flink_rest.progress(job.address, found.id))
    if job.kind == "spark":
        return Sight(spark_rest.state(job.address, job.id) if job.id else "WAITING")
    from tapeline.pipeline.cluster import job_service

    return Sight(job_service.state(job.address, job.id))


class Watch:
    """Follows one job.

    Args:
        job: Which one.
        look: Asks the cluster.
        clock: Seconds, for tests.
    """

    def __init__(
        self,
        job: OpenJob,
        *,
        look: Callable[[OpenJob], Sight] = see,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._job = job
        self._look = look
        self._clock = clock
        self._changed = clock()
        self._progress: Any = None

    def words(self) -> str:
        """Returns how the job stands; one that gets nowhere is told with what to look at."""
        try:
            sight = self._look(self._job)
        except OSError:
            return f"{self._job.name}  does not answer"
        now = self._clock()
        # Where nothing is known of its progress, a job is at a standstill only as long as it has not begun to run.
        if sight.progress != self._progress or (sight.progress is None and sight.state == "RUNNING"):
            self._progress, self._changed = sight.progress, now
        if now - self._changed >= SECONDS_WITHOUT_PROGRESS:
            return f"{self._job.name}  {_STUCK.format(minutes=int(now - self._changed) // 60)}"
        return "  ".join(filter(None, (sight.state.lower(), sight.tasks, self._job.name, sight.page)))
