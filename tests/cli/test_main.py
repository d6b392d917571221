import importlib
import pathlib
import subprocess
import sys

import pytest

from tapeline.cli import exit_codes
from tapeline.cli import main as cli

CO2 = str(pathlib.Path(__file__).parents[2] / "configs" / "co2.yaml")


def test_help_imports_nothing_heavy() -> None:
    probe = (
        "import sys; from tapeline.cli import main as cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'pydantic', 'tensorflow', 'tfx', 'apache_beam'} & set(sys.modules)\n"
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
    with pytest.raises(SystemExit) as ended:
        cli.main(["trian"])
    assert ended.value.code == exit_codes.EXIT_BAD_INPUT
    assert "trian" in capsys.readouterr().err


def test_every_command_of_the_parser_exists() -> None:
    actions = cli._parser()._subparsers._group_actions[0]
    assert actions.choices
    for name in actions.choices:
        assert callable(importlib.import_module(f"tapeline.cli.{name.replace('-', '_')}").run)


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
    def broken(arguments: object) -> int:
        raise RuntimeError("out of order")

    monkeypatch.setattr("tapeline.cli.run.run", broken)
    assert cli.main(["run", "--config", CO2]) == exit_codes.EXIT_FAILED
    assert "out of order" in capsys.readouterr().err
