"""A run that is killed at many points, one after the other, ends as one that nobody disturbed.

Each process is killed at the next point on the way through the pipeline, and the next one carries on; so what was
done before comes from the cache, and twenty kills cost little more than twenty starts.
"""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

from tapeline.forecaster.versions import check_content, versions
from tests.e2e.small_project import Project, make_project

pytestmark = pytest.mark.once

CHILD = pathlib.Path(__file__).with_name("killed_run.py")

# Where in the pipeline, in its order; before or after which call.
POINTS = (
    ("tapeline.components.ingest.beam_writing:Settle.survey", "after", 1),
    ("tapeline.components.ingest.beam_writing:row_batches", "before", 2),
    ("tapeline.components.ingest.executor:Executor.Do", "after", 1),
    ("tapeline.components.statistics_gen.executor:Executor.Do", "after", 1),
    ("tfx.components.schema_gen.executor:Executor.Do", "before", 1),
    ("tapeline.components.data_gate.executor:link_or_copy", "after", 2),
    ("tapeline.components.data_gate.executor:Executor.Do", "after", 1),
    ("tapeline.components.transform.executor:Executor._fit", "after", 1),
    ("tapeline.components.transform.beam_windowing:WriteGroup._write", "after", 1),
    ("tapeline.components.transform.executor:Executor.Do", "after", 1),
    ("tapeline.components.trainer.loop:train_epoch", "before", 2),
    ("tapeline.components.trainer.train_step:TrainStep.__call__", "after", 3),
    ("tapeline.components.trainer.checkpoint:CheckpointStore.save", "after", 1),
    ("tapeline.components.trainer.executor:export_model", "after", 1),
    ("tapeline.components.evaluator.executor:Executor._audit", "after", 1),
    ("tapeline.components.evaluator.executor:Executor.Do", "after", 1),
    ("tapeline.components.serving_gate.executor:Executor.Do", "after", 1),
    ("tapeline.forecaster.versions:write_whole", "before", 1),
    ("tapeline.forecaster.versions:_remove_oldest", "before", 1),
    ("tapeline.components.report.executor:copy_report", "before", 1),
    ("tapeline.pipeline.verdict_files:write_files", "before", 1),
)
CHAINS = 5
"""The points are dealt out to so many chains; each spreads over the whole pipeline."""


def run(project: Project, *point: Any) -> subprocess.CompletedProcess[str]:
    start = [str(CHILD), *map(str, point)] if point else ["-m", "tapeline.cli.main"]
    command = [sys.executable, *start, "run", *project.arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=1500, check=False)


def serving(project: Project) -> pathlib.Path:
    return project.root / "runs" / "load" / "serving_model"


def verdict(project: Project) -> dict[str, Any]:
    (path,) = (project.root / "runs" / "load" / "report").glob("*/verdict.json")
    found = json.loads(path.read_text())
    return {name: found[name] for name in ("outcome", "metrics", "metrics_by_lead_step", "worst_series")}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    project = make_project(tmp_path_factory.mktemp("undisturbed"))
    ended = run(project)
    assert ended.returncode == 0, ended.stderr
    return verdict(project)


@pytest.mark.timeout(2400)  # Seven starts, on a busy machine too.
@pytest.mark.parametrize("chain", range(CHAINS))
def test_a_run_killed_again_and_again_ends_as_one_that_nobody_disturbed(
    chain: int, project: Project, undisturbed: dict[str, Any]
) -> None:
    if chain and os.environ.get("TAPELINE_KILLS") != "all":
        pytest.skip("TAPELINE_KILLS=all runs every chain, as every night")
    for point in POINTS[chain::CHAINS]:
        killed = run(project, *point)
        assert killed.returncode == -9, f"{point} was not reached: {killed.stdout}{killed.stderr}"
        for version in versions(serving(project)):
            check_content(serving(project) / str(version))
    ended = run(project)
    assert ended.returncode == 0, ended.stderr
    assert verdict(project) == undisturbed
    (version,) = versions(serving(project))
    check_content(serving(project) / str(version))
    assert [path.name for path in serving(project).iterdir() if path.name not in (str(version), ".lock")] == []


def test_there_are_at_least_twenty_points() -> None:
    assert len(POINTS) >= 20
    assert len(set(POINTS)) == len(POINTS)
