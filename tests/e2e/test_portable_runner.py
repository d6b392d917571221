"""The pipeline with workers in processes of their own: on this machine, and on Beam's job service as on a cluster."""

import functools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tapeline.cli import main as cli
from tapeline.pipeline.cluster.job_book import JobBook
from tapeline.pipeline.lineage import read_run
from tests.e2e.portable_cluster import RUNNERS, Cluster, started
from tests.e2e.small_project import Project, Tapeline, daily_load, make_project
from tests.row_files import read_row_file

FAILED = 3
LONG = 300_000
"""Rows that a worker writes for seconds."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with started(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


def _project(root: pathlib.Path) -> Project:
    root.mkdir()
    return make_project(root)


def written(project: Project, node: str) -> dict[str, list[bytes]]:
    """The records or rows of a component's newest outputs by output and split, in an order of their own."""
    import tensorflow as tf

    run = read_run(project.root / "runs" / "load" / "metadata.db")
    assert run is not None
    found: dict[str, list[bytes]] = {}
    for key, artifacts in run.nodes[node].outputs.items():
        for path in sorted(pathlib.Path(artifacts[-1].uri).rglob("*.gz")):
            # Which bundle ends first decides the order of records, and the encoder's process that of features.
            found.setdefault(f"{key}/{path.parent.name}", []).extend(
                tf.train.Example.FromString(record).SerializeToString(deterministic=True)
                for record in tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator()
            )
        for path in sorted(pathlib.Path(artifacts[-1].uri).rglob("*.parquet")):
            found.setdefault(f"{key}/{path.parent.name}", []).extend(repr(row).encode() for row in read_row_file(path))
    return {key: sorted(records) for key, records in found.items()}


def scores(project: Project) -> dict[str, float]:
    """The errors that the run's verdict tells."""
    (verdict,) = (project.root / "runs" / "load" / "artifacts" / "Evaluator").rglob("tapeline_verdict.json")
    metrics = json.loads(verdict.read_text())["metrics"]
    return {name: value for name, value in metrics.items() if name.startswith(("mae", "mase", "interval"))}


@pytest.fixture(scope="module")
def in_memory(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A whole run in one process."""
    project = make_project(tmp_path_factory.mktemp("in_memory"))
    assert cli.main(["run", *project.arguments]) == 0
    return project


@pytest.fixture(params=["processes", "cluster"])
def runner(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> list[str]:
    """Arguments that choose where Beam runs."""
    if request.param == "cluster":
        arguments: list[str] = request.getfixturevalue("cluster").arguments
        return arguments
    two = (RUNNERS / "direct.yaml").read_text().replace("--direct_num_workers=0", "--direct_num_workers=2")
    assert "--direct_num_workers=2" in two
    path = tmp_path / "direct.yaml"
    path.write_text(two)
    return ["--runner", str(path)]


def test_many_workers_write_what_one_process_writes(
    in_memory: Project, runner: list[str], tapeline: Tapeline, tmp_path: pathlib.Path
) -> None:
    project = _project(tmp_path / "many")
    ended = tapeline("run", *project.arguments, *runner)
    assert ended.code == 0, ended.err
    # To the last component, with the model blessed and pushed.
    assert len(project.versions) == 1
    for node in ("SeriesExampleGen", "DataGate", "Transform"):
        assert written(in_memory, node), node
        assert written(in_memory, node) == written(project, node), node
    assert scores(project) == pytest.approx(scores(in_memory), rel=1e-6)


def rows_being_written(project: Project) -> bool:
    """Whether a worker has begun to write rows: files without a final name, which hold some."""
    unfinished = re.compile(r"[0-9a-f]{32}")
    folder = project.root / "runs" / "load" / "artifacts" / "SeriesExampleGen"
    return any(unfinished.fullmatch(path.name) and path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_lost_worker_fails_the_run_by_name_and_the_next_run_is_clean(
    cluster: Cluster, tmp_path: pathlib.Path
) -> None:
    project = _project(tmp_path / "lost")
    project.write(daily_load(LONG))
    arguments = [*project.arguments, *cluster.arguments, "--to", "SeriesExampleGen"]
    command = [sys.executable, "-m", "tapeline.cli.main", "run", *arguments]
    before = set(cluster.workers())
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while process.poll() is None and not rows_being_written(project):
            time.sleep(0.02)
        for pid in set(cluster.workers()) - before:
            os.kill(pid, signal.SIGKILL)
        _, errors = process.communicate(timeout=240)
    finally:
        process.kill()
    assert process.returncode == FAILED
    assert "failed in SeriesExampleGen" in errors
    assert "(job tapeline-load-SeriesExampleGen-" in errors
    assert not cluster.running()
    assert "Nothing was pushed" in errors
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert sum(map(len, written(project, "SeriesExampleGen").values())) == LONG


def start(project: Project, cluster: Cluster) -> subprocess.Popen[str]:
    """Starts a run, and returns when its first job runs."""
    arguments = [*project.arguments, *cluster.arguments, "--to", "SeriesExampleGen"]
    command = [sys.executable, "-m", "tapeline.cli.main", "run", *arguments]
    book = JobBook(project.root / "runs" / "load" / "jobs.json")
    before = {job.name for job in book.jobs()}
    # A shell lets what it starts in the background ignore the interrupt, and so whatever that starts.
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed)
    while process.poll() is None and not any(job.id and job.name not in before for job in book.jobs()):
        time.sleep(0.05)
    return process


@pytest.mark.once
def test_no_job_is_left_running_however_a_run_is_stopped(cluster: Cluster, tmp_path: pathlib.Path) -> None:
    project = _project(tmp_path / "stopped")
    project.write(daily_load(LONG))
    before = set(cluster.workers())
    killed = start(project, cluster)
    # Its workers stand still, or its job would end by itself before the next run comes.
    while killed.poll() is None and not set(cluster.workers()) - before:
        time.sleep(0.01)
    held = set(cluster.workers()) - before
    for pid in held:
        os.kill(pid, signal.SIGSTOP)
    killed.kill()
    killed.communicate()
    (left,) = cluster.running()
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        stopped = start(project, cluster)
        (job,) = cluster.running()
        stopped.send_signal(number)
        out, errors = stopped.communicate(timeout=60)
        assert stopped.returncode == code
        assert ("cut short" in out) == (number is signal.SIGINT)
        assert (f"The job {left} was cancelled on {cluster.address}" in out) == (number is signal.SIGINT)
        assert errors.splitlines()[-1] == (
            f"tapeline run: interrupted. The job {job} was cancelled on {cluster.address}. Run the same command to "
            "continue."
        )
        assert not cluster.running()
    for pid in held & set(cluster.workers()):
        os.kill(pid, signal.SIGCONT)
    run = read_run(project.root / "runs" / "load" / "metadata.db")
    assert run is not None
    assert not any(run.nodes[node].state.ended_well for node in run.nodes)
