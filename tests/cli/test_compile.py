"""Commands that compile and run nodes: what they refuse before anything heavy is loaded."""

import json
import os
import pathlib
import types
from typing import Any

import pytest
import yaml

from tapeline.cli import main as cli
from tapeline.cli.arguments import parse_config_json
from tapeline.schemas.config import parse_config

CONFIG = {"name": "load", "data": {"frequency": "H"}, "window": {"context_length": 48, "horizon": 12}}


@pytest.fixture
def config(tmp_path: pathlib.Path) -> str:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(CONFIG))
    return str(path)


def test_whole_numbers_survive_an_orchestrator_that_knows_none() -> None:
    # Protobuf's Struct, in which KFP carries a configuration, holds doubles only.
    text = json.dumps(CONFIG).replace("48", "48.0").replace("12}", "12.0}")
    assert parse_config_json(text) == parse_config(CONFIG, origin="test")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--target", "kubeflow"), "--output: is missing"),
        (("--target", "ir"), "--run-id: is missing"),
        (("--target", "ir", "--run-id", "../up"), "must be letters, digits"),
        (("--target", "ir", "--run-id", "night-{{$.pipeline_job_uuid}}"), "a placeholder, it did not"),
    ],
)
def test_compile_says_what_is_missing(
    config: str, arguments: Any, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["compile", "--config", config, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_pipeline_for_elsewhere_needs_no_data_and_leaves_open_what_is_left_to_them(
    config: str, tmp_path: pathlib.Path
) -> None:
    output = tmp_path / "pipeline.yaml"
    assert cli.main(["compile", "--config", config, "--target", "kubeflow", "--output", str(output)]) == 0
    assert "context_length" in output.read_text()
    assert "lags" not in output.read_text()


def test_folders_of_runs_follow_the_umask(config: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # TFX makes them for itself with 755 where they are missing, and another user of the group could add nothing.
    made: list[str] = []
    monkeypatch.setattr("tapeline.pipeline.settling.settle", lambda config: types.SimpleNamespace(config=config))
    monkeypatch.setattr("tapeline.pipeline.pipeline.create_pipeline", lambda config, paths: paths.root)
    monkeypatch.setattr(
        "tapeline.pipeline.ir.write_ir", lambda root, path: made.append(oct(root.stat().st_mode & 0o777))
    )
    before = os.umask(0o002)
    try:
        home = str(tmp_path / "runs")
        assert cli.main(["compile", "--config", config, "--target", "ir", "--run-id", "a", "--home", home]) == 0
    finally:
        os.umask(before)
    assert made == ["0o775"]
    assert (tmp_path / "runs").stat().st_mode & 0o777 == 0o775


def test_a_configuration_that_is_no_json_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compile", "--config-json", "{", "--target", "ir", "--run-id", "a"]) == 2
    assert "--config-json: not readable as JSON" in capsys.readouterr().err


def test_run_node_needs_a_compiled_pipeline(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run-node", "--ir", str(tmp_path / "none.json"), "--node", "Trainer", "--run-id", "a"]) == 2
    assert "--ir: no file" in capsys.readouterr().err


def test_a_compiled_pipeline_stays_when_its_step_is_started_again(
    config: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "load" / "ir" / "night.json"
    there.parent.mkdir(parents=True)
    there.write_text("as it was")
    command = ["compile", "--config", config, "--target", "ir", "--run-id", "night", "--home", str(tmp_path)]
    assert cli.main(command) == 0
    assert there.read_text() == "as it was"
    assert "is there already" in capsys.readouterr().out
