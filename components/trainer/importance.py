"""What a forecast leans on: by how much its free-running error grows when one input is shuffled between eval windows.

A window is given the temperature, or the calendar, or the far past of another one, and keeps the rest. What the model
does not use changes nothing; what it cannot do without makes the error grow. It is no statement about causes: two
inputs that tell the same stand in for each other, and neither seems to matter.

Source: Breiman, L. (2001), Random forests, Machine Learning 45(1), 5-32, section 10; for any model: Fisher, A., Rudin,
C. and Dominici, F. (2019), All models are wrong, but many are useful, Journal of Machine Learning Research 20(177).
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.components.trainer.dataset import WindowStream
from tapeline.forecaster.network.inputs import Window, lag_positions
from tapeline.schemas import features as names
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.window_spec import WindowShape, WindowSpec
from tapeline.series.windowing import Chunk

MOST_WINDOWS = 256
"""Eval windows that are shuffled; of more, evenly spaced ones."""

REPEATS = 3
"""Shuffles of each input."""

MOST_INPUTS = 40
"""Inputs that are shuffled one by one; of more covariates, each role counts as one."""

Windows = Mapping[str, npt.NDArray[Any]]

_ROLES = {
    names.PAST_COVARIATES: "known up to the cutoff",
    names.FUTURE_COVARIATES: "known ahead",
    names.STATIC_COVARIATES: "of the series",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelInput:
    """An input that can be shuffled by itself.

    Attributes:
        name: What people call it.
        what: What it is, in words.
        feature: The part of a window that it lies in.
        places: Its columns there; of the context, its steps.
    """

    name: str
    what: str
    feature: str
    places: tuple[int, ...]


def model_inputs(shape: WindowShape, features: FeaturesConfig, *, lags: Sequence[int], season: int) -> list[ModelInput]:
    """Returns what a model reads, part by part: the context, the covariates, the calendar.

    The context has three parts, which may overlap: its newest steps (as many as are forecast, at most half of it), all
    before those, and the steps that lie one lag before a step that is forecast.

    Args:
        shape: Context length and horizon.
        features: The section `features`.
        lags: Steps that the decoder looks back.
        season: Steps of a season, for a model without lags; 1: there is none.
    """
    near = min(shape.horizon, shape.context_length // 2)
    far = shape.context_length - near
    back = [lag for lag in lags or [season] if 1 < lag <= shape.context_length]
    seasons = np.unique([lag_positions(lag, shape) for lag in back]).tolist() if back else []
    found = [
        ModelInput(
            name="recent values",
            what=f"the last {near} steps of the context, but for the last value itself",
            feature=names.CONTEXT,
            places=tuple(range(far, shape.context_length)),
        ),
        ModelInput(
            name="far context",
            what=f"the {far} steps of the context before the last {near}",
            feature=names.CONTEXT,
            places=tuple(range(far)),
        ),
        ModelInput(
            name="lags",
            what=f"values {', '.join(map(str, back))} steps before those that are forecast",
            feature=names.CONTEXT,
            places=tuple(seasons),
        ),
        *_covariates(features, apart=len(features.columns) <= MOST_INPUTS),
    ]
    return [each for each in found if each.places]


def _covariates(features: FeaturesConfig, *, apart: bool) -> Iterator[ModelInput]:
    for feature, known in _ROLES.items():
        columns = getattr(features, feature)
        if apart:
            for place, column in enumerate(columns):
                yield ModelInput(name=column, what=f"covariate, {known}", feature=feature, places=(place,))
        else:
            what = f"{len(columns)} covariates, {known}"
            yield ModelInput(name=feature.replace("_", " "), what=what, feature=feature, places=(*range(len(columns)),))
    first, last = len(features.future_covariates), len(features.future_covariates) + 3 * len(features.holidays)
    ahead = names.FUTURE_COVARIATES
    holidays = f"public holidays of {', '.join(features.holidays)}"
    yield ModelInput(name="holidays", what=holidays, feature=ahead, places=(*range(first, last),))
    calendar = ", ".join(features.calendar).replace("_", " ")
    yield ModelInput(name="calendar", what=calendar, feature=ahead, places=(*range(last, features.future_size),))


def shuffled(windows: Windows, which: ModelInput, order: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[Any]]:
    """Returns windows that have one input of other windows.

    Values of the context keep their distance from the last value of the window that they come from: a window gets
    another one's course, not its level, which would be a jump that no series makes.

    Args:
        windows: Features of `docs/data-formats.md`.
        which: The input.
        order: The window that each window gets it from, `[B]`.
    """
    values = windows[which.feature].copy()
    places = list(which.places)
    changed = dict(windows)
    if which.feature == names.CONTEXT:
        last = values[:, -1:]
        values[:, places] = (values - last)[order][:, places] + last
        seen = windows[names.CONTEXT_OBSERVED].copy()
        seen[:, places] = seen[order][:, places]
        changed[names.CONTEXT_OBSERVED] = seen
    else:
        values[..., places] = values[order][..., places]
    changed[which.feature] = values
    return changed


def importance(
    forecast: Callable[[Window], tf.Tensor],
    windows: Windows,
    target: npt.NDArray[np.float32],
    *,
    inputs: Sequence[ModelInput],
    seed: int,
) -> list[dict[str, Any]]:
    """Returns by what share the error grows without each input, the most needed first; a tree for JSON.

    Args:
        forecast: The model: a batch of windows → `[B, H]`, scaled.
        windows: Features of `docs/data-formats.md`.
        target: The truth, `[B, H]`; NaN where nothing was measured.
        inputs: What is shuffled.
        seed: Seed of the shuffles, which are the same for every input.

    Returns:
        A row an input: `input`, `what`, `error_growth` (0.2: the error is 20 % larger without it) and `deviation` of
            that over the repeats. No rows where there is no error to grow, or no other window to get an input from.
    """
    compiled = tf.function(forecast, autograph=False)

    def error(altered: Windows) -> float:
        ahead = compiled({name: tf.convert_to_tensor(values) for name, values in altered.items()})
        return float(np.abs(ahead.numpy() - target)[measured].mean())

    measured = ~np.isnan(target)
    if len(target) < 2 or not measured.any():
        return []
    base = error(windows)
    if not (math.isfinite(base) and base > 0.0):
        return []
    rng = np.random.default_rng([seed % 2**63, len(target)])
    orders = [rng.permutation(len(target)) for _ in range(REPEATS)]
    rows = []
    for which in inputs:
        growth = np.array([error(shuffled(windows, which, order)) / base - 1.0 for order in orders])
        rows.append(
            {
                "input": which.name,
                "what": which.what,
                "error_growth": float(growth.mean()),
                "deviation": float(growth.std()),
            }
        )
    return sorted(rows, key=lambda row: (-row["error_growth"], row["input"]))


def leans_on(
    forecast: Callable[[Window], tf.Tensor],
    *,
    read: Callable[[], Iterable[Chunk]],
    spec: WindowSpec,
    series: Sequence[bytes],
    inputs: Sequence[ModelInput],
    seed: int,
) -> dict[str, Any]:
    """Returns what the card of a model tells of its inputs: the rows of `importance`, over how many windows and repeats.

    Args:
        forecast: The model: a batch of windows → `[B, H]`, scaled.
        read: Starts a pass over the chunks of the eval split.
        spec: Context length and horizon.
        series: The series that the model has weights of their own for.
        inputs: What is shuffled.
        seed: Seed of the shuffles.
    """
    stream = WindowStream(read=read, spec=spec, batch_size=2 * MOST_WINDOWS, fill_last=False, series=series)
    every = max(1, -(-stream.count() // MOST_WINDOWS))
    parts, targets, first = [], [], 0
    for window, target in stream.batches():
        chosen = slice(-first % every, None, every)
        first += len(target)
        parts.append({name: values[chosen] for name, values in window.items()})
        targets.append(target[chosen])
    if not parts:
        return {"windows": 0, "repeats": REPEATS, "inputs": []}
    windows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    rows = importance(forecast, windows, np.concatenate(targets), inputs=inputs, seed=seed)
    return {"windows": sum(map(len, targets)), "repeats": REPEATS, "inputs": rows}
