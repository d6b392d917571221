"""The pushed model as one function of plain numbers, ready for converters.

    portable = portable_function("runs/co2/serving_model/1795244861")
    portable.function(context=context, future_covariates=calendar)["forecast"]     # [B, H], in the target's unit
    portable.guide                                                                 # what a client must know, for JSON

Gap filling, scaling, network, intervals and the way back to the unit are
inside. Left to the client are what other platforms have no types for: times
(epoch seconds do not fit into their 32-bit integers), series ids (they have no
tables of texts), and the refusals. So the calendar's numbers come in ready,
and the scale of a series as two numbers; the guide says how to get both.
"""

import dataclasses
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tapeline.clients.platforms.model_core import ModelCore
from tapeline.clients.platforms.scale_table import scales_in
from tapeline.forecaster.pushed_model import Card, read_card
from tapeline.schemas import features as names
from tapeline.schemas.errors import DataError
from tapeline.schemas.served_model import LEVELS
from tapeline.series.gap_filling import fill_gaps

OFFSET, SCALE = "offset", "scale"


@dataclasses.dataclass(frozen=True)
class PortableModel:
    """A function and its guide.

    Attributes:
        function: Takes the tensors of `specs` by name, returns `LEVELS`, float32 `[B, H]`, in the target's unit.
        specs: What it takes.
        guide: What a client must know, for JSON.
    """

    function: Any
    specs: Mapping[str, tf.TensorSpec]
    guide: Mapping[str, Any]

    def concrete(self) -> Any:
        """Returns the function, traced for any number of rows."""
        return self.function.get_concrete_function(**self.specs)


def portable_function(folder: str | os.PathLike[str]) -> PortableModel:
    """Makes the function of a pushed version.

    Args:
        folder: The SavedModel.

    Raises:
        DataError: The model has parts that cannot leave TensorFlow; the message says which.
        ConfigError: It has no card.
    """
    card = read_card(pathlib.Path(folder))
    columns = card.features.columns
    if columns:
        raise DataError(
            f"--model: reads the columns {', '.join(columns)}, which it scales by the graph of TensorFlow Transform. "
            "That graph cannot be converted; serve this model with TensorFlow (docs/serving.md)."
        )
    core = ModelCore.load(folder)
    scales = scales_in(folder)
    length, horizon = card.window.context_length, card.window.horizon
    specs = {names.CONTEXT: tf.TensorSpec([None, length], tf.float32, name=names.CONTEXT)}
    if names.FUTURE_COVARIATES in core.inputs:
        shape = [None, length + horizon, card.features.future_size]
        specs[names.FUTURE_COVARIATES] = tf.TensorSpec(shape, tf.float32, name=names.FUTURE_COVARIATES)
    if scales.by_series:
        for name in (OFFSET, SCALE):
            specs[name] = tf.TensorSpec([None, 1], tf.float32, name=name)

    @tf.function(autograph=False)
    def forecast(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        offset = inputs.get(OFFSET, tf.constant([[scales.overall[0]]], tf.float32))
        scale = inputs.get(SCALE, tf.constant([[scales.overall[1]]], tf.float32))
        context, observed = fill_gaps((inputs[names.CONTEXT] - offset) / scale)
        scaled = core(
            {
                names.CONTEXT: context,
                names.CONTEXT_OBSERVED: tf.cast(observed, tf.float32),
                names.FUTURE_COVARIATES: inputs.get(names.FUTURE_COVARIATES),
            }
        )
        return {name: tf.identity(values * scale + offset, name=name) for name, values in scaled.items()}

    return PortableModel(forecast, specs, _guide(pathlib.Path(folder), card, specs, scales))


def example_inputs(model: PortableModel, *, rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Returns made-up inputs to compare platforms with: context around the middle of the scale, some values missing.

    Args:
        model: What takes them.
        rows: `B`.
        seed: Decides every number.
    """
    rng = np.random.default_rng(seed)
    overall = model.guide["overall_scale"]
    made: dict[str, np.ndarray] = {}
    for name, spec in model.specs.items():
        shape = [rows, *spec.shape[1:]]
        if name == names.CONTEXT:
            made[name] = overall["offset"] + overall["scale"] * rng.random(shape)
            made[name][:, shape[1] // 2] = np.nan
        elif name in (OFFSET, SCALE):
            made[name] = np.full(shape, overall[name])
        else:
            made[name] = rng.uniform(-1, 1, shape)
    return {name: values.astype(np.float32) for name, values in made.items()}


def _guide(folder: pathlib.Path, card: Card, specs: Mapping[str, tf.TensorSpec], scales: Any) -> dict[str, Any]:
    data, window = card.data, card.window
    meaning = {
        names.CONTEXT: "the newest steps of the target, in its unit, oldest first; NaN where missing, not all of them",
        names.FUTURE_COVARIATES: "the calendar of each step, context first, then the horizon; columns as in `calendar`",
        OFFSET: "of the series, from `series`",
        SCALE: "of the series, from `series`",
    }
    return {
        "version": folder.resolve().name,
        "inputs": {
            name: {"shape": [size or -1 for size in spec.shape.as_list()], "type": "float32", "meaning": meaning[name]}
            for name, spec in specs.items()
        },
        "outputs": {name: {"shape": [-1, window.horizon], "type": "float32", "unit": data.unit} for name in LEVELS},
        "context_length": window.context_length,
        "horizon": window.horizon,
        "frequency": data.frequency,
        "offset": data.offset,
        "timezone": data.timezone,
        "calendar": _calendar_columns(card.features.calendar),
        "overall_scale": {"offset": scales.overall[0], "scale": scales.overall[1]},
        "series": {name: {"offset": pair[0], "scale": pair[1]} for name, pair in scales.by_series.items()},
        "unknown_series": "refuse" if scales.by_series and scales.refuses_unknown else "overall_scale",
        "left_to_the_client": [
            "Check that the steps follow each other at the frequency, none left out.",
            "Check that no value is infinite, and that at least one is not NaN.",
            "The times of the forecast: the steps that follow the newest one at the frequency.",
            "Horizons other than the trained one.",
        ],
    }


def _calendar_columns(calendar: Sequence[str]) -> list[dict[str, str]]:
    columns = []
    for name in calendar:
        if name == "weekend":
            columns.append({"feature": name, "value": "1 on Saturday and Sunday, else 0, on the zone's wall clock"})
            continue
        for part in ("sine", "cosine"):
            columns.append({"feature": name, "value": f"{part} of 2 pi times the phase (docs/serving.md)"})
    return columns
