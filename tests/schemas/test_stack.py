"""Where the stacks differ: one spelling is understood by the pandas that is installed, whichever it is."""

import importlib.metadata
import pathlib
import re
import warnings

import pandas as pd
import pytest

from tapeline.schemas import stack


def test_the_stack_is_that_of_the_installed_tfx() -> None:
    assert importlib.metadata.version("tfx").startswith("1.21.") == stack.NEWER


def test_tensorflow_is_found_under_the_name_that_the_image_has_it_by(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name != "tensorflow-cpu":
            raise importlib.metadata.PackageNotFoundError(name)
        return "2.21.0"

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert stack.installed("tensorflow") == "2.21.0"


@pytest.mark.parametrize(
    "name", ["H", "h", "15T", "min", "S", "M", "ME", "MS", "Q-NOV", "QE-NOV", "QS", "A", "Y", "YE", "AS", "YS"]
)
def test_every_spelling_is_read_without_a_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pd.tseries.frequencies.to_offset(stack.spelled(name)) is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [("H", "h"), ("2H", "2h"), ("M", "ME"), ("Q-NOV", "QE-NOV"), ("AS", "YS"), ("BA", "BYE"), ("W-SAT", "W-SAT")],
)
def test_frequencies_are_shown_in_the_new_spelling(old: str, new: str) -> None:
    assert stack.modern(old) == stack.modern(new) == new


@pytest.mark.parametrize("text", ["", "fortnight", "-1H", "H of a day"])
def test_what_is_no_frequency_stays_as_it_is(text: str) -> None:
    assert stack.modern(text) == stack.spelled(text) == text


def test_nothing_else_asks_which_version_there_is() -> None:
    root = pathlib.Path(stack.__file__).parents[1]
    sources = [path for room in ("schemas", "components", "pipeline") for path in (root / room).rglob("*.py")]
    assert len(sources) > 100
    asking = re.compile(r"version_info|packaging\.version|parse_version|VersionInfo|if .*__version__")
    assert [path.name for path in sources if asking.search(path.read_text())] == ["stack.py"]
