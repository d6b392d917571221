"""A check as data."""

import dataclasses
import json
import math
from typing import Any

import pydantic
import pytest

from tapeline.schemas.checks import Check, Fault, Requirement, is_close

BELOW = Requirement(metric="mae_scaled", relation="<", bound=0.015)
EVERY = dataclasses.replace(BELOW, scope="every_series")
ON_EVAL = {"persistence": 0.06, "seasonal_naive": 0.04}
AUTO = dataclasses.replace(BELOW, bound=0.04, against="naive_on_eval", naive_on_eval=ON_EVAL)
PREVIOUS = Requirement(metric="mae_scaled", relation="<=", bound=0.0125, against="previous")


@pytest.mark.parametrize(
    ("relation", "value", "passed"),
    [
        ("<", 1.0, False),
        ("<", 0.9, True),
        ("<=", 1.0, True),
        (">", 1.0, False),
        (">=", 1.0, True),
        ("<", math.nan, False),
        (">=", math.nan, False),
    ],
)
def test_the_relation_alone_says_whether_a_bound_is_strict(relation: Any, value: Any, passed: bool) -> None:
    assert Requirement(metric="m", relation=relation, bound=1.0).judged(value).passed is passed


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        (BELOW, "mae_scaled.below"),
        (AUTO, "mae_scaled.below"),
        (EVERY, "mae_scaled.of_every_series_below"),
        (PREVIOUS, "mae_scaled.at_most_previous"),
        (Requirement(metric="skill_over_ridge", relation=">", bound=0.0), "skill_over_ridge.above"),
        (Requirement(metric="finite_share", relation=">=", bound=1.0), "finite_share.at_least"),
    ],
)
def test_an_id_does_not_change_with_the_limit(requirement: Any, name: str) -> None:
    assert requirement.id == dataclasses.replace(requirement, bound=0.5).id == requirement.judged(0.0).id == name


@pytest.mark.parametrize(
    ("check", "close"),
    [
        (BELOW.judged(0.0149), True),
        (BELOW.judged(0.0102), False),
        (BELOW.judged(0.02), False),
        (Requirement(metric="skill_over_persistence", relation=">", bound=0.0).judged(0.04), True),
        (Requirement(metric="skill_over_persistence", relation=">", bound=0.0).judged(0.4), False),
        # All forecasts can only just be finite, and a model can only just be as good as itself.
        (Requirement(metric="finite_share", relation=">=", bound=1.0).judged(1.0), False),
        (PREVIOUS.judged(0.0125), False),
    ],
)
def test_what_is_close_passed_by_little(check: Any, close: bool) -> None:
    assert is_close(check) is close


def test_a_check_survives_json_as_strict_as_it_comes() -> None:
    check = EVERY.judged(math.inf, of=2, failing=1, faults=(Fault("b", "x"),))
    text = json.dumps({**dataclasses.asdict(check), "value": "inf"}, allow_nan=False)
    assert pydantic.TypeAdapter(Check).validate_python(json.loads(text)) == check
