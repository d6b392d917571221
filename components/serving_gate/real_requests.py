"""Requests on real windows, whose answers are known, and what a request of the serving gate is.

`taken` names the inputs that each signature takes, so that models without
covariates or series are given nothing that they do not have. Pure NumPy, but
for the serialized requests.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.forecaster.request_examples import serialize_requests
from tapeline.schemas import features as names
from tapeline.schemas.served_model import ANY_HORIZON, EVALUATE, EXAMPLES, HORIZON, PREDICT_EXAMPLES, SERVE, TIMESTAMPS

Inputs = dict[str, npt.NDArray[Any]]
TakenInputs = Mapping[str, tuple[str, ...]]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class RealWindows:
    """Windows of the test split, as they are scored and as the raw rows that they were cut from.

    Attributes:
        serialized: The scaled windows, serialized `[B]`.
        series_id: Bytes `[B]`.
        timestamps: Epoch seconds of context, horizon and as many steps again, int64 `[B, T + 2 H]`.
        context: Raw targets, float64 `[B, T]`, NaN where missing.
        past: Raw past covariates, float64 `[B, T, P]`.
        future: Raw future-known covariates, float64 `[B, T + 2 H, K']`; NaN beyond the last row.
        static: Raw static covariates, float64 `[B, S]`.
        texts: The columns of categories, by the name of their input; bytes of the same shapes, empty where missing.
        least_context: Fewest steps of a context that a model answers.
    """

    serialized: tuple[bytes, ...]
    series_id: npt.NDArray[np.object_]
    timestamps: npt.NDArray[np.int64]
    context: npt.NDArray[np.float64]
    past: npt.NDArray[np.float64]
    future: npt.NDArray[np.float64]
    static: npt.NDArray[np.float64]
    texts: Mapping[str, npt.NDArray[np.object_]] = dataclasses.field(default_factory=dict)
    least_context: int

    @property
    def context_length(self) -> int:
        """`T`."""
        return self.context.shape[1]

    @property
    def horizon(self) -> int:
        """`H`."""
        return (self.timestamps.shape[1] - self.context.shape[1]) // 2

    def inputs(self, *, horizon: int | None = None, rows: slice = slice(None)) -> Inputs:
        """Returns every input that a signature on raw values may take, as copies.

        Args:
            horizon: Steps to forecast, at most 2 H; None takes H.
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
            **{name: self._texts(name, rows, steps) for name in self.texts},
            HORIZON: np.array(steps, np.int64),
        }

    def newest(self, inputs: Inputs, steps: int) -> Inputs:
        """Returns inputs of which contexts hold their newest steps alone.

        Args:
            inputs: From `inputs`.
            steps: How many of them are left.
        """
        dropped = self.context_length - steps
        past = {names.CONTEXT, TIMESTAMPS, names.PAST_COVARIATES, names.PAST_CATEGORIES}
        along_time = past | {names.FUTURE_COVARIATES, names.FUTURE_CATEGORIES}
        return {name: value[:, dropped:] if name in along_time else value for name, value in inputs.items()}

    def _texts(self, name: str, rows: slice, steps: int) -> npt.NDArray[np.object_]:
        values = self.texts[name][rows]
        return (values[:, : self.context_length + steps] if name == names.FUTURE_CATEGORIES else values).copy()


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class GateRequest:
    """One request of the serving gate.

    Attributes:
        name: What is sent, for people.
        signature: The signature that it is sent to.
        inputs: Arrays by input; texts as arrays of bytes objects.
        hostile: Whether it must be refused.
        must_mention: What the refusal's message must contain; "" for any message.
        rows: Windows that it is about.
        steps: Steps that must be answered.
        steps_compared: Steps that must equal the Evaluator's forecast.
    """

    name: str
    signature: str
    inputs: Inputs
    hostile: bool = False
    must_mention: str = ""
    # A slice is no key before Python 3.12, and so no default for Python 3.11.
    rows: slice = dataclasses.field(default_factory=lambda: slice(None))
    steps: int = 0
    steps_compared: int = 0


def real_requests(windows: RealWindows, taken: TakenInputs) -> list[GateRequest]:
    """Returns requests that every model must answer; the first is that of the Evaluator.

    Args:
        windows: What to ask about.
        taken: Names of the inputs of each signature.
    """
    horizon = windows.horizon
    every, one = slice(None), slice(0, 1)

    def raw(signature: str, name: str, steps: int, rows: slice = every) -> GateRequest:
        inputs = only_taken(windows.inputs(horizon=steps, rows=rows), taken[signature])
        # A model with columns known ahead may read all of the trained horizon's at every step: fewer steps of them
        # give another forecast.
        partial = steps < horizon and any(name in inputs for name in (names.FUTURE_COVARIATES, names.FUTURE_CATEGORIES))
        compared = 0 if partial else min(steps, horizon)
        return GateRequest(
            name=name, signature=signature, inputs=inputs, rows=rows, steps=steps, steps_compared=compared
        )

    evaluated = np.array(windows.serialized, object)
    gaps = windows.inputs()
    gaps[names.CONTEXT][:, 1::2] = np.nan
    measured_last = windows.inputs()
    last = measured_last[names.CONTEXT][:, -1:]
    # Their newest steps alone may hold no value at all.
    last[:] = np.where(np.isnan(last), np.nanmean(measured_last[names.CONTEXT], axis=1, keepdims=True), last)
    examples = serialized(windows.inputs(), taken)
    return [
        GateRequest(
            name="the windows that the Evaluator scored",
            signature=EVALUATE,
            inputs={EXAMPLES: evaluated},
            steps=horizon,
        ),
        raw(SERVE, "raw values", horizon),
        raw(SERVE, "raw values of one window alone", horizon, one),
        GateRequest(
            name="contexts with every second value missing",
            signature=SERVE,
            inputs=only_taken(gaps, taken[SERVE]),
            steps=horizon,
        ),
        GateRequest(
            name="the fewest steps that a context may have",
            signature=SERVE,
            inputs=only_taken(windows.newest(measured_last, windows.least_context), taken[SERVE]),
            steps=horizon,
        ),
        raw(ANY_HORIZON, "the trained horizon", horizon),
        raw(ANY_HORIZON, "a shorter horizon", max(1, horizon // 2)),
        raw(ANY_HORIZON, "twice the trained horizon", 2 * horizon),
        GateRequest(
            name="raw values as serialized Examples",
            signature=PREDICT_EXAMPLES,
            inputs={EXAMPLES: np.array(examples, object)},
            steps=horizon,
            steps_compared=horizon,
        ),
    ]


def only_taken(inputs: Inputs, taken: tuple[str, ...]) -> Inputs:
    """Returns the inputs that a signature takes."""
    return {name: value for name, value in inputs.items() if name in taken}


def serialized(inputs: Inputs, taken: TakenInputs) -> list[bytes]:
    """Returns a serialized Example a row, of the inputs that the signature on raw values takes."""
    return serialize_requests(only_taken(inputs, taken[SERVE]))
