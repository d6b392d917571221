"""What the gate asks a model: real requests, which it must answer, and hostile ones, which it must refuse.

    asks = real_asks(windows, inputs) + hostile_asks(windows, inputs, refuses_unknown=True)
    asks[0].signature, asks[0].inputs["context"].shape      # 'evaluate', ...

`inputs` says which inputs each signature takes, so that models without
covariates or series are asked for nothing that they do not have. Pure NumPy,
but for the serialized requests.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from components.forecasting.raw_examples import serialize_requests
from schemas import features as names

EVALUATE, SERVE, ANY_HORIZON, PREDICT_EXAMPLES = "evaluate", "serving_default", "any_horizon", "predict_examples"
SIGNATURES = (EVALUATE, SERVE, ANY_HORIZON, PREDICT_EXAMPLES)
"""Every signature that a pushed model has, and no other."""

TIMESTAMPS = "timestamps"
HORIZON = "horizon"
EXAMPLES = "examples"

Arrays = Mapping[str, np.ndarray]
Inputs = Mapping[str, tuple[str, ...]]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class RealWindows:
    """Windows of the test split, as they are scored and as the raw rows that they were cut from.

    Attributes:
        serialized: The scaled windows, serialized `[B]`.
        series_id: Bytes `[B]`.
        timestamps: Epoch seconds of context, horizon and as many steps again, int64 `[B, T + 2 H]`.
        context: Raw targets, float32 `[B, T]`, NaN where missing.
        past: Raw past covariates, float32 `[B, T, P]`.
        future: Raw future-known covariates, float32 `[B, T + 2 H, K']`; NaN beyond the last row.
        static: Raw static covariates, float32 `[B, S]`.
    """

    serialized: tuple[bytes, ...]
    series_id: np.ndarray
    timestamps: np.ndarray
    context: np.ndarray
    past: np.ndarray
    future: np.ndarray
    static: np.ndarray

    @property
    def context_length(self) -> int:
        """`T`."""
        return self.context.shape[1]

    @property
    def horizon(self) -> int:
        """`H`."""
        return (self.timestamps.shape[1] - self.context.shape[1]) // 2

    def request(self, *, horizon: int | None = None, rows: slice = slice(None)) -> dict[str, np.ndarray]:
        """Returns every input that a signature on raw values may take.

        Args:
            horizon: Steps asked for, at most 2 H; None takes H.
            rows: Which windows.
        """
        steps = self.horizon if horizon is None else horizon
        return {
            names.CONTEXT: self.context[rows].copy(),
            TIMESTAMPS: self.timestamps[rows, : self.context_length].copy(),
            names.SERIES_ID: self.series_id[rows].copy(),
            names.PAST_COVARIATES: self.past[rows].copy(),
            names.FUTURE_COVARIATES: self.future[rows, : self.context_length + steps].copy(),
            names.STATIC_COVARIATES: self.static[rows].copy(),
            HORIZON: np.array(steps, np.int64),
        }


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Ask:
    """One request.

    Attributes:
        name: What is asked, in words.
        signature: Of whom.
        inputs: Arrays by input; texts as arrays of bytes objects.
        hostile: Whether it must be refused.
        word: What the refusal must speak of; "" for any words.
        rows: Windows that it asks about.
        steps: Steps that must be answered.
        compared: Steps that must equal the Evaluator's forecast.
    """

    name: str
    signature: str
    inputs: Arrays
    hostile: bool = False
    word: str = ""
    rows: slice = slice(None)
    steps: int = 0
    compared: int = 0


def real_asks(windows: RealWindows, inputs: Inputs) -> list[Ask]:
    """Returns requests that every model must answer; the first is that of the Evaluator.

    Args:
        windows: What to ask about.
        inputs: Names of the inputs of each signature.
    """
    horizon = windows.horizon
    one, half, twice = slice(0, 1), max(1, horizon // 2), 2 * horizon
    gaps = windows.request()
    gaps[names.CONTEXT][:, 1::2] = np.nan
    asks = [
        Ask(
            name="the windows that the Evaluator scored",
            signature=EVALUATE,
            inputs={EXAMPLES: np.array(windows.serialized, object)},
            steps=horizon,
        ),
        _real(windows, inputs, SERVE, "raw values", steps=horizon),
        _real(windows, inputs, SERVE, "raw values of one window alone", rows=one, steps=horizon),
        Ask(
            name="contexts with every second value missing",
            signature=SERVE,
            inputs=_taken(gaps, inputs[SERVE]),
            steps=horizon,
        ),
        _real(windows, inputs, ANY_HORIZON, "the trained horizon", steps=horizon),
        _real(windows, inputs, ANY_HORIZON, "a shorter horizon", steps=half),
        _real(windows, inputs, ANY_HORIZON, "twice the trained horizon", steps=twice),
        Ask(
            name="raw values as serialized Examples",
            signature=PREDICT_EXAMPLES,
            inputs={EXAMPLES: np.array(serialize_requests(_raw(windows.request(), inputs)), object)},
            steps=horizon,
            compared=horizon,
        ),
    ]
    return asks


def _real(
    windows: RealWindows, inputs: Inputs, signature: str, name: str, *, steps: int, rows: slice = slice(None)
) -> Ask:
    request = _taken(windows.request(horizon=steps, rows=rows), inputs[signature])
    # A model with columns known ahead may read all of the trained horizon's at every step: fewer give another forecast.
    partial = steps < windows.horizon and names.FUTURE_COVARIATES in inputs[signature]
    compared = 0 if partial else min(steps, windows.horizon)
    return Ask(name=name, signature=signature, inputs=request, rows=rows, steps=steps, compared=compared)


def hostile_asks(windows: RealWindows, inputs: Inputs, *, refuses_unknown: bool) -> list[Ask]:
    """Returns requests that every model must refuse with words, never with a crash or an answer.

    Args:
        windows: What the requests are made from.
        inputs: Names of the inputs of each signature.
        refuses_unknown: Whether series without a scale of their own must be refused.
    """
    asks = [
        Ask(name=name, signature=signature, inputs=spoilt, hostile=True, word=word)
        for signature in (SERVE, ANY_HORIZON)
        for name, word, spoil in _spoilers(signature, inputs[signature], refuses_unknown=refuses_unknown)
        for spoilt in [_spoilt(windows, inputs[signature], spoil)]
    ]
    asks += _horizons(windows, inputs)
    broken = windows.request(rows=slice(0, 1))
    broken[names.CONTEXT] = broken[names.CONTEXT][:, 1:]
    nothing = windows.request(rows=slice(0, 1))
    nothing[names.CONTEXT][:] = np.nan
    examples = {
        "Examples with a context too short": serialize_requests(_raw(broken, inputs)),
        "Examples with nothing measured": serialize_requests(_raw(nothing, inputs)),
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


def _spoilers(signature: str, taken: tuple[str, ...], *, refuses_unknown: bool) -> list[tuple[str, str, Spoiler]]:
    """What can be done to a request: its name, what the refusal must speak of, and the deed."""

    def put(name: str, value: float) -> Spoiler:
        def spoil(request: dict[str, Any]) -> None:
            request[name][..., -1] = value

        return spoil

    def cut(name: str) -> Spoiler:
        def spoil(request: dict[str, Any]) -> None:
            request[name] = request[name][:, 1:]

        return spoil

    def move(by: int) -> Spoiler:
        def spoil(request: dict[str, Any]) -> None:
            request[TIMESTAMPS][:, -1:] += by

        return spoil

    def everywhere(request: dict[str, Any]) -> None:
        request[names.CONTEXT][:] = np.nan

    def too_short(request: dict[str, Any]) -> None:
        for name in {names.CONTEXT, TIMESTAMPS, names.PAST_COVARIATES, names.FUTURE_COVARIATES} & set(taken):
            request[name] = request[name][:, 1:]

    def unordered(request: dict[str, Any]) -> None:
        request[TIMESTAMPS][:, [0, -1]] = request[TIMESTAMPS][:, [-1, 0]]

    def left_out(request: dict[str, Any]) -> None:
        step = request[TIMESTAMPS][:, 1] - request[TIMESTAMPS][:, 0]
        request[TIMESTAMPS][:, 0] -= step

    def unknown(request: dict[str, Any]) -> None:
        request[names.SERIES_ID][:] = b"a series that no model was ever trained on"

    spoilers = [
        ("NaN everywhere", names.CONTEXT, everywhere),
        ("an infinite value", names.CONTEXT, put(names.CONTEXT, np.inf)),
        ("a context too short", names.CONTEXT, too_short),
        ("fewer times than values", TIMESTAMPS, cut(TIMESTAMPS)),
        ("times out of order", TIMESTAMPS, unordered),
        ("a time left out", TIMESTAMPS, left_out),
        ("a time off the frequency", TIMESTAMPS, move(1)),
    ]
    if names.SERIES_ID in taken and refuses_unknown:
        spoilers.append(("an unknown series", names.SERIES_ID, unknown))
    for name in (names.PAST_COVARIATES, names.FUTURE_COVARIATES):
        if name in taken:
            spoilers.append((f"infinite {name}", name, put(name, np.inf)))
    # A shorter known future is a shorter horizon where the horizon is free.
    lengths = {names.PAST_COVARIATES} | ({names.FUTURE_COVARIATES} if signature == SERVE else set())
    for name in sorted(lengths & set(taken)):
        spoilers.append((f"{name} for fewer steps than there are", name, cut(name)))
    if names.STATIC_COVARIATES in taken:
        spoilers.append(("missing static covariates", names.STATIC_COVARIATES, put(names.STATIC_COVARIATES, np.nan)))
    return spoilers


def _spoilt(windows: RealWindows, taken: tuple[str, ...], spoil: Spoiler) -> dict[str, np.ndarray]:
    request = windows.request(rows=slice(0, 2))
    spoil(request)
    return _taken(request, taken)


def _horizons(windows: RealWindows, inputs: Inputs) -> list[Ask]:
    """Horizons of no step: as the input says, or as the known future is long."""
    taken = inputs[ANY_HORIZON]
    wrong = (0, -1) if HORIZON in taken else (0,)
    asks = []
    for steps in wrong:
        request = windows.request(horizon=0, rows=slice(0, 1)) | {HORIZON: np.array(steps, np.int64)}
        asks.append(
            Ask(
                name=f"a horizon of {steps} steps",
                signature=ANY_HORIZON,
                inputs=_taken(request, taken),
                hostile=True,
                word=HORIZON if HORIZON in taken else names.FUTURE_COVARIATES,
            )
        )
    return asks


def _taken(request: Arrays, taken: tuple[str, ...]) -> dict[str, np.ndarray]:
    return {name: value for name, value in request.items() if name in taken}


def _raw(request: Arrays, inputs: Inputs) -> dict[str, np.ndarray]:
    """What goes into an Example: the inputs of the signature on raw values."""
    return _taken(request, inputs[SERVE])
