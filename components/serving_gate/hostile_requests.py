"""Requests that a served model must refuse, each with words on what is wrong with it.

    asks = hostile_asks(windows, inputs, refuses_unknown=True)
    asks[0].name, asks[0].word          # 'NaN everywhere', 'context'

Every one is a real request that breaks one rule.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tapeline.components.serving_gate.requests import Ask, Inputs, RealWindows, only_taken, raw_inputs
from tapeline.forecaster.request_examples import serialize_requests
from tapeline.schemas import features as names
from tapeline.schemas.served_model import ANY_HORIZON, EVALUATE, EXAMPLES, HORIZON, PREDICT_EXAMPLES, SERVE, TIMESTAMPS


def hostile_asks(windows: RealWindows, inputs: Inputs, *, refuses_unknown: bool) -> list[Ask]:
    """Returns requests that every model must refuse with words, never with a crash or an answer.

    Args:
        windows: What the requests are made from.
        inputs: Names of the inputs of each signature.
        refuses_unknown: Whether series without a scale of their own must be refused.
    """
    asks = [
        Ask(name=name, signature=signature, inputs=_spoilt(windows, inputs[signature], spoil), hostile=True, word=word)
        for signature in (SERVE, ANY_HORIZON)
        for name, word, spoil in _spoilers(signature, inputs[signature], refuses_unknown=refuses_unknown)
    ]
    asks += _horizons(windows, inputs)
    broken = windows.request(rows=slice(0, 1))
    broken[names.CONTEXT] = broken[names.CONTEXT][:, 1:]
    nothing = windows.request(rows=slice(0, 1))
    nothing[names.CONTEXT][:] = np.nan
    examples = {
        "Examples with a context too short": serialize_requests(raw_inputs(broken, inputs)),
        "Examples with nothing measured": serialize_requests(raw_inputs(nothing, inputs)),
        "bytes that are no Example": [b"no Example at all"],
        "Examples without a feature": [b""],
    }
    asks += [
        Ask(name=name, signature=PREDICT_EXAMPLES, inputs={EXAMPLES: np.array(serialized, object)}, hostile=True)
        for name, serialized in examples.items()
    ]
    asks += [
        Ask(name=name, signature=EVALUATE, inputs={EXAMPLES: np.array(examples[name], object)}, hostile=True)
        for name in ("bytes that are no Example", "Examples without a feature")
    ]
    return asks


Spoiler = Callable[[dict[str, Any]], None]


def _put(name: str, value: float | bytes, place: Any = (..., -1)) -> Spoiler:
    def spoil(request: dict[str, Any]) -> None:
        request[name][place] = value

    return spoil


def _cut(*cut: str) -> Spoiler:
    def spoil(request: dict[str, Any]) -> None:
        for name in cut:
            request[name] = request[name][:, 1:]

    return spoil


def _unordered(request: dict[str, Any]) -> None:
    request[TIMESTAMPS][:, [0, -1]] = request[TIMESTAMPS][:, [-1, 0]]


def _left_out(request: dict[str, Any]) -> None:
    request[TIMESTAMPS][:, 0] -= request[TIMESTAMPS][:, 1] - request[TIMESTAMPS][:, 0]


def _off_grid(request: dict[str, Any]) -> None:
    request[TIMESTAMPS][:, -1] += 1


def _spoilers(signature: str, taken: tuple[str, ...], *, refuses_unknown: bool) -> list[tuple[str, str, Spoiler]]:
    """What can be done to a request: its name, what the refusal must speak of, and the deed."""
    along_time = (names.CONTEXT, TIMESTAMPS, names.PAST_COVARIATES, names.FUTURE_COVARIATES)
    spoilers = [
        ("NaN everywhere", names.CONTEXT, _put(names.CONTEXT, np.nan, ...)),
        ("an infinite value", names.CONTEXT, _put(names.CONTEXT, np.inf)),
        ("a context too short", names.CONTEXT, _cut(*(name for name in along_time if name in taken))),
        ("fewer times than values", TIMESTAMPS, _cut(TIMESTAMPS)),
        ("times out of order", TIMESTAMPS, _unordered),
        ("a time left out", TIMESTAMPS, _left_out),
        ("a time off the frequency", TIMESTAMPS, _off_grid),
    ]
    if names.SERIES_ID in taken and refuses_unknown:
        unknown = _put(names.SERIES_ID, b"a series that no model was ever trained on", ...)
        spoilers.append(("an unknown series", names.SERIES_ID, unknown))
    covariates = [name for name in (names.PAST_COVARIATES, names.FUTURE_COVARIATES) if name in taken]
    spoilers += [(f"infinite {name}", name, _put(name, np.inf)) for name in covariates]
    # A shorter known future is a shorter horizon where the horizon is free.
    spoilers += [
        (f"{name} for fewer steps than there are", name, _cut(name))
        for name in covariates
        if name == names.PAST_COVARIATES or signature == SERVE
    ]
    if names.STATIC_COVARIATES in taken:
        spoilers.append(("missing static covariates", names.STATIC_COVARIATES, _put(names.STATIC_COVARIATES, np.nan)))
    return spoilers


def _spoilt(windows: RealWindows, taken: tuple[str, ...], spoil: Spoiler) -> dict[str, np.ndarray]:
    request = windows.request(rows=slice(0, 2))
    spoil(request)
    return only_taken(request, taken)


def _horizons(windows: RealWindows, inputs: Inputs) -> list[Ask]:
    """Horizons of no step: as the input says, or as the known future is long."""
    taken = inputs[ANY_HORIZON]
    request = windows.request(horizon=0, rows=slice(0, 1))
    return [
        Ask(
            name=f"a horizon of {steps} steps",
            signature=ANY_HORIZON,
            inputs=only_taken(request | {HORIZON: np.array(steps, np.int64)}, taken),
            hostile=True,
            word=HORIZON if HORIZON in taken else names.FUTURE_COVARIATES,
        )
        for steps in ((0, -1) if HORIZON in taken else (0,))
    ]
