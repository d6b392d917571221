"""What the gate makes of answers; the answers are made up here, so every fault is planted by hand."""

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tapeline.components.serving_gate.judging import answer_problem, judge, largest_deviation, refusal_problem
from tapeline.components.serving_gate.real_requests import GateRequest
from tapeline.components.serving_gate.serve_alone import Answer, Served
from tapeline.schemas.check_wording import in_words
from tapeline.schemas.gate_config import ServingConfig
from tapeline.schemas.served_model import EVALUATE, SERVE
from tests import contract_model

WINDOWS = contract_model.real_windows(rows=2)
H, OFFSET, SCALE = contract_model.HORIZON, contract_model.OFFSET, contract_model.SCALE
LIMITS = ServingConfig(max_latency_ms=5.0, max_memory_mib=900.0)
SCALED = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], np.float32)
EVALUATED = GateRequest(name="windows", signature=EVALUATE, inputs={}, steps=H)
REAL = GateRequest(name="raw values", signature=SERVE, inputs={}, steps=H, steps_compared=H)
HOSTILE = GateRequest(name="NaN everywhere", signature=SERVE, inputs={}, hostile=True, must_mention="context")
REFUSED = Answer("refused", message="assertion failed: [context: no measured value; give at least one:] [0]")


def levels(forecast: npt.NDArray[Any], reach: float) -> dict[str, npt.NDArray[Any]]:
    ends = {"lower": -reach, "upper": reach, "lower_95": -2 * reach, "upper_95": 2 * reach}
    return {"forecast": forecast, **{name: forecast + np.float32(way) for name, way in ends.items()}}


def evaluated(**changed: Any) -> Answer:
    rows = {"offset": np.full(2, OFFSET, np.float32), "scale": np.full(2, SCALE, np.float32)}
    return Answer("answered", {**levels(SCALED, 0.5), **rows, **changed})


def served(**changed: Any) -> Answer:
    times = WINDOWS.timestamps[:, contract_model.CONTEXT_LENGTH :][:, :H]
    return Answer("answered", {**levels(SCALED * SCALE + OFFSET, 1.0), "forecast_time": times, **changed})


def found(*answers: Answer, **fields: Any) -> Served:
    return Served(answers=answers, **{"latency_ms": 1.0, "memory_mib": 700.0, **fields})


def failed(result: Served) -> list[str]:
    checks = judge([EVALUATED, REAL, HOSTILE], result, windows=WINDOWS, limits=LIMITS)
    return [check.id for check in checks if not check.passed]


def test_a_model_that_answers_and_refuses_as_it_must_passes_every_check() -> None:
    assert failed(found(evaluated(), served(), REFUSED)) == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"forecast": np.full((2, H), np.nan, np.float32)}, "forecast has 6 values that are not finite"),
        ({"upper_95": np.full((2, H), np.nan, np.float32)}, "upper_95 has 6 values that are not finite"),
        ({"lower": np.zeros((2, H + 1), np.float32)}, "lower has the shape [2, 4], not [2, 3]"),
        ({"lower": np.full((2, H), -90.0, np.float32)}, "the interval of 80 % does not lie inside the one of 95 %"),
        ({"forecast_time": np.zeros((2, H), np.int64)}, "forecast_time does not follow the context on the grid"),
    ],
)
def test_an_answer_that_is_not_right_says_why(changed: Any, problem: str) -> None:
    assert answer_problem(REAL, served(**changed), WINDOWS) == problem
    assert "serving_wrong_answers.at_most" in failed(found(evaluated(), served(**changed), REFUSED))


def test_an_answer_without_an_interval_is_not_right() -> None:
    outputs = dict(served().outputs)
    del outputs["upper_95"]
    assert answer_problem(REAL, Answer("answered", outputs), WINDOWS) == "no output upper_95"


def test_quantiles_that_cross_are_not_right() -> None:
    forecast = served().outputs["forecast"]
    in_order = {"quantile_0.1": forecast - 1, "quantile_0.05": forecast - 2}
    assert answer_problem(REAL, served(**in_order), WINDOWS) == ""
    crossed = {"quantile_0.1": forecast - 2, "quantile_0.05": forecast - 1}
    assert answer_problem(REAL, served(**crossed), WINDOWS) == "quantiles cross"


