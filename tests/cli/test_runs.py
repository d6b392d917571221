"""`tapeline runs` lists what became of each run, the newest first."""

import json
import pathlib

import pytest

from tapeline.cli import main as cli
from tests.judged_run import Home


@pytest.fixture
def homes(tmp_path: pathlib.Path) -> pathlib.Path:
    Home(tmp_path / "load").judged()
    sales = Home(tmp_path / "sales")
    sales.judged(blessed=False)
    sales.train("2026-11-22T10:00:00")
    return tmp_path


def test_every_run_is_listed_under_its_name(homes: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["runs", "--home", str(homes)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [lines[0], *lines[2:4]] == ["load", "", "sales"]
    assert lines[1].startswith("2026-11-21T10:00:00  20")
    assert lines[1].endswith("  passed, version 7")
    assert "nothing to judge: the Evaluator never ran" in lines[4]
    assert "refused: mae_scaled" in lines[5]


def test_machines_get_a_list(homes: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["runs", "--home", str(homes), "--name", "sales", "--json"]) == 0
    newest, older = json.loads(capsys.readouterr().out)
    assert (newest["run_id"], newest["outcome"], newest["version"]) == ("2026-11-22T10:00:00", "nothing_to_judge", None)
    assert (older["name"], older["outcome"]) == ("sales", "refused")
    assert newest["started"] >= older["started"] > 1_600_000_000_000


def test_a_folder_without_runs_says_so(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["runs", "--home", str(tmp_path)]) == 2
    assert "holds no runs. Run `tapeline run` first" in capsys.readouterr().err
