"""`tapeline help` explains commands, and keys of the configuration where no page of the documentation is at hand."""

import pytest

from tapeline.cli import main as cli


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ([], "Usage: tapeline [OPTIONS] COMMAND", "3 a fault."),
        (["run"], "Usage: tapeline run [OPTIONS]", "Show this message and exit."),
        (["training.seed"], "training.seed: whole number, default 1", "sampling and dropout."),
        (["split"], "split: section", "None uses all rows."),
        (["configuration"], "name: text, required", ""),
    ],
)
def test_a_topic_is_explained(words: list[str], first: str, last: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["help", *words]) == 0
    lines = capsys.readouterr().out.rstrip().splitlines()
    assert lines[0].startswith(first)
    assert lines[-1].endswith(last)
