"""What the README tells people to type is there: cheap commands run, the others are read by the command line."""

import ast
import pathlib
import re
import shlex
import subprocess
from collections.abc import Iterator

import pandas as pd
import pytest
import yaml

from tapeline.cli import main as cli
from tapeline.cli.command_line import COMMANDS, Call, read_words
from tapeline.schemas.config import parse_config

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    # All blocks in turn, so that the end of one is not taken for the beginning of another.
    found = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    return [text for name, text in found if name == language]


def commands(program: str) -> Iterator[list[str]]:
    """The words of each command line that begins with a program, without comments."""
    for block in blocks(""):
        for line in block.splitlines():
            words = shlex.split(line, comments=True) if re.match(r"(\.venv/bin/)?(tapeline|make) ", line) else []
            if words and pathlib.PurePath(words[0]).name == program:
                yield words[1:]


@pytest.mark.parametrize("words", list(commands("tapeline")), ids=" ".join)
def test_a_command_is_one_that_the_command_line_reads(words: list[str]) -> None:
    read = read_words(words)
    assert isinstance(read, Call), read
    assert read.command == words[0]


@pytest.mark.parametrize("words", list(commands("make")), ids=" ".join)
def test_a_target_of_make_is_there(words: list[str]) -> None:
    assert subprocess.run(["make", "--dry-run", *words], cwd=ROOT, capture_output=True).returncode == 0


def test_every_command_is_shown() -> None:
    assert {words[0] for words in commands("tapeline")} == set(COMMANDS) - {"run-node"}


def test_init_writes_what_the_readme_says(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    days = pd.date_range("2022-01-01", periods=200)
    parts = [pd.DataFrame({"day": days, "shop": shop, "sold": range(200), "holiday": 0}) for shop in ("north", "south")]
    pd.concat(parts).to_csv("sales.csv", index=False)
    (init,) = (words for words in commands("tapeline") if words[0] == "init")
    assert cli.main(init) == 0
    assert "sales.yaml is written" in capsys.readouterr().out
    drafted = yaml.safe_load(pathlib.Path("sales.yaml").read_text())
    by_hand = parse_config(yaml.safe_load(blocks("yaml")[0]), origin="README.md")
    for key in ("time", "target", "series_id", "frequency"):
        assert drafted["data"][key] == yaml.safe_load(blocks("yaml")[0])["data"][key]
    assert by_hand.features.future_covariates == ("holiday",)


def test_programs_are_programs() -> None:
    for block in blocks("python"):
        ast.parse(block)
