"""The command line, run in this process on a small project."""

import pathlib

import pytest

from tapeline.cli import main as cli
from tests.e2e.small_project import Ended, Project, Tapeline, make_project


@pytest.fixture
def tapeline(capfd: pytest.CaptureFixture[str]) -> Tapeline:
    """Runs a command in this process and returns its exit code and what it printed."""

    def run(*arguments: str) -> Ended:
        capfd.readouterr()
        code = cli.main(arguments)
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return run


@pytest.fixture
def project(tmp_path: pathlib.Path) -> Project:
    return make_project(tmp_path)
