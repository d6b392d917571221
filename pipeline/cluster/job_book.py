"""The jobs that a run has open on a cluster, in a file: what ends them needs no memory of the run that began them.

A job is written down before it is submitted, under a name that no other job has, and again with the id that the
cluster gave it. It is struck out when it has ended.
"""

import dataclasses
import json
import pathlib

from tapeline.pipeline.cluster.places import Kind
from tapeline.schemas.whole_files import write_whole


@dataclasses.dataclass(frozen=True)
class OpenJob:
    """A job that may run.

    Attributes:
        name: Ours; no two jobs have the same.
        kind: Who knows of it.
        address: Where that one answers.
        id: What it calls the job; "" as long as it has not said.
    """

    name: str
    kind: Kind
    address: str
    id: str = ""


class JobBook:
    """The open jobs of one run folder.

    Args:
        path: The file; it is not there while no job is open.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def jobs(self) -> list[OpenJob]:
        """Returns the open jobs; none where the file is missing, or is none of ours."""
        try:
            return [OpenJob(**job) for job in json.loads(self.path.read_text(encoding="utf-8"))]
        except (FileNotFoundError, ValueError, TypeError):
            return []

    def write(self, job: OpenJob) -> None:
        """Writes a job down, in place of what stood there under its name."""
        self._keep([*(other for other in self.jobs() if other.name != job.name), job])

    def strike_out(self, job: OpenJob) -> None:
        """Takes a job out, which has ended."""
        self._keep([other for other in self.jobs() if other.name != job.name])

    def _keep(self, jobs: list[OpenJob]) -> None:
        if jobs:
            write_whole(self.path, json.dumps([dataclasses.asdict(job) for job in jobs], indent=2))
        else:
            self.path.unlink(missing_ok=True)
