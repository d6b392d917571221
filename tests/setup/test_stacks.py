from typing import Any

import pytest

import stacks

OLD_GLIBC, NEW_GLIBC = (2, 36), (2, 39)
NO_PYTHON: "frozenset[str]" = frozenset()


@pytest.mark.parametrize(
    ("glibc", "pythons", "expected"),
    [
        (NEW_GLIBC, {"3.12"}, "1.21"),
        ((2, 41), {"3.10", "3.13"}, "1.21"),
        (OLD_GLIBC, {"3.10", "3.13"}, "1.16"),
        (NEW_GLIBC, {"3.10"}, "1.16"),
        # Nothing fits: uv fetches the newest Python that the system can use.
        (NEW_GLIBC, NO_PYTHON, "1.21"),
        (OLD_GLIBC, NO_PYTHON, "1.16"),
        # Another C library has wheels of neither; uv says so.
        ((0, 0), {"3.13"}, "1.16"),
    ],
)
def test_the_newer_stack_is_for_a_new_glibc_with_a_python_that_fits(glibc: Any, pythons: Any, expected: str) -> None:
    for nothing_said in ("", None):
        assert stacks.choose(nothing_said, glibc=glibc, pythons=pythons).name == expected


def test_either_stack_can_be_asked_for() -> None:
    assert stacks.choose("1.16", glibc=NEW_GLIBC, pythons={"3.13"}) is stacks.OLD
    assert stacks.choose("1.21", glibc=NEW_GLIBC, pythons=NO_PYTHON) is stacks.NEW


def test_a_stack_that_does_not_install_is_refused_with_what_it_needs() -> None:
    with pytest.raises(stacks.StackError, match=r"needs glibc 2\.39 or newer .*; this system has 2\.36"):
        stacks.choose("1.21", glibc=OLD_GLIBC, pythons={"3.13"})


def test_an_unknown_stack_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(stacks.StackError, match=r"STACK is '1\.17'. It must be 1\.16 or 1\.21"):
        stacks.choose("1.17", glibc=NEW_GLIBC, pythons={"3.13"})


def test_glibc_of_this_system_is_known() -> None:
    assert stacks.glibc_version() >= stacks.OLD.glibc


def test_pythons_are_listed_in_words() -> None:
    assert stacks.OLD.python_words == "3.10"
    assert stacks.NEW.python_words == "3.11, 3.12 or 3.13"
