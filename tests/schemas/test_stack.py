"""Where the stacks differ: one spelling is understood by the pandas that is installed, whichever it is."""

import importlib.metadata
import warnings

import pandas as pd
import pytest

from schemas import stack


def test_the_stack_is_that_of_the_installed_tfx():
    assert importlib.metadata.version("tfx").startswith("1.21.") == stack.NEWER


@pytest.mark.parametrize(
    "name", ["H", "h", "15T", "min", "S", "M", "ME", "MS", "Q-NOV", "QE-NOV", "QS", "A", "Y", "YE", "AS", "YS"]
)
def test_every_spelling_is_read_without_a_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pd.tseries.frequencies.to_offset(stack.spelled(name)) is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [("H", "h"), ("2H", "2h"), ("M", "ME"), ("Q-NOV", "QE-NOV"), ("AS", "YS"), ("BA", "BYE"), ("W-SAT", "W-SAT")],
)
def test_frequencies_are_shown_in_the_new_spelling(old, new):
    assert stack.modern(old) == stack.modern(new) == new


@pytest.mark.parametrize("text", ["", "fortnight", "-1H", "H of a day"])
def test_what_is_no_frequency_stays_as_it_is(text):
    assert stack.modern(text) == stack.spelled(text) == text
