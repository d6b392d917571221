"""`tapeline init` writes a configuration; `tapeline run --data` does so where none is given."""

import json
import pathlib
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tapeline.cli import main as cli
from tapeline.cli.init import drafted_config, source_of
from tapeline.schemas.errors import ConfigError


@pytest.fixture(autouse=True)
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str = "sales.csv", **columns: Any) -> str:
    days = np.arange(300)
    frame = {"day": pd.date_range("2021-01-01", periods=300), "sold": 10 + days % 7 + 0.01 * days, **columns}
    pd.DataFrame(frame).to_csv(name, index=False)
    return name


def test_the_configuration_lies_beside_and_every_decision_is_told(
    folder: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["init", write(price=[1.5, 2.5] * 150)]) == 0
    told = capsys.readouterr().out
    for line in ("data.frequency: D", "window.horizon: 14", "price: maybe past_covariates", "tapeline run --config"):
        assert line in told
    tree = yaml.safe_load((folder / "sales.yaml").read_text())
    assert tree["name"] == "sales"
    assert tree["data"] == {"source": "sales.csv", "time": "day", "target": "sold", "frequency": "D"}
    assert tree["gate"] == {"mae_scaled_below": "auto", "season": "auto"}


def test_machines_get_json_and_nothing_else(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write()
    assert cli.main(["init", path, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["config"] == str(folder / "sales.yaml")
    assert {"key": "window.horizon", "value": 14} in [
        {name: each[name] for name in ("key", "value")} for each in told["decisions"]
    ]
    assert cli.main(["init", path, "--force", "-q"]) == 0
    assert capsys.readouterr().out == "sales.yaml is written. Next: tapeline run --config sales.yaml\n"


def test_what_is_said_on_the_command_line_wins(folder: pathlib.Path) -> None:
    path = write(price=[1.5, 2.5] * 150)
    said = ["--target", "price", "--known-ahead", "sold", "--horizon", "3", "--time", "day"]
    assert cli.main(["init", path, *said, "--output", "other.yaml"]) == 0
    tree = yaml.safe_load((folder / "other.yaml").read_text())
    assert tree["data"]["target"] == "price"
    assert tree["features"]["future_covariates"] == ["sold"]
    assert tree["window"]["horizon"] == 3


def test_a_file_that_is_there_stays_unless_forced(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write()
    (folder / "sales.yaml").write_text("mine")
    assert cli.main(["init", path]) == 2
    assert "sales.yaml is there already" in capsys.readouterr().err
    assert (folder / "sales.yaml").read_text() == "mine"
    assert cli.main(["init", path, "--force"]) == 0
    assert (folder / "sales.yaml").read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.csv"], "no file 'nowhere.csv'"),
        (["sales.csv", "--target", "no"], "--target: there is no column 'no'"),
        (["sales.csv", "--horizon", "0"], "--horizon: got 0"),
    ],
)
def test_bad_arguments_end_with_code_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    write()
    assert cli.main(["init", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_several_files_are_the_glob_that_matches_them(folder: pathlib.Path) -> None:
    (folder / "load").mkdir()
    for year in (2020, 2021):
        (folder / "load" / f"load-{year}.csv").write_text("a")
    (folder / "load" / "readme.csv").write_text("a")
    assert source_of(["load/load-2020.csv", "load/load-2021.csv"]) == "load/load-202*.csv"
    assert source_of(["load/load-2020.csv"]) == "load/load-2020.csv"
    with pytest.raises(ConfigError, match="no pattern matches these 2 files"):
        source_of(["load/load-2020.csv", "load/readme.csv"])


def test_data_without_a_configuration_get_one_that_is_used_again(
    folder: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write()
    assert drafted_config(path) == "sales.yaml"
    assert "sales.yaml is written" in capsys.readouterr().out
    kept = "name: sales\ndata: {source: sales.csv, time: day, target: sold, frequency: D}\n"
    (folder / "sales.yaml").write_text(kept)
    assert drafted_config(path) == "sales.yaml"
    assert "is there already, and used" in capsys.readouterr().out
    assert (folder / "sales.yaml").read_text() == kept


def test_a_configuration_of_other_data_is_not_taken_for_these(folder: pathlib.Path) -> None:
    (folder / "sales.yaml").write_text("name: sales\ndata: {source: old/sales.csv, time: day, frequency: D}\n")
    with pytest.raises(ConfigError, match="is there with other data"):
        drafted_config(write())


def test_run_asks_for_a_configuration_or_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run"]) == 2
    assert "Give a configuration, or --data alone" in capsys.readouterr().err


def answers(monkeypatch: pytest.MonkeyPatch, *said: str | type[BaseException]) -> list[str]:
    """Has a terminal answer; returns what it was asked with."""
    waiting, asked = list(said), []

    def read(prompt: str = "") -> str:
        asked.append(prompt)
        word = waiting.pop(0)
        if isinstance(word, str):
            return word
        raise word

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", read)
    return asked


def test_questions_are_answered_at_the_terminal_and_asked_again(
    folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = answers(monkeypatch, "", "", "sould", "price", "", "7", "")
    assert cli.main(["init", write(price=[1.5, 2.5] * 150), "--interactive"]) == 0
    told = capsys.readouterr().out
    assert told.count("What shall be forecast?") == 2
    assert "--target: there is no column 'sould'" in told
    assert len(asked) == 7
    tree = yaml.safe_load((folder / "sales.yaml").read_text())
    assert (tree["data"]["target"], tree["window"]["horizon"]) == ("price", 7)


def test_without_a_terminal_nobody_is_asked(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", write(), "--interactive"]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert "standard input is no terminal" in told.err
    assert cli.main(["init", "sales.csv", "--interactive", "-q"]) == 2
    assert "--quiet prints the result alone" in capsys.readouterr().err


@pytest.mark.parametrize(("stopped", "code"), [(KeyboardInterrupt, 130), (EOFError, 2)])
def test_who_stops_amid_questions_finds_nothing_written(
    stopped: type[BaseException], code: int, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, "", "", stopped)
    assert cli.main(["init", write(), "--interactive", "--explore"]) == code
    assert [path.name for path in folder.iterdir()] == ["sales.csv"]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that a browser was asked for; the page itself is not drawn."""
    from tapeline.pipeline.exploring import writing_look

    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr(writing_look, "write_look", lambda found, draft, plan, path: path.write_text("a page"))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":1")
    return opened


def test_a_page_on_the_data_is_written_and_shown(
    folder: pathlib.Path, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["init", write(), "--explore", "--output", "other.yaml"]) == 0
    assert (folder / "other.yaml").is_file()
    assert "What the data look like: other.explore.html" in capsys.readouterr().out
    assert shown == [(folder / "other.explore.html").as_uri()]


def test_without_a_display_only_the_path_of_the_page_is_said(
    shown: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISPLAY")
    assert cli.main(["init", write(), "--explore"]) == 0
    assert "sales.explore.html" in capsys.readouterr().out
    assert shown == []


def test_machines_get_the_path_of_the_page_and_no_browser(
    folder: pathlib.Path, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["init", write(), "--explore", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["page"] == str(folder / "sales.explore.html")
    assert shown == []


def test_what_cannot_be_read_again_is_not_written(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", write(), "--known-ahead", "sold", "--target", "sold"]) == 2
    assert "sold" in capsys.readouterr().err
    assert not (folder / "sales.yaml").exists()
