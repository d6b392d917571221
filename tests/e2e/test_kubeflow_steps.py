"""The compiled Kubeflow pipeline, executed step by step in processes of its own, does what a local run does."""

import concurrent.futures
import itertools
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import pytest
import yaml
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from tapeline.cli import main as cli
from tapeline.pipeline.judgement import Judgement, judge
from tapeline.pipeline.paths import RunPaths
from tapeline.pipeline.stores import connection
from tests.e2e.kfp_backend import FAILED, NOT_RUN, SUCCEEDED, BackEnd, Outcome, _fork
from tests.e2e.metadata_service import metadata_service
from tests.e2e.small_project import daily_load, small_config

MOUNT = "/mnt/tapeline"
DATA = f"{MOUNT}/data/load.csv"
LOOKED_UP = {"BlessedBefore", "ImportSchemaGen"}
"""Nodes that only look something up run every time."""

COMPLETE = metadata_store_pb2.Execution.COMPLETE
CACHED = metadata_store_pb2.Execution.CACHED


class Cluster:
    """A volume with data, and a pipeline compiled for it."""

    def __init__(self, root: pathlib.Path, package: pathlib.Path) -> None:
        self.volume = root / "volume"
        self.package = package
        self.paths = RunPaths.of("load", self.volume / "runs")
        (self.volume / "data").mkdir(parents=True)
        self.write(daily_load())

    def write(self, frame: Any) -> None:
        frame.to_csv(self.volume / "data" / "load.csv", index=False)

    def run(
        self, *, forked: bool = True, watch: Any = None, package: pathlib.Path | None = None, **arguments: Any
    ) -> Outcome:
        back_end = BackEnd(package or self.package, self.volume, forked=forked)
        return back_end.run({"data": DATA, **arguments}, watch=watch)

    def judge(self, outcome: Outcome, name: str = "load") -> Judgement:
        return judge(self.paths, f"{name}-{outcome.job}")

    @property
    def versions(self) -> list[str]:
        folder = self.paths.serving_model
        return sorted(path.name for path in folder.iterdir() if path.name.isdigit()) if folder.exists() else []


def compile_package(folder: pathlib.Path, *arguments: str) -> pathlib.Path:
    config, package = folder / "config.yaml", folder / "pipeline.yaml"
    settings = small_config()
    # Left to the data, which the machine that compiles does not have.
    del settings["model"]["lags"]
    config.write_text(yaml.safe_dump(settings))
    command = ["compile", "--config", str(config), "--target", "kubeflow", "--output", str(package), *arguments]
    assert cli.main([*command, "--set", "kubeflow.retries=1"]) == 0
    return package


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return compile_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory, package: pathlib.Path) -> tuple[Cluster, Outcome]:
    """A run on a new store, every step started as its container would be."""
    cluster = Cluster(tmp_path_factory.mktemp("steps"), package)
    return cluster, cluster.run(forked=False)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory, package: pathlib.Path) -> tuple[Cluster, list[Outcome]]:
    """Two runs at the same time on one new store."""
    cluster = Cluster(tmp_path_factory.mktemp("twins"), package)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = [pool.submit(cluster.run) for _ in range(2)]
        return cluster, [run.result() for run in runs]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, package: pathlib.Path) -> Cluster:
    """A volume whose store knows one run of LocalDagRunner, with the same data, configuration and seed."""
    cluster = Cluster(tmp_path_factory.mktemp("local"), package)
    config = package.with_name("config.yaml")
    folder = cluster.volume / "local"
    folder.mkdir()
    data = str(cluster.volume / "data" / "load.csv")
    process = _fork(
        ["tapeline", "run", "--config", str(config), "--data", data, "--home", str(cluster.paths.root.parent)], folder
    )
    while process.poll() is None:
        time.sleep(0.1)
    assert process.poll() == 0, (folder / "log").read_text()
    return cluster


