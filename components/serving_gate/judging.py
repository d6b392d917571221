"""From what a model did in a process of its own to the serving gate's checks; pure NumPy.

A request that must be answered is answered right when every output is there,
every number is finite, the times follow the context on the grid, the narrow
interval lies inside the wide one, quantiles do not cross, and the forecast is the Evaluator's for the
same window. A hostile one is refused right when the refusal is InvalidArgument
and its message mentions what is wrong.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.components.serving_gate.real_requests import GateRequest, RealWindows
from tapeline.components.serving_gate.serve_alone import Answer, Served
from tapeline.forecaster.refusal_message import refusal_message
from tapeline.schemas.checks import Check, Fault, Requirement
from tapeline.schemas.gate_config import ServingConfig
from tapeline.schemas.served_model import EVALUATE, FORECAST, FORECAST_TIME, LEVELS, levels_of

MOST_DEVIATION = 1e-5
"""Largest distance from the Evaluator's forecast, as a share of the series' scale."""

# A forecast in the data's unit and what it is compared with are rounded to about so many steps of its type.
_ROUNDING = 4.0
_MOST_FAULTS = 3
_LEAST_CHARACTERS = 12
"""Characters that a message must have to be one."""


def judge(
    requests: Sequence[GateRequest], served: Served, *, windows: RealWindows, limits: ServingConfig
) -> tuple[Check, ...]:
    """Returns every requirement and what became of it.

    Args:
        requests: What was sent, the Evaluator's own among them.
        served: What came back.
        windows: What was asked about.
        limits: Of time and memory.
    """
    if served.problem:
        return (not_served(served.problem),)
    pairs = list(zip(requests, served.answers, strict=True))
    real = [
        (request, answer, answer_problem(request, answer, windows)) for request, answer in pairs if not request.hostile
    ]
    hostile = [(request, answer, refusal_problem(request, answer)) for request, answer in pairs if request.hostile]
    deviation, where = largest_deviation([(request, answer) for request, answer, _ in real])
    return (
        _SERVED.judged(1.0),
        _counted("serving_wrong_answers", real),
        _at_most("serving_deviation", MOST_DEVIATION).judged(
            deviation, faults=(Fault(where),) if deviation > MOST_DEVIATION else ()
        ),
        _counted("serving_wrong_refusals", hostile),
        _at_most("serving_latency_ms", limits.max_latency_ms).judged(served.latency_ms),
        _at_most("serving_memory_mib", limits.max_memory_mib).judged(served.memory_mib),
    )


def not_served(problem: str) -> Check:
    """Returns the only check on a model that no process served."""
    return _SERVED.judged(0.0, faults=(Fault("", problem),))


def _counted(metric: str, judged: Sequence[tuple[GateRequest, Answer, str]]) -> Check:
    wrong = [Fault(_title(request), problem) for request, _, problem in judged if problem]
    faults = tuple(wrong[:_MOST_FAULTS])
    return _at_most(metric, 0.0).judged(float(len(wrong)), of=len(judged), failing=len(wrong), faults=faults)


def _at_most(metric: str, bound: float) -> Requirement:
    return Requirement(metric=metric, relation="<=", bound=bound)


_SERVED = Requirement(metric="serving_process", relation=">=", bound=1.0)


def answer_problem(request: GateRequest, answer: Answer, windows: RealWindows) -> str:
    """Returns what is wrong with the answer to a real request, or ""."""
    if answer.kind != "answered":
        return f"{answer.error or 'refused'}: {refusal_message(answer.message)}"
    rows = len(windows.series_id[request.rows])
    missing = [name for name in LEVELS if name not in answer.outputs]
    if missing:
        return f"no output {', '.join(missing)}"
    levels = levels_of(answer.outputs)
    for name in levels:
        values = answer.outputs[name]
        if values.shape != (rows, request.steps):
            return f"{name} has the shape {list(values.shape)}, not {[rows, request.steps]}"
        # An interval may be endless, where the eval split was too small to say how far it reaches.
        bad = ~np.isfinite(values) if name == FORECAST else np.isnan(values)
        if bad.any():
            return f"{name} has {int(bad.sum())} values that are not finite"
    lower, upper, lower_95, upper_95 = (answer.outputs[name].astype(np.float64) for name in LEVELS[1:])
    slack = _rounding(answer.outputs[FORECAST]) * np.abs(answer.outputs[FORECAST].astype(np.float64))
    if (lower > upper + slack).any() or (lower_95 > lower + slack).any() or (upper > upper_95 + slack).any():
        return "the interval of 80 % does not lie inside the one of 95 %"
    quantiles = [answer.outputs[name].astype(np.float64) for name in levels[len(LEVELS) :]]
    if any((low > high + slack).any() for low, high in itertools.pairwise(quantiles)):
        return "quantiles cross"
    if request.signature == EVALUATE:
        return ""
    times = windows.timestamps[request.rows, windows.context_length : windows.context_length + request.steps]
    if not np.array_equal(answer.outputs.get(FORECAST_TIME, np.zeros(0)), times):
        return f"{FORECAST_TIME} does not follow the context on the grid"
    return ""


def refusal_problem(request: GateRequest, answer: Answer) -> str:
    """Returns what is wrong with the refusal of a hostile request, or ""."""
    if answer.kind == "answered":
        finite = np.isfinite(answer.outputs.get(FORECAST, 0.0)).all()
        return "answered" if finite else "answered with values that are not finite"
    if answer.kind != "refused":
        return f"{answer.error} instead of InvalidArgument: {refusal_message(answer.message)}"
    message = refusal_message(answer.message)
    if len(message) < _LEAST_CHARACTERS:
        return f"refused without a message ({message!r})"
    if request.must_mention not in answer.message:
        return f"the message does not mention {request.must_mention}: {message}"
    return ""


def largest_deviation(real: Sequence[tuple[GateRequest, Answer]]) -> tuple[float, str]:
    """Returns the largest distance of an answer from the Evaluator's forecast, and where it is.

    Args:
        real: Requests and answers, the Evaluator's own among them.

    Returns:
        A share of the scale of the series, infinite where nothing can be compared, and the request's name.
    """
    evaluated = next((answer for request, answer in real if request.signature == EVALUATE), None)
    needed = (FORECAST, "offset", "scale")
    if evaluated is None or any(name not in evaluated.outputs for name in needed):
        return math.inf, "there is no forecast of the Evaluator to compare with"
    scaled, offset, scale = (evaluated.outputs[name].astype(np.float64) for name in needed)
    expected = scaled * scale[:, None] + offset[:, None]
    worst, where = 0.0, ""
    for request, answer in real:
        if not request.steps_compared:
            continue
        if answer.kind != "answered" or FORECAST not in answer.outputs:
            return math.inf, _title(request)
        given, truth = answer.outputs[FORECAST], expected[request.rows, : request.steps_compared]
        if given.shape[0] != truth.shape[0] or given.shape[1] < request.steps_compared:
            return math.inf, _title(request)
        magnitude = np.maximum(np.abs(truth), np.abs(offset)[request.rows, None])
        distance = np.abs(given[:, : request.steps_compared] - truth) - _rounding(given) * magnitude
        share = distance / np.abs(scale)[request.rows, None]
        # A NaN compares as false: it must not pass for no distance.
        largest = float(np.max(np.where(np.isnan(share), math.inf, share), initial=0.0))
        if largest > worst:
            worst, where = largest, _title(request)
    return worst, where


def _rounding(values: npt.NDArray[Any]) -> float:
    return _ROUNDING * float(np.finfo(values.dtype).eps)


def _title(request: GateRequest) -> str:
    return f"{request.signature}, {request.name}"
