"""The compiled YAML, its steps run as containers of the image: by this project's back end, then by KFP's own."""

import json
import os
import pathlib
import re
import socket
import stat
import urllib.request
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import tensorflow as tf
import yaml

from tapeline.cli import main as cli
from tapeline.pipeline.paths import RunPaths
from tapeline.schemas.features import FORECAST_START
from tests.containers import engine
from tests.e2e.kfp_backend import FAILED, SUCCEEDED, Outcome
from tests.e2e.small_project import daily_load, small_config

ROOT = pathlib.Path(__file__).parents[2]
DATA = f"{engine.MOUNT}/data/span-{{SPAN}}/load.csv"
LOOKED_UP = {"prepare", "gate", "blessed-before", "import-schema-gen"}


class Volume:
    """A volume with data, as the claim of a cluster: root's, and its group may write."""

    def __init__(self, root: pathlib.Path, package: pathlib.Path) -> None:
        self.root = root / "volume"
        self.package = package
        self.paths = RunPaths.of("load", self.root / "runs")
        self.root.mkdir()
        self.root.chmod(0o770)
        self.write(1, daily_load())

    def write(self, span: int, frame: pd.DataFrame) -> None:
        folder = self.root / "data" / f"span-{span}"
        folder.mkdir(parents=True)
        frame.to_csv(folder / "load.csv", index=False)

    def run(self, *, watch: Any = None, users: tuple[str, ...] = (engine.ANY_USER,), **arguments: Any) -> Outcome:
        containers = engine.Containers(self.package, self.root, users=users)
        return containers.run({"data": DATA, **arguments}, watch=watch)

    def verdict(self, outcome: Outcome) -> Any:
        """What the step `Report` wrote down: ML Metadata names places that only a container sees."""
        return json.loads((self.paths.root / "report" / f"load-{outcome.job}" / "verdict.json").read_text())

    @property
    def versions(self) -> list[str]:
        return sorted(path.name for path in self.paths.serving_model.iterdir() if path.name.isdigit())


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("package")
    config, package = folder / "config.yaml", folder / "pipeline.yaml"
    config.write_text(yaml.safe_dump(small_config()))
    settings = ["--set", f"kubeflow.image={engine.IMAGE}", "--set", "kubeflow.retries=1"]
    assert (
        cli.main(["compile", "--config", str(config), "--target", "kubeflow", "--output", str(package), *settings]) == 0
    )
    return package


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory, package: pathlib.Path) -> Volume:
    return Volume(tmp_path_factory.mktemp("cluster"), package)


@pytest.fixture(scope="module")
def first(volume: Volume) -> Outcome:
    """A run on a new volume, its steps by two users in turn."""
    return volume.run(users=(engine.ANY_USER, "1000720000:0"))


def test_the_steps_end_blessed_and_pushed(volume: Volume, first: Outcome) -> None:
    assert first.succeeded, first.explain()
    verdict = volume.verdict(first)
    assert verdict["outcome"] == "passed"
    assert volume.versions == [verdict["pushed_version"]]
    assert "forecast report: Blessed</title>" in first.artifacts["report", "page"].read_text()
    assert first.shown("report", "metrics")["blessed"] == 1.0


def test_what_one_user_wrote_another_may_change(volume: Volume, first: Outcome) -> None:
    assert first.succeeded, first.explain()
    found = [path for path in volume.paths.root.rglob("*") if not path.is_symlink()]
    assert len({path.stat().st_uid for path in found}) == 2
    needed = {True: stat.S_IRWXG, False: stat.S_IRGRP | stat.S_IWGRP}
    assert [str(path) for path in found if path.stat().st_mode & needed[path.is_dir()] != needed[path.is_dir()]] == []


def test_a_second_run_is_answered_from_the_cache(volume: Volume, first: Outcome) -> None:
    versions = volume.versions
    outcome = volume.run(users=("1000730000:0",))
    assert outcome.succeeded, outcome.explain()
    cached = {task for task in outcome.attempts if ": cached" in outcome.log(task)}
    assert set(outcome.attempts) - cached <= LOOKED_UP
    assert volume.versions == versions
    for task, (attempt,) in outcome.attempts.items():
        print(f"{task}: {attempt.ended - attempt.began:.0f} s")