class Lineage:
    """What ML Metadata holds of one run, without what differs from run to run: numbers, times, folders."""

    def __init__(self, cluster: Cluster, run_id: str) -> None:
        self.store = metadata_store.MetadataStore(connection(cluster.paths.metadata))
        self.root = str(cluster.volume)
        context = self.store.get_context_by_type_and_name("pipeline_run", run_id)
        self.executions = self.store.get_executions_by_context(context.id)
        self.events = self.store.get_events_by_execution_ids([each.id for each in self.executions])
        self.node = {each.id: self._node(each.id) for each in self.executions}

    def _node(self, execution: int) -> str:
        return next(
            each.name.rpartition(".")[2]
            for each in self.store.get_contexts_by_execution(execution)
            if each.type == "node"
        )

    def states(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for each in self.executions:
            found.setdefault(self.node[each.id], []).append(each.last_known_state)
        return found

    def graph(self) -> Counter[tuple[str, str, str, str]]:
        """Every edge: node, direction, key, and the type of the artifact or the node that made it."""
        producers = {
            event.artifact_id: self.node[event.execution_id]
            for event in self.events
            if event.type == metadata_store_pb2.Event.OUTPUT
        }
        edges: Counter[tuple[str, str, str, str]] = Counter()
        for event in self.events:
            node, key = self.node[event.execution_id], event.path.steps[0].key
            if event.type == metadata_store_pb2.Event.INPUT:
                edges[node, "reads", key, producers.get(event.artifact_id, "another run")] += 1
            else:
                (artifact,) = self.store.get_artifacts_by_id([event.artifact_id])
                edges[node, "makes", key, artifact.type] += 1
        return edges

    def properties(self) -> dict[str, dict[str, str]]:
        return {
            self.node[each.id]: {
                name: str(value).replace(self.root, "")
                for name, value in sorted({**each.properties, **each.custom_properties}.items())
                if not name.startswith("__")
            }
            for each in self.executions
        }

    def outputs(self) -> list[tuple[str, str]]:
        """Nodes, and the folders they made."""
        made = [event for event in self.events if event.type == metadata_store_pb2.Event.OUTPUT]
        uris = {each.id: each.uri for each in self.store.get_artifacts_by_id([event.artifact_id for event in made])}
        return [(self.node[event.execution_id], uris[event.artifact_id]) for event in made]


def test_compiling_takes_less_than_half_a_minute(tmp_path: pathlib.Path, package: pathlib.Path) -> None:
    again = tmp_path / "pipeline.yaml"
    command = [sys.executable, "-m", "tapeline.cli.main", "compile", "--target", "kubeflow", "--output", str(again)]
    config = ["--config", str(package.with_name("config.yaml")), "--set", "kubeflow.retries=1"]
    # Neither a home with credentials nor a way to the network.
    closed = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **closed}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, *config], check=True, cwd=pathlib.Path(cli.__file__).parents[1], env=environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Seconds of a core, so that what else runs on this machine does not count.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 30
    assert again.read_text() == package.read_text()


def test_the_steps_end_blessed_and_pushed(steps: tuple[Cluster, Outcome]) -> None:
    cluster, outcome = steps
    assert outcome.succeeded, outcome.explain()
    verdict = cluster.judge(outcome).verdict
    assert verdict is not None
    assert verdict.accepted
    assert cluster.versions == [verdict.pushed_version]
    # Kubeflow shows the report, and the verdict's numbers.
    assert "forecast report: Blessed</title>" in outcome.artifacts["report", "page"].read_text()
    assert outcome.shown("report", "metrics") == json.loads(outcome.artifacts["report", "metrics"].read_text())
    assert outcome.shown("report", "metrics").items() >= {"blessed": 1.0, **verdict.evaluation.metrics}.items()


