import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def make(*arguments: str) -> str:
    # The tests themselves run below `make test`, whose flags and ARGS are not meant for this make.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "ARGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    ).stdout


def test_help_explains_every_target_and_is_what_plain_make_shows() -> None:
    text = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    shown = {line.split()[0] for line in make("help").splitlines() if line.startswith("  ")}
    assert shown == set(phony.split())
    assert make() == make("help")


def test_targets_that_need_the_environment_set_it_up_first() -> None:
    for target in ("run", "test", "test-unit", "lint", "types", "format", "wheel"):
        assert "scripts/setup.sh" in make("--dry-run", target).splitlines()[0]


def test_run_passes_the_configuration_and_more_arguments_on() -> None:
    (command,) = [
        line
        for line in make("-n", "run", "CONFIG=my configs/a.yaml", "ARGS=--to Trainer").splitlines()
        if "tapeline" in line
    ]
    assert command.endswith('tapeline run --config "my configs/a.yaml" --to Trainer')
