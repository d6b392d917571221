"""Tests of the images that `make test-containers` builds; without them there is nothing to collect here."""

import os
import pathlib

import pytest

import containers

HERE = pathlib.Path(__file__).parent

collect_ignore_glob = [] if containers.HOME_VARIABLE in os.environ else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives each test the time that containers take; a failing one says more than what a library warns of."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(2400))
            item.add_marker(pytest.mark.filterwarnings("ignore"))
