"""Texts where numbers should be: few and again and again they look like categories, else they are mistakes."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from tapeline.schemas.errors import DataError
from tapeline.series.sources.problems import Column, raise_problems
from tapeline.series.sources.values import read_numbers

WEATHER = "features.future_covariates: column 'weather'"


def message(*batches: Sequence[Any], label: str = WEATHER) -> str:
    problems = []
    for number, batch in enumerate(batches):
        column = Column(pa.array(batch, pa.string()), label=label)
        read_numbers(column)
        problems += [problem.shifted(rows=100 * number, file="sales.csv") for problem in column.problems]
    with pytest.raises(DataError) as raised:
        raise_problems(problems)
    return str(raised.value)


def test_few_texts_again_and_again_look_like_categories() -> None:
    assert message(["clear", "mist", None, "clear"] * 5, ["rain", "clear", "mist"] * 4) == (
        "sales.csv: features.future_covariates: column 'weather': 27 of 27 values are text, not numbers, and look like "
        "categories: clear, mist, rain. If they are, add features.categorical: ['weather']; else write numbers"
    )


def test_numbers_with_some_texts_are_mistakes_with_their_rows() -> None:
    found = message(["1.5", "n/a", "2"] * 5)
    assert "row 1 'n/a', row 4 'n/a'" in found
    assert "is text, not a number" in found
    assert "categorical" not in found


def test_mostly_numbers_over_all_batches_are_mistakes() -> None:
    assert "categorical" not in message(["low", "low", "1"], ["2"] * 9 + ["low"])


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param([f"note {number}" for number in range(30)] * 2, id="many different texts"),
        pytest.param(["one", "two", "three"], id="each text once"),
        pytest.param(["12,5", "13,5"] * 20, id="numbers in another writing"),
    ],
)
def test_other_texts_are_no_categories(texts: list[str]) -> None:
    assert "categorical" not in message(texts)


def test_a_target_is_never_a_category() -> None:
    assert "categorical" not in message(["high", "low"] * 9, label="data.target: column 'y'")
