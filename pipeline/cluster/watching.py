"""Shows a job while it runs: on a terminal in one line that stays in its place, elsewhere in one line a minute."""

import contextlib
import dataclasses
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from tapeline.pipeline.cluster import flink_rest, spark_rest
from tapeline.pipeline.cluster.job_book import OpenJob

SECONDS_A_LINE = 60.0
SECONDS_ON_A_TERMINAL = 2.0
SECONDS_WITHOUT_PROGRESS = 180.0

_CLEAR = "\r\x1b[K"
_STUCK = (
    "no progress for {minutes} min. A worker may not have started: see that a worker pool answers at "
    "--environment_config on every task manager, one pool to each, and what its log says. Ctrl-C stops the run and "
    "its job."
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
    """Prints what a job does.

    Args:
        job: Which one.
        node: Its component.
        console: Where people look.
        look: Asks the cluster.
        clock: Seconds, for tests.
    """

    def __init__(
        self,
        job: OpenJob,
        node: str,
        console: TextIO,
        *,
        look: Callable[[OpenJob], Sight] = see,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._job = job
        self._node = node
        self._console = console
        self._look = look
        self._clock = clock
        self._start = self._changed = clock()
        self._progress: Any = None
        self._told_stuck = False

    def show(self) -> None:
        """Prints how the job stands."""
        try:
            sight = self._look(self._job)
        except OSError:
            sight = Sight("no answer")
        now = self._clock()
        if sight.progress is None or sight.progress != self._progress:
            self._progress, self._told_stuck = sight.progress, False
            # What tells nothing of its progress is stuck only where it has not begun to run.
            if sight.progress is not None or sight.state == "RUNNING":
                self._changed = now
        self._write(sight, now)
        if not self._told_stuck and now - self._changed >= SECONDS_WITHOUT_PROGRESS:
            self._told_stuck = True
            told = _STUCK.format(minutes=round((now - self._changed) / 60))
            self._console.write(f"{_CLEAR if self._console.isatty() else ''}  {self._node}: {told}\n")
        self._console.flush()

    def _write(self, sight: Sight, now: float) -> None:
        minutes, seconds = divmod(int(now - self._start), 60)
        parts = (sight.state.lower(), f"{minutes}:{seconds:02}", self._job.name, sight.tasks, sight.page)
        line = f"  {self._node:<18} " + "  ".join(filter(None, parts))
        if self._console.isatty():
            self._console.write(_CLEAR + line[: shutil.get_terminal_size().columns - 1])
        else:
            self._console.write(line + "\n")

    def end(self) -> None:
        """Clears the line that stays in its place."""
        if self._console.isatty():
            self._console.write(_CLEAR)
            self._console.flush()


@contextlib.contextmanager
def watching(watch: Watch, *, every: float) -> Iterator[None]:
    """Shows a job every so many seconds for as long as the block lasts."""
    ended = threading.Event()

    def shows() -> None:
        # A terminal that is gone is no reason to stop the job, which nobody but its own process decides.
        with contextlib.suppress(OSError, ValueError):
            while not ended.wait(every):
                watch.show()
            watch.end()

    thread = threading.Thread(target=shows, name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
