"""A run's jobs, from their names to their end: the runners of `runners.py` ask here what they belong to.

Beam makes a runner from its name alone, deep inside a component, so what the runner needs to know of the run cannot be
handed to it. `following` holds it for as long as a run lasts.
"""

import contextlib
import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator

from tapeline.pipeline.cluster.job_book import JobBook
from tapeline.pipeline.cluster.stopping import Stopped, stop_all
from tapeline.pipeline.cluster.watching import Watch


@dataclasses.dataclass(eq=False, kw_only=True)
class Following:
    """What is known of the run that jobs belong to.

    Attributes:
        book: Where its open jobs stand.
        pipeline: The configuration's name.
        node: Returns the component that is at work.
        run: What tells this run from others.
        watch: The job that is waited for; None while there is none.
        stopped: What became of the jobs that were open in the end.
    """

    book: JobBook
    pipeline: str
    node: Callable[[], str]
    run: str
    watch: Watch | None = None
    stopped: list[Stopped] = dataclasses.field(default_factory=list)
    _numbers: Iterator[int] = dataclasses.field(default_factory=lambda: itertools.count(1))

    def words(self) -> str:
        """Returns how the job stands that is waited for; "" while there is none."""
        watch = self.watch
        return watch.words() if watch is not None else ""

    def next_name(self) -> str:
        """Returns the name of the next job: `tapeline-co2-Transform-2026-11-26T22-10-00-1`."""
        name = f"tapeline-{self.pipeline}-{self.node()}-{self.run}-{next(self._numbers)}"
        return re.sub(r"[^A-Za-z0-9-]+", "-", name)


_active: list[Following] = []


def active() -> Following | None:
    """Returns the run that is followed; None outside of one."""
    return _active[-1] if _active else None


@contextlib.contextmanager
def following(run: Following) -> Iterator[Following]:
    """Has the jobs that begin inside the block belong to a run; those that are open when it ends are ended."""
    _active.append(run)
    try:
        yield run
    finally:
        _active.pop()
        run.stopped = stop_all(run.book)
