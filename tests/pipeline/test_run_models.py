"""The model that a forecast is made by: the pushed one, or, where that is asked for, one that was refused."""

import pathlib

import pytest

from tapeline.pipeline.paths import RunPaths
from tapeline.pipeline.run_models import REFUSED, data_source, model_of_run, newest_pushed
from tapeline.schemas.errors import ConfigError
from tests.judged_run import Home

OLD, NEW = "2026-11-21T10:00:00", "2026-11-22T10:00:00"


@pytest.fixture
def home(tmp_path: pathlib.Path) -> Home:
    """A run that passed, and a newer one that was refused."""
    home = Home(tmp_path / "load")
    home.judged(OLD)
    home.judged(NEW, blessed=False)
    return home


def test_a_refused_model_is_taken_where_it_is_asked_for_and_marked(home: Home) -> None:
    paths = RunPaths(home.root)
    found = model_of_run(paths, candidate=True)
    assert (found.folder, found.mark) == (home.folder(NEW, "model") / "Format-Serving", REFUSED)
    with pytest.raises(ConfigError, match=f"--run: the model of run {NEW} was refused. Add --candidate"):
        model_of_run(paths, NEW)


def test_a_model_that_passed_carries_no_mark(home: Home) -> None:
    found = model_of_run(RunPaths(home.root), OLD, candidate=True)
    assert (found.folder, found.mark) == (home.folder(OLD, "model") / "Format-Serving", "")


def test_without_a_pushed_model_the_way_to_the_candidate_is_told(home: Home) -> None:
    with pytest.raises(ConfigError, match=r"has no pushed model.*--candidate"):
        newest_pushed(RunPaths(home.root))


def test_without_a_configuration_the_rows_must_be_given(home: Home) -> None:
    with pytest.raises(ConfigError, match=r"no config\.yaml.*--input"):
        data_source(RunPaths(home.root))
