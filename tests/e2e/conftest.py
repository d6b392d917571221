"""Every test below this folder is an end-to-end test; many run the command line on a small project."""

import pathlib

import pytest

from tapeline.cli import main as cli
from tests.e2e.small_project import Ended, Project, Tapeline, make_project

HERE = pathlib.Path(__file__).parent
TIMEOUT_SECONDS = 1200


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of this folder, and gives them more time than a unit test."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))


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