def test_steps_run_side_by_side_where_the_graph_allows(steps: tuple[Cluster, Outcome]) -> None:
    _, outcome = steps
    (evaluator,), (trainer,) = outcome.attempts["evaluator"], outcome.attempts["trainer"]
    assert trainer.ended <= evaluator.began
    (statistics,), (first,) = outcome.attempts["statistics-gen"], outcome.attempts["prepare"]
    assert first.ended <= statistics.began
    spans = sorted((attempt.began, attempt.ended) for attempts in outcome.attempts.values() for attempt in attempts)
    assert any(following[0] < before[1] for before, following in itertools.pairwise(spans))


def test_steps_find_what_a_local_run_finds(steps: tuple[Cluster, Outcome], local: Cluster) -> None:
    cluster, outcome = steps
    found, expected = cluster.judge(outcome), judge(local.paths)
    assert found.outcome is expected.outcome
    assert found.verdict is not None
    assert expected.verdict is not None
    ours, theirs = found.verdict.evaluation, expected.verdict.evaluation
    assert [check.id for check in ours.checks] == [check.id for check in theirs.checks]
    assert ours.metrics == pytest.approx(theirs.metrics, rel=1e-6, abs=1e-9)


def test_steps_leave_the_lineage_of_a_local_run(steps: tuple[Cluster, Outcome], local: Cluster) -> None:
    cluster, outcome = steps
    expected = Lineage(local, judge(local.paths).run_id or "")
    found = Lineage(cluster, f"load-{outcome.job}")
    assert found.graph() == expected.graph()
    assert found.properties() == expected.properties()


def test_a_step_that_the_cache_answers_imports_neither_tensorflow_nor_beam(steps: tuple[Cluster, Outcome]) -> None:
    cluster, outcome = steps
    which = ["--ir", str(cluster.paths.ir(f"load-{outcome.job}")), "--node", "SeriesExampleGen", "--run-id", "again"]
    command = [sys.executable, "-X", "importtime", "-m", "tapeline", "run-node", *which]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout == "SeriesExampleGen: cached\n"
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert imported >= {"tapeline", "tfx.orchestration.portable.launcher"}
    inside = ("tensorflow.python.", "tensorflow_model_analysis.", "apache_beam.", "tfx.components.evaluator.")
    assert not [name for name in imported if name.startswith(inside)]


def test_two_runs_at_once_on_one_store_end_blessed_and_pushed(twins: tuple[Cluster, list[Outcome]]) -> None:
    cluster, outcomes = twins
    outputs: list[str] = []
    for outcome in outcomes:
        assert outcome.succeeded, outcome.explain()
        assert {code for task in outcome.attempts for code in outcome.codes(task)} == {0}
        verdict = cluster.judge(outcome).verdict
        assert verdict is not None
        assert verdict.accepted
        assert verdict.pushed_version in cluster.versions
        lineage = Lineage(cluster, f"load-{outcome.job}")
        # One execution a node, and none that is still running.
        states = lineage.states()
        assert {state for found in states.values() for state in found} <= {COMPLETE, CACHED}
        assert {node: len(found) for node, found in states.items()} == dict.fromkeys(states, 1)
        outputs += [uri for node, uri in lineage.outputs() if states[node] == [COMPLETE]]
    # Nobody wrote where another did.
    assert len(outputs) == len(set(outputs))
    begun = [outcome.attempts["prepare"][0].began for outcome in outcomes]
    ended = [outcome.attempts["gate"][0].ended for outcome in outcomes]
    assert max(begun) < min(ended)


def test_a_second_run_is_answered_from_the_cache_also_through_a_metadata_service(
    local: Cluster, tmp_path: pathlib.Path
) -> None:
    versions = local.versions
    with metadata_service(local.paths.metadata) as address:
        outcome = local.run(package=compile_package(tmp_path, "--set", f"kubeflow.metadata={address}"))
        assert outcome.succeeded, outcome.explain()
    states = Lineage(local, f"load-{outcome.job}").states()
    assert {node for node, found in states.items() if found != [CACHED]} <= LOOKED_UP
    assert local.versions == versions
    assert len(versions) == 1


