"""What the serving gate asks a model: requests on real windows, whose answers are known.

    asks = real_asks(windows, inputs)
    asks[1].signature, asks[1].inputs["context"].shape      # 'serving_default', (16, 104)

`inputs` says which inputs each signature takes, so that models without
covariates or series are asked for nothing that they do not have. Pure NumPy,
but for the serialized requests.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from tapeline.forecaster.request_examples import serialize_requests
from tapeline.schemas import features as names
from tapeline.schemas.served_model import ANY_HORIZON, EVALUATE, EXAMPLES, HORIZON, PREDICT_EXAMPLES, SERVE, TIMESTAMPS

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
    # A slice is no key before Python 3.12, and so no default for Python 3.11.
    rows: slice = dataclasses.field(default_factory=lambda: slice(None))
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
    return [
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
            inputs=only_taken(gaps, inputs[SERVE]),
            steps=horizon,
        ),
        _real(windows, inputs, ANY_HORIZON, "the trained horizon", steps=horizon),
        _real(windows, inputs, ANY_HORIZON, "a shorter horizon", steps=half),
        _real(windows, inputs, ANY_HORIZON, "twice the trained horizon", steps=twice),
        Ask(
            name="raw values as serialized Examples",
            signature=PREDICT_EXAMPLES,
            inputs={EXAMPLES: np.array(serialize_requests(raw_inputs(windows.request(), inputs)), object)},
            steps=horizon,
            compared=horizon,
        ),
    ]


def _real(
    windows: RealWindows, inputs: Inputs, signature: str, name: str, *, steps: int, rows: slice = slice(None)
) -> Ask:
    request = only_taken(windows.request(horizon=steps, rows=rows), inputs[signature])
    # A model with columns known ahead may read all of the trained horizon's at every step: fewer give another forecast.
    partial = steps < windows.horizon and names.FUTURE_COVARIATES in inputs[signature]
    compared = 0 if partial else min(steps, windows.horizon)
    return Ask(name=name, signature=signature, inputs=request, rows=rows, steps=steps, compared=compared)


def only_taken(request: Arrays, taken: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Returns the inputs that a signature takes."""
    return {name: value for name, value in request.items() if name in taken}


def raw_inputs(request: Arrays, inputs: Inputs) -> dict[str, np.ndarray]:
    """Returns what goes into an Example: the inputs of the signature on raw values."""
    return only_taken(request, inputs[SERVE])