def test_an_interval_without_an_end_is_an_answer() -> None:
    ends = {"lower_95": np.full((2, H), -np.inf, np.float32), "upper_95": np.full((2, H), np.inf, np.float32)}
    assert answer_problem(REAL, served(**ends), WINDOWS) == ""


def test_a_real_request_that_is_refused_is_not_answered() -> None:
    assert "no measured value" in answer_problem(REAL, REFUSED, WINDOWS)
    assert failed(found(evaluated(), REFUSED, REFUSED)) == [
        "serving_wrong_answers.at_most",
        "serving_deviation.at_most",
    ]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (served(), "answered"),
        (served(forecast=np.full((2, H), np.nan)), "answered with values that are not finite"),
        (
            Answer("failed", message="out of memory", error="ResourceExhaustedError"),
            "ResourceExhaustedError instead of",
        ),
        (Answer("refused", message="assertion failed: [x]"), "refused without a message"),
        (Answer("refused", message="assertion failed: [timestamps: out of order]"), "does not mention context"),
    ],
)
def test_a_hostile_request_must_be_refused_with_words_on_what_is_wrong(answer: Any, problem: str) -> None:
    assert problem in refusal_problem(HOSTILE, answer)
    assert failed(found(evaluated(), served(), answer)) == ["serving_wrong_refusals.at_most"]


def test_the_distance_from_the_evaluators_forecast_is_a_share_of_the_scale() -> None:
    truth = (SCALED * SCALE + OFFSET).astype(np.float64)
    # 0.002 units are a thousandth of the scale of 2; a few millionths go to rounding.
    moved = served(forecast=truth + np.array([[0.0, 0.002, 0.0], [0.0, 0.0, 0.0]]))
    deviation, where = largest_deviation([(EVALUATED, evaluated()), (REAL, moved)])
    assert deviation == pytest.approx(0.001, rel=0.02)
    assert where == "serving_default, raw values"
    assert failed(found(evaluated(), moved, REFUSED)) == ["serving_deviation.at_most"]


def test_rounding_of_large_values_is_no_distance() -> None:
    # A float32 near 1e6 is off by up to 0.03, more than 1e-5 of a scale of 2.
    offset = np.full(2, 1e6, np.float32)
    rounded = served(**levels((SCALED * SCALE + 1e6).astype(np.float32), 1.0))
    deviation, _ = largest_deviation([(EVALUATED, evaluated(offset=offset)), (REAL, rounded)])
    assert deviation == 0.0


@pytest.mark.parametrize("forecast", [np.full((2, H), np.nan), np.zeros((2, H - 1)), np.zeros((1, H))])
def test_a_forecast_that_cannot_be_compared_is_infinitely_far(forecast: Any) -> None:
    deviation, _ = largest_deviation([(EVALUATED, evaluated()), (REAL, served(forecast=forecast))])
    assert deviation == math.inf


def test_rows_and_steps_are_compared_with_their_own() -> None:
    one = dataclasses.replace(REAL, rows=slice(1, 2), steps_compared=2)
    alone = Answer("answered", {"forecast": (SCALED * SCALE + OFFSET)[1:, :2]})
    assert largest_deviation([(EVALUATED, evaluated()), (one, alone)])[0] < 1e-6
    other = Answer("answered", {"forecast": (SCALED * SCALE + OFFSET)[:1, :2]})
    assert largest_deviation([(EVALUATED, evaluated()), (one, other)])[0] == pytest.approx(0.3, rel=1e-3)


@pytest.mark.parametrize(
    ("fields", "check"),
    [
        ({"latency_ms": 5.1}, "serving_latency_ms.at_most"),
        ({"latency_ms": math.nan}, "serving_latency_ms.at_most"),
        ({"memory_mib": 901.0}, "serving_memory_mib.at_most"),
    ],
)
def test_the_limits_of_the_configuration_hold(fields: Any, check: str) -> None:
    assert failed(found(evaluated(), served(), REFUSED, **fields)) == [check]


def test_a_limit_that_is_just_met_is_kept() -> None:
    assert failed(found(evaluated(), served(), REFUSED, latency_ms=5.0, memory_mib=900.0)) == []


def test_a_process_that_crashed_is_one_refusal_with_its_reason() -> None:
    (check,) = judge(
        [EVALUATED, REAL, HOSTILE], Served(problem="it was ended by SIGABRT"), windows=WINDOWS, limits=LIMITS
    )
    assert not check.passed
    assert "SIGABRT" in in_words(check)
