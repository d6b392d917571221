"""Requests that a served model must refuse with a message: each is a real request that breaks one rule."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tapeline.components.serving_gate.real_requests import (
    GateRequest,
    Inputs,
    RealWindows,
    TakenInputs,
    only_taken,
    serialized,
)
from tapeline.schemas import features as names
from tapeline.schemas.served_model import ANY_HORIZON, EVALUATE, EXAMPLES, HORIZON, PREDICT_EXAMPLES, SERVE, TIMESTAMPS

BreakRule = Callable[[Inputs], None]


def hostile_requests(windows: RealWindows, taken: TakenInputs, *, refuses_unknown: bool) -> list[GateRequest]:
    """Returns requests that every model must refuse with a message, never with a crash or an answer.

    Args:
        windows: What the requests are made from.
        taken: Names of the inputs of each signature.
        refuses_unknown: Whether series without a scale of their own must be refused.
    """
    requests = []
    for signature in (SERVE, ANY_HORIZON):
        whole = windows.inputs(rows=slice(0, 2))
        too_short = only_taken(windows.newest(whole, windows.least_context - 1), taken[signature])
        requests.append(_hostile("a context too short", signature, too_short, names.CONTEXT))
        for name, must_mention, break_rule in _rules(signature, taken[signature], refuses_unknown=refuses_unknown):
            inputs = windows.inputs(rows=slice(0, 2))
            break_rule(inputs)
            requests.append(_hostile(name, signature, only_taken(inputs, taken[signature]), must_mention))
    # No step to forecast: as the input says, or as the known future is long.
    says_horizon = HORIZON in taken[ANY_HORIZON]
    for steps in (0, -1) if says_horizon else (0,):
        inputs = windows.inputs(horizon=0, rows=slice(0, 1)) | {HORIZON: np.array(steps, np.int64)}
        must_mention = HORIZON if says_horizon else _known_ahead(taken[ANY_HORIZON])
        inputs = only_taken(inputs, taken[ANY_HORIZON])
        requests.append(_hostile(f"a horizon of {steps} steps", ANY_HORIZON, inputs, must_mention))
    short, unmeasured = windows.inputs(rows=slice(0, 1)), windows.inputs(rows=slice(0, 1))
    _cut(names.CONTEXT)(short)
    unmeasured[names.CONTEXT][:] = np.nan
    unreadable = {"bytes that are no Example": [b"no Example at all"], "Examples without a feature": [b""]}
    examples = {
        "Examples with a context too short": serialized(short, taken),
        "Examples with nothing measured": serialized(unmeasured, taken),
        **unreadable,
    }
    for signature, named in ((PREDICT_EXAMPLES, examples), (EVALUATE, unreadable)):
        requests += [_hostile(name, signature, {EXAMPLES: np.array(each, object)}) for name, each in named.items()]
    return requests


def _known_ahead(taken: tuple[str, ...]) -> str:
    """The input whose length says how far is forecast."""
    return next(name for name in (names.FUTURE_COVARIATES, names.FUTURE_CATEGORIES) if name in taken)


def _hostile(name: str, signature: str, inputs: Inputs, must_mention: str = "") -> GateRequest:
    return GateRequest(name=name, signature=signature, inputs=inputs, hostile=True, must_mention=must_mention)


def _rules(signature: str, taken: tuple[str, ...], *, refuses_unknown: bool) -> list[tuple[str, str, BreakRule]]:
    """What a request can do wrong: its name, what the refusal must mention, and how to break the rule."""
    covariates = [name for name in (names.PAST_COVARIATES, names.FUTURE_COVARIATES) if name in taken]
    texts = [name for name in (names.PAST_CATEGORIES, names.FUTURE_CATEGORIES) if name in taken]
    rules = [
        ("NaN everywhere", names.CONTEXT, _put(names.CONTEXT, np.nan, ...)),
        ("an infinite value", names.CONTEXT, _put(names.CONTEXT, np.inf)),
        ("fewer times than values", TIMESTAMPS, _cut(TIMESTAMPS)),
        ("times out of order", TIMESTAMPS, _unordered),
        ("a time left out", TIMESTAMPS, _left_out),
        ("a time off the frequency", TIMESTAMPS, _off_grid),
    ]
    if names.SERIES_ID in taken and refuses_unknown:
        unknown = _put(names.SERIES_ID, b"a series that no model was ever trained on", ...)
        rules.append(("an unknown series", names.SERIES_ID, unknown))
    rules += [(f"infinite {name}", name, _put(name, np.inf)) for name in covariates]
    # A shorter known future is a shorter horizon where the horizon is free.
    rules += [
        (f"{name} for fewer steps than there are", name, _cut(name))
        for name in (*covariates, *texts)
        if name in (names.PAST_COVARIATES, names.PAST_CATEGORIES) or signature == SERVE
    ]
    if names.STATIC_COVARIATES in taken:
        rules.append(("missing static covariates", names.STATIC_COVARIATES, _put(names.STATIC_COVARIATES, np.nan)))
    return rules


def _put(name: str, value: float | bytes, where: Any = (..., -1)) -> BreakRule:
    def break_rule(inputs: Inputs) -> None:
        inputs[name][where] = value

    return break_rule


def _cut(*cut: str) -> BreakRule:
    def break_rule(inputs: Inputs) -> None:
        inputs.update({name: inputs[name][:, 1:] for name in cut})

    return break_rule


def _unordered(inputs: Inputs) -> None:
    inputs[TIMESTAMPS][:, [0, -1]] = inputs[TIMESTAMPS][:, [-1, 0]]


def _left_out(inputs: Inputs) -> None:
    inputs[TIMESTAMPS][:, 0] -= inputs[TIMESTAMPS][:, 1] - inputs[TIMESTAMPS][:, 0]


def _off_grid(inputs: Inputs) -> None:
    inputs[TIMESTAMPS][:, -1] += 1
