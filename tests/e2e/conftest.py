"""Every test below this folder is an end-to-end test; many run the command line on a small project."""

import os
import pathlib

import pytest

from tapeline.cli import main as cli
from tests.e2e.small_project import Ended, Project, Tapeline, make_project

HERE = pathlib.Path(__file__).parent
TIMEOUT_SECONDS = 1200
# Whole pipelines run in these processes, and libraries warn of what they do to each other (TFDV takes the variance of
# infinite values). What is said to Tapeline's own code, or to a test, is an error here too.
WARNINGS = pytest.mark.filterwarnings(
    "ignore", "error:::tapeline", "error:::tests", "ignore:.*please use:FutureWarning:tests"
)

SECOND_STACK = "TAPELINE_SECOND_STACK"
"""Set by `make test-modern`: the suite runs on the other stack as well, by `.ci/run` at least."""
ONCE = pytest.mark.skipif(bool(os.environ.get(SECOND_STACK)), reason="its subject is the same on both stacks")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of this folder, gives them more time than a unit test, and hears fewer warnings."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(WARNINGS)
            if item.get_closest_marker("once") is not None:
                item.add_marker(ONCE)
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