def test_a_refused_model_is_not_pushed_and_a_killed_step_is_made_good(volume: Volume, first: Outcome) -> None:
    versions = volume.versions
    killed: list[str] = []

    def kill(task: str, number: int, process: int) -> None:
        folder = volume.paths.artifacts / "Evaluator" / "evaluation"
        begun = [path for path in folder.glob("*") if path.name.isdigit() and not any(path.iterdir())]
        if task == "evaluator" and number == 0 and begun and not killed:
            (name,) = engine.podman("ps", "--filter", "name=evaluator", "--format", "{{.Names}}").stdout.split()
            engine.podman("kill", "--signal", "KILL", name)
            killed.append(name)

    outcome = volume.run(mae_scaled_below=1e-9, run_name="strict", watch=kill)
    assert outcome.codes("evaluator") == [137, 0], outcome.explain()
    assert "an earlier try of Evaluator was cut short" in outcome.log("evaluator")
    assert outcome.states.pop("gate") == FAILED
    assert set(outcome.states.values()) == {SUCCEEDED}
    assert outcome.codes("gate") == [1]
    assert volume.versions == versions
    assert outcome.shown("report", "metrics")["blessed"] == 0.0


def test_missing_data_fail_the_first_step_and_say_so(volume: Volume) -> None:
    outcome = volume.run(data=f"{engine.MOUNT}/data/nowhere.csv")
    assert outcome.codes("prepare") == [2, 2]
    assert "nowhere.csv" in outcome.log("prepare")
    assert set(outcome.attempts) == {"prepare"}


def test_a_container_without_a_writable_tmp_says_so_in_one_sentence() -> None:
    options = ["--read-only", "--read-only-tmpfs=false", "--user", engine.ANY_USER]
    ended = engine.run(*options, engine.IMAGE, "tapeline", "run", "--config", "nowhere.yaml", check=False)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("tapeline run: no folder for temporary files. Make /tmp")


def test_kfps_own_executor_runs_the_yaml_on_an_empty_volume(package: pathlib.Path, tmp_path: pathlib.Path) -> None:
    volume = Volume(tmp_path, package)
    address = tmp_path / "podman.sock"
    service = engine.serving(address)
    script = pathlib.Path(__file__).with_name("kfp_local.py")
    try:
        engine.wait_until(address.exists, "podman's socket")
        # The executor mounts folders by their names on this machine.
        shared = [each for path in (script, volume.package, address) for each in ("--volume", f"{path}:{path}")]
        shared += ["--volume", f"{volume.root}:{volume.root}", "--network", "host", "--user", "0:0"]
        command = ["python", str(script), str(volume.package), DATA, str(volume.root), str(address)]
        ended = engine.run(*shared, engine.IMAGE, *command, "fresh", "0.05", check=False)
        assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-3000:]
        assert "BLESSED" in ended.stdout
        assert "Trainer: cached" not in ended.stdout
        (version,) = volume.versions
        refused = engine.run(*shared, engine.IMAGE, *command, "strict", "1e-9", check=False)
        assert refused.returncode != 0, refused.stdout[-6000:]
        assert "not below 1e-09" in refused.stdout
        assert "Trainer: cached" in refused.stdout
        assert volume.versions == [version]
    finally:
        engine.podman("container", "prune", "--force")
        service.kill()
        service.wait()


def test_the_smaller_image_serves_what_the_evaluator_scored(volume: Volume, first: Outcome) -> None:
    verdict = volume.verdict(first)
    starts = forecast_starts(volume)
    rows = daily_load()
    times = pd.to_datetime(rows["time"]).to_numpy().astype("datetime64[s]").astype(np.int64)
    at = np.searchsorted(times, starts)
    window = small_config()["window"]
    contexts = at[:, None] + np.arange(-window["context_length"], 0)
    measured = rows["load"].to_numpy()[at[:, None] + np.arange(window["horizon"])]
    inputs = {"context": rows["load"].to_numpy()[contexts].tolist(), "timestamps": times[contexts].tolist()}
    mounted = ["--volume", f"{volume.paths.serving_model}:/model:ro", "--health-interval=disable", *engine.CLOSED]
    with engine.running("tapeline-serve", *mounted, "--user", engine.ANY_USER, engine.SERVE, "--name", "load"):
        healthy = ["healthcheck", "run", "tapeline-serve"]
        engine.wait_until(lambda: engine.podman(*healthy, check=False).returncode == 0, "a healthy server")
        request = urllib.request.Request(
            "http://127.0.0.1:8501/v1/models/load:predict", json.dumps({"inputs": inputs}).encode()
        )
        with urllib.request.urlopen(request) as response:
            answer = json.load(response)["outputs"]
        told = engine.log_of("tapeline-serve")
    assert np.abs(np.array(answer["forecast"]) - measured).mean() == pytest.approx(verdict["metrics"]["mae"], rel=1e-4)
    assert "Traceback" not in told


