"""A check in English."""

import dataclasses
import math
from typing import Any

import pytest

from tapeline.schemas.check_wording import in_words, number, required_in_words
from tapeline.schemas.checks import Fault, Requirement

BELOW = Requirement(metric="mae_scaled", relation="<", bound=0.015)
EVERY = dataclasses.replace(BELOW, scope="every_series")
HARM = Requirement(metric="harmed_share", relation="<=", bound=0.1, worse_by=0.05)
ON_EVAL = {"persistence": 0.06, "seasonal_naive": 0.04}
AUTO = dataclasses.replace(BELOW, bound=0.04, against="naive_on_eval", naive_on_eval=ON_EVAL)
PREVIOUS = Requirement(metric="mae_scaled", relation="<=", bound=0.0125, against="previous")


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (BELOW.judged(0.0102), "mae_scaled is 0.0102, below 0.015"),
        (BELOW.judged(math.nan), "mae_scaled is not a number, not below 0.015 (gate.mae_scaled_below)"),
        (dataclasses.replace(BELOW, naive_on_eval=ON_EVAL).judged(0.0102), "mae_scaled is 0.0102, below 0.015"),
        (
            dataclasses.replace(BELOW, naive_on_eval=ON_EVAL).judged(0.02),
            "mae_scaled is 0.02, not below 0.015 (gate.mae_scaled_below; errors on eval: seasonal naive 0.04, "
            "persistence 0.06; auto asks for less than 0.04)",
        ),
        (AUTO.judged(0.03), "mae_scaled is 0.03, below 0.04, the error of seasonal naive on eval"),
        (
            AUTO.judged(0.05),
            "mae_scaled is 0.05, not below 0.04, the error of seasonal naive on eval (gate.mae_scaled_below: auto; "
            "persistence 0.06)",
        ),
        (
            PREVIOUS.judged(0.01),
            "mae_scaled is 0.01, at most the 0.0125 of the previous model on the same windows",
        ),
        (PREVIOUS.judged(0.02), "mae_scaled is 0.02, worse than the 0.0125 of the previous model on the same windows"),
        (EVERY.judged(0.01, of=3), "mae_scaled of every series is below 0.015"),
        (
            EVERY.judged(0.05, of=9, failing=3, faults=(Fault("b"), Fault("c"))),
            "mae_scaled of series 'b' is 0.05, not below 0.015, as for 2 more of 9 series",
        ),
        (EVERY.judged(math.nan), "mae_scaled of every series must be below 0.015, and there is no series"),
        (
            Requirement(metric="steps_before_test", relation="<=", bound=0.0).judged(3.0),
            "steps_before_test is 3, not at most 0: forecasts of test windows reach into the time that training has seen",
        ),
    ],
)
def test_a_check_of_the_evaluator_in_words(check: Any, words: str) -> None:
    assert in_words(check) == words
    assert in_words(check, name="the error").startswith("the error ")


@pytest.mark.parametrize(
    ("metric", "bound", "value", "found", "words"),
    [
        ("serving_latency_ms", 250.0, 0.746, {}, "one forecast takes 0.746 ms, within serving.max_latency_ms 250"),
        (
            "serving_latency_ms",
            250.0,
            math.nan,
            {},
            "one forecast takes an unknown number of ms, not within serving.max_latency_ms 250",
        ),
        ("serving_memory_mib", 4096.0, 5000.4, {}, "serving takes 5,000 MiB, not within serving.max_memory_mib 4096"),
        ("serving_wrong_answers", 0.0, 0.0, {"of": 8}, "all 8 real requests were answered"),
        (
            "serving_wrong_refusals",
            0.0,
            5.0,
            {"of": 22, "failing": 5, "faults": (Fault("evaluate, NaN", "answered {of}"), Fault("b", "crashed"))},
            "5 of 22 hostile requests were not refused right: evaluate, NaN: answered {of}; b: crashed; and 3 more",
        ),
        (
            "serving_deviation",
            1e-5,
            0.003,
            {"faults": (Fault("serving_default, raw values"),)},
            "served forecasts differ from the Evaluator's by 0.003 of the scale, more than 1e-05: "
            "serving_default, raw values",
        ),
    ],
)
def test_a_check_of_the_serving_gate_in_words(metric: str, bound: float, value: Any, found: Any, words: str) -> None:
    assert in_words(Requirement(metric=metric, relation="<=", bound=bound).judged(value, **found)) == words


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (HARM.judged(0.0), "no series has gate.min_windows test windows, so none is judged by itself"),
        (HARM.judged(0.0, of=1), "the series is at most 5 % worse than the best naive forecast of its own"),
        (
            HARM.judged(0.05, of=40, failing=2),
            "2 of 40 series are over 5 % worse than the best naive forecast of its own; at most 10 % of them may be",
        ),
        (
            HARM.judged(1.0, of=1, failing=1, faults=(Fault("'a'", "52 % worse"),)),
            "the series is over 5 % worse than the best naive forecast of its own (gate.harmed_series.share): "
            "'a': 52 % worse",
        ),
    ],
)
def test_a_check_on_harmed_series_in_words(check: Any, words: str) -> None:
    assert in_words(check) == words


def test_what_is_required_stands_beside_the_metric() -> None:
    assert [required_in_words(one) for one in (BELOW, AUTO, EVERY, PREVIOUS)] == [
        "below 0.015",
        "below 0.04, a naive forecast's error on eval",
        "below 0.015 for every series",
        "at most the previous model's 0.0125",
    ]


def test_numbers_show_on_which_side_of_a_bound_they_lie() -> None:
    assert [number(value) for value in (0.0149999, 1234567.0, -math.inf)] == [
        "0.0149999",
        "1,234,567",
        "minus infinite",
    ]
