"""`-m e2e` runs the tests below tests/e2e and no others, whatever a test says of itself."""

import pathlib
import re

TESTS = pathlib.Path(__file__).resolve().parents[1]


def test_only_the_folder_makes_a_test_an_end_to_end_test() -> None:
    by_hand = re.compile(r"mark\.e2e\b")
    marked = {path.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.py") if by_hand.search(path.read_text())}
    assert marked == {"e2e/conftest.py"}
