import importlib
import pathlib
import subprocess
import sys

import pytest

from tapeline.cli import exit_codes
from tapeline.cli import main as cli
from tapeline.cli.command_line import COMMANDS, help_text

CO2 = str(pathlib.Path(__file__).parents[2] / "configs" / "co2.yaml")


def test_help_imports_nothing_heavy() -> None:
    probe = (
        "import sys; from tapeline.cli import main as cli\n"
        "assert cli.main(['--help']) == 0\n"
        "heavy = {'numpy', 'pandas', 'pydantic', 'tensorflow', 'tfx', 'apache_beam', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--config", "nowhere.yaml"], "--config: no file 'nowhere.yaml'"),
        (["run", "--config", CO2, "--data", "nowhere.csv"], "nowhere.csv"),
        (["run", "--config", CO2, "--set", "training.seed"], "--set: got 'training.seed'"),
        (["run", "--config", CO2, "--set", "training.sed=1"], "training.sed: unknown key"),
    ],
)
def test_bad_arguments_end_with_code_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == exit_codes.EXIT_BAD_INPUT
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_unknown_command_ends_with_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gat"]) == exit_codes.EXIT_BAD_INPUT
    assert "no such command 'gat'. Did you mean 'gate'?" in capsys.readouterr().err


def test_every_command_has_a_help_of_its_own() -> None:
    for name in COMMANDS:
        assert callable(importlib.import_module(f"tapeline.cli.{name.replace('-', '_')}").run)
        assert help_text(name).startswith(f"Usage: tapeline {name} ")


def test_a_mistyped_configuration_lists_every_mistake(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("name: co2\ndata: {target: co2, frequency: H}\ntraining: {epochs: many}\nwindw: {}\n")
    assert cli.main(["run", "--config", str(path)]) == exit_codes.EXIT_BAD_INPUT
    error = capsys.readouterr().err
    assert "training.epochs (line 3)" in error
    assert "windw (line 4): unknown key" in error


def test_a_fault_of_ours_is_never_taken_for_a_refusal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(config: str = "") -> int:
        raise RuntimeError("out of order")

    monkeypatch.setattr("tapeline.cli.run.run", broken)
    assert cli.main(["run", "--config", CO2]) == exit_codes.EXIT_FAILED
    assert "out of order" in capsys.readouterr().err