def forecast_starts(volume: Volume) -> npt.NDArray[np.int64]:
    """The first time of each test window that the Evaluator scored."""
    (file,) = volume.paths.artifacts.glob("Transform/windows/*/Split-test/*.gz")
    feature = {FORECAST_START: tf.io.FixedLenFeature([], tf.int64)}
    records = list(tf.data.TFRecordDataset(str(file), "GZIP"))
    return tf.io.parse_example(records, feature)[FORECAST_START].numpy()


def test_beams_workers_run_in_a_container_of_the_image(package: pathlib.Path, tmp_path: pathlib.Path) -> None:
    volume = Volume(tmp_path, package)
    runner = (ROOT / "configs/runners/portable.yaml").read_text()
    (volume.root / "portable.yaml").write_text(runner)
    (volume.root / "config.yaml").write_text(package.with_name("config.yaml").read_text())
    mounted = ["--volume", f"{volume.root}:{engine.MOUNT}", "--user", engine.ANY_USER, *engine.CLOSED]
    pool = ["python", "-m", "apache_beam.runners.worker.worker_pool_main", "--service_port=50000"]
    jobs = ["python", "-m", "apache_beam.runners.portability.local_job_service_main", "-p", "8099"]
    with (
        engine.running("tapeline-jobs", *mounted, engine.IMAGE, *jobs),
        engine.running("tapeline-pool", *mounted, engine.IMAGE, *pool),
    ):
        for port in (8099, 50000):
            engine.wait_until(lambda port=port: socket.socket().connect_ex(("127.0.0.1", port)) == 0, f"port {port}")
        given = ["--config", f"{engine.MOUNT}/config.yaml", "--data", DATA, "--home", f"{engine.MOUNT}/runs"]
        command = ["tapeline", "run", *given, "--runner", f"{engine.MOUNT}/portable.yaml", "--to", "StatisticsGen"]
        ended = engine.run(*mounted, engine.IMAGE, *command, check=False)
        assert ended.returncode == 0, ended.stdout + ended.stderr + engine.log_of("tapeline-pool")
        assert re.search(r"StatisticsGen +ran", ended.stdout)
        assert "Starting worker with command" in engine.log_of("tapeline-pool")


def test_a_new_span_is_trained_on_and_the_gate_compares_with_the_served_model(volume: Volume, first: Outcome) -> None:
    served, versions = volume.verdict(first), volume.versions
    rows = daily_load(900)
    # A second season, which the served model has never seen.
    volume.write(2, rows.assign(load=rows["load"] + 30 * np.sin(2 * np.pi * np.arange(900) / 8)))
    outcome = volume.run()
    assert outcome.succeeded, outcome.explain()
    assert "cached" not in outcome.log("trainer")
    verdict = volume.verdict(outcome)
    assert verdict["previous"]["uri"] == served["model"]["uri"]
    assert verdict["previous"]["metrics"]["mae_scaled"] > 2 * verdict["metrics"]["mae_scaled"]
    assert "previous" in {check["against"] for check in verdict["checks"]}
    assert volume.versions == sorted([*versions, verdict["pushed_version"]])


def test_what_the_image_holds_is_listed_beside_it() -> None:
    for image in (engine.IMAGE, engine.SERVE):
        bill = engine.bill_of_materials(image)
        names = {each["name"].lower().replace("_", "-") for each in bill["components"]}
        assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
        assert names >= {"tapeline", "tensorflow-cpu", "libc6", "numpy"}
        assert ("tfx" in names) is (image == engine.IMAGE)
        assert all(each["purl"].startswith(("pkg:pypi/", "pkg:deb/")) for each in bill["components"] if "purl" in each)


def test_images_run_as_an_ordinary_user() -> None:
    for image in (engine.IMAGE, engine.SERVE):
        ended = engine.run("--entrypoint", "id", image)
        assert ended.stdout.startswith("uid=1000")
        assert "gid=0" in ended.stdout
    assert os.geteuid() == 0
