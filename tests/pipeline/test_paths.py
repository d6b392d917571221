import pathlib

import pytest

from tapeline.pipeline.paths import RunPaths, shown


def test_home_argument_wins_over_the_environment(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPELINE_HOME", str(tmp_path / "environment"))
    assert RunPaths.of("co2").root == tmp_path / "environment" / "co2"
    assert RunPaths.of("co2", tmp_path / "argument").root == tmp_path / "argument" / "co2"


def test_default_home_is_runs_in_the_working_directory(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAPELINE_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    assert RunPaths.of("co2").root == tmp_path / "runs" / "co2"


def test_paths_are_shown_relative_where_that_is_shorter(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "runs" / "co2") == "runs/co2"
    assert shown("/etc") == "/etc"