def test_a_model_that_is_not_blessed_is_not_pushed_and_a_killed_step_is_made_good(local: Cluster) -> None:
    versions = local.versions
    killed: list[pathlib.Path] = []

    def kill(task: str, number: int, process: int) -> None:
        folder = local.paths.artifacts / "Evaluator" / "evaluation"
        begun = [path for path in folder.glob("*") if path.name.isdigit() and not any(path.iterdir())]
        if task == "evaluator" and number == 0 and begun and not killed:
            os.kill(process, signal.SIGKILL)
            killed.append(begun[-1])
            (begun[-1] / "half_written").write_text("by a process that is gone")

    outcome = local.run(mae_scaled_below=1e-9, run_name="strict", watch=kill)
    assert outcome.codes("evaluator") == [-signal.SIGKILL, 0], outcome.explain()
    assert "an earlier try of Evaluator was cut short" in outcome.log("evaluator")
    assert outcome.states.pop("gate") == FAILED
    assert set(outcome.states.values()) == {SUCCEEDED}
    assert outcome.codes("gate") == [1]
    assert "not below 1e-09" in outcome.log("gate")
    assert local.versions == versions
    assert "forecast report: Blessed</title>" not in outcome.artifacts["report", "page"].read_text()
    assert outcome.shown("report", "metrics")["blessed"] == 0.0

    lineage = Lineage(local, f"strict-{outcome.job}")
    assert lineage.states()["Evaluator"] == [COMPLETE]
    assert lineage.states()["Trainer"] == [CACHED]
    assert len(lineage.outputs()) == len(set(lineage.outputs()))
    assert ("Evaluator", str(killed[0])) in lineage.outputs()
    assert not (killed[0] / "half_written").exists()


def test_what_the_data_gate_refuses_never_reaches_the_later_steps(
    tmp_path: pathlib.Path, package: pathlib.Path
) -> None:
    cluster = Cluster(tmp_path, package)
    cluster.write(daily_load().assign(load=500.0))
    outcome = cluster.run()
    assert outcome.states["series-example-gen"] == SUCCEEDED, outcome.explain()
    assert outcome.states["data-gate"] == FAILED
    assert {outcome.states[task] for task in ("transform", "trainer", "evaluator", "pusher", "report", "gate")} == {
        NOT_RUN
    }
    # Tried again, the step repeats what was found and does not look anew.
    assert outcome.codes("data-gate") == [2, 2]
    assert all("constant" in attempt.log for attempt in outcome.attempts["data-gate"])
    judgement = cluster.judge(outcome)
    assert judgement.verdict is None
    assert "DataGate failed: " in judgement.problem
    assert "constant" in judgement.problem
    assert Lineage(cluster, f"load-{outcome.job}").states()["DataGate"] == [metadata_store_pb2.Execution.FAILED]


def test_data_that_are_not_there_fail_the_first_step(tmp_path: pathlib.Path, package: pathlib.Path) -> None:
    cluster = Cluster(tmp_path, package)
    outcome = cluster.run(data=f"{MOUNT}/data/nowhere.csv")
    assert outcome.codes("prepare") == [2, 2]
    assert "nowhere.csv" in outcome.log("prepare")
    assert set(outcome.states.values()) == {FAILED, NOT_RUN}


