"""Beam's own job service and a pool of workers, in processes of their own: what shows on one machine what a cluster would."""

import contextlib
import dataclasses
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

RUNNERS = pathlib.Path(__file__).parents[2] / "configs" / "runners"


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A job service and a pool of workers, each in a process of its own."""

    runner: pathlib.Path
    pool: int
    address: str

    @property
    def arguments(self) -> list[str]:
        return ["--runner", str(self.runner)]

    def running(self) -> list[str]:
        """Names of the jobs that the service has running."""
        from tapeline.pipeline.cluster.job_service import ENDED, jobs

        return [name for _, name, state in jobs(self.address) if state not in ENDED]

    def workers(self) -> list[int]:
        """Processes of workers that are alive."""
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # ended since it was listed
                # `pid (name) state parent ...`; a name may hold anything.
                state, parent = stat.read_text().rpartition(")")[2].split()[:2]
                if int(parent) == self.pool and state != "Z":
                    found.append(int(stat.parent.name))
        return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("localhost", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError(f"nothing listens on port {port}")


@contextlib.contextmanager
def started(folder: pathlib.Path) -> Iterator[Cluster]:
    """Starts both, and kills them and all workers in the end."""
    jobs, workers = free_port(), free_port()
    # The pool starts `python`: the one of this environment.
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    processes = []
    for name, arguments in (
        ("runners.portability.local_job_service_main", ["-p", str(jobs)]),
        ("runners.worker.worker_pool_main", [f"--service_port={workers}"]),
    ):
        log = (folder / f"{name}.log").open("wb")
        command = [sys.executable, "-m", f"apache_beam.{name}", *arguments]
        processes.append(subprocess.Popen(command, env={**os.environ, "PATH": path}, stdout=log, stderr=log))
    wait_for(jobs)
    wait_for(workers)
    runner = folder / "portable.yaml"
    text = (RUNNERS / "portable.yaml").read_text().replace("localhost:8099", f"localhost:{jobs}")
    runner.write_text(text.replace("localhost:50000", f"localhost:{workers}"))
    cluster = Cluster(runner, processes[1].pid, f"localhost:{jobs}")
    yield cluster
    for pid in cluster.workers():
        os.kill(pid, signal.SIGKILL)
    for process in processes:
        process.kill()
        process.wait()
