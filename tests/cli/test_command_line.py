"""What is wrong with the words is said in one line that names the argument and the fix; the help fits 80 columns."""

import importlib.metadata
import os
import subprocess
import sys

import pytest

from tapeline.cli import main as cli
from tapeline.cli.command_line import COMMANDS, help_text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run --confg x", "tapeline run: --confg: no such option. Did you mean --config? `tapeline run --help`"),
        ("gate --name", "tapeline gate: --name: needs a value. `tapeline gate --help`"),
        ("gate --json=3", "tapeline gate: --json: takes no value. `tapeline gate --help`"),
        ("backtest", "tapeline backtest: --config: is missing. Give --config PATH: YAML file"),
        ("init", "tapeline init: FILE: is missing. Give FILE: CSV or Parquet"),
        ("forecast --model m --input i --horizon 1.5", "--horizon: got '1.5', must be a whole number."),
        ("serve --model m --max-body-mib many", "--max-body-mib: got 'many', must be a number."),
        ("backtest --config c --window wide", "--window: got 'wide', must be expanding or sliding."),
        ("export --model m --output o", "--format: is missing. Give --format tflite or onnx or tfjs"),
        ("run a b", "unexpected extra argument(s) (a b). `tapeline run --help`"),
        ("--quiet run", "tapeline: --quiet: no such option. `tapeline --help`"),
        ("run --\x1b[31m", "no such option"),
        ("gate --name a --config b", "--name: is given beside --config. Give one of them."),
        ("compile --target ir --config a --config-json {}", "--config: and --config-json are both given. Give one"),
        ("compile --target ir", "--config: is missing. Give --config PATH"),
        ("help nothing", "TOPIC: got 'nothing', must be a command, `configuration`, or a section or key"),
    ],
)
def test_a_wrong_argument_is_named_with_its_fix_in_one_line(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words.split()) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert err.count("\n") == 1
    assert "\x1b" not in err
    assert out == ""


def test_without_a_command_the_list_of_commands_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "  backtest  Train and judge anew" in capsys.readouterr().err


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_fits_80_columns(command: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, help_text(command).splitlines())) <= 80


def test_the_version_names_what_it_stands_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    version = importlib.metadata.version
    assert capsys.readouterr().out.startswith(
        f"tapeline {version('tapeline')} (tfx {version('tfx')}, tensorflow {version('tensorflow')}, Python 3."
    )


@pytest.mark.once
@pytest.mark.parametrize(
    ("typed", "goes_on"),
    [("tapeline ga", ["gate"]), ("tapeline run --fr", ["--from"]), ("tapeline backtest --j", ["--json"])],
)
def test_the_shell_completes_commands_and_options(typed: str, goes_on: list[str]) -> None:
    asked = {"_TAPELINE_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    command = [sys.executable, "-c", "from tapeline.cli.main import entry; entry()"]
    ended = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == goes_on