def test_what_the_configuration_says_of_the_cluster_stands_in_the_yaml(tmp_path: pathlib.Path) -> None:
    package = compile_package(
        tmp_path,
        *("--set", "kubeflow.image=registry.example.com/tapeline:7", "--set", "kubeflow.volume_claim=shared"),
        *("--set", "kubeflow.metadata=mysql://tapeline@db:3306/lineage"),
        *("--set", "kubeflow.secrets={database: {password: TAPELINE_METADATA_PASSWORD}}"),
        *("--set", "kubeflow.node_selector={disk: ssd}", "--set", "kubeflow.trainer={cpu: '2', memory: 3Gi, gpu: 1}"),
    )
    spec, platform = yaml.safe_load_all(package.read_text())
    parameters = spec["root"]["inputDefinitions"]["parameters"]
    # The configuration names no data: whoever starts a run must.
    assert "defaultValue" not in parameters["data"]
    assert parameters["mae_scaled_below"]["defaultValue"] == 0.05
    assert parameters["run_name"]["defaultValue"] == "load"
    auto = compile_package(tmp_path, "--set", "kubeflow.image=a", "--set", "gate.mae_scaled_below=auto")
    limit = next(yaml.safe_load_all(auto.read_text()))["root"]["inputDefinitions"]["parameters"]["mae_scaled_below"]
    assert (limit["defaultValue"], limit["parameterType"]) == ("auto", "STRING")
    executors = spec["deploymentSpec"]["executors"]
    assert {each["container"]["image"] for each in executors.values()} == {"registry.example.com/tapeline:7"}
    trainer = executors["exec-trainer"]["container"]["resources"]
    assert (trainer["cpuLimit"], trainer["memoryLimit"]) == (2.0, pytest.approx(3 * 1.073741824))
    # Newer kfp says it under newer names too.
    assert trainer["accelerator"].items() >= {"count": "1", "type": "nvidia.com/gpu"}.items()
    tasks = spec["root"]["dag"]["tasks"]
    assert all(not task["cachingOptions"].get("enableCache") for task in tasks.values())
    assert {task["retryPolicy"]["maxRetryCount"] for name, task in tasks.items() if name != "gate"} == {1}
    assert "retryPolicy" not in tasks["gate"]
    for each in platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values():
        (mount,), (secret,) = each["pvcMount"], each["secretAsEnv"]
        assert mount.items() >= {"constant": "shared", "mountPath": MOUNT}.items()
        assert each["nodeSelector"] == {"labels": {"disk": "ssd"}}
        assert secret["secretName"] == "database"
        assert secret["keyToEnv"] == [{"envVar": "TAPELINE_METADATA_PASSWORD", "secretKey": "password"}]
    assert "password" not in str(executors)
    for name, each in executors.items():
        knows_store = "mysql://tapeline@db:3306/lineage" in each["container"]["args"]
        assert knows_store == (name != "exec-prepare")


def test_every_step_comes_after_what_it_reads_and_the_gate_after_all(package: pathlib.Path) -> None:
    tasks = next(yaml.safe_load_all(package.read_text()))["root"]["dag"]["tasks"]

    def before(name: str) -> set[str]:
        needed = set(tasks[name].get("dependentTasks", ()))
        return needed.union(*map(before, needed))

    assert before("gate") == set(tasks) - {"gate"}
    assert {"trainer", "blessed-before", "data-gate", "transform"} <= before("evaluator")
    assert "evaluator" in before("pusher")
    assert "pusher" not in before("report")
    assert before("series-example-gen") == {"prepare"}


LOAD = """
import sys
import kfp
from kfp import compiler, components
loaded = components.load_component_from_file(sys.argv[1])
compiler.Compiler().compile(loaded, sys.argv[2])
print(kfp.__version__)
"""


def test_the_newest_kfp_reads_the_yaml(package: pathlib.Path, tmp_path: pathlib.Path) -> None:
    # Newer releases of KFP do not resolve beside TFX, so this one has an environment of its own.
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "newest")], check=True)
    python = str(tmp_path / "newest" / "bin" / "python")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    install = [python, "-m", "pip", "install", "--quiet", "kfp", "kfp-kubernetes"]
    installed = subprocess.run(install, env=environ, capture_output=True, text=True, check=False)
    if installed.returncode:
        pytest.skip(f"the package registry cannot be reached: {installed.stderr[-300:]}")
    again = tmp_path / "again.yaml"
    command = [python, "-c", LOAD, str(package), str(again)]
    ended = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert tuple(map(int, ended.stdout.split()[-1].split(".")[:2])) > (2, 5)
    assert list(yaml.safe_load_all(again.read_text())) == list(yaml.safe_load_all(package.read_text()))
