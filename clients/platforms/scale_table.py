"""The scale of every series, asked of a pushed model itself: its signature `evaluate` tells it for each window."""

import dataclasses
import json
import os
import pathlib
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from tapeline.clients.platforms.model_core import parsed_shapes
from tapeline.schemas.served_model import CARD_FILE, EVALUATE

_AT_ONCE = 1000
_UNKNOWN = "\x00 no series has this name"


@dataclasses.dataclass(frozen=True)
class Scales:
    """Offset and scale: `value = scaled * scale + offset`.

    Attributes:
        overall: Of a series without a scale of its own.
        by_series: Of each series that has one; empty where one scale holds for all.
        refuses_unknown: Whether the model refuses series without a scale.
    """

    overall: tuple[float, float]
    by_series: Mapping[str, tuple[float, float]]
    refuses_unknown: bool


def scales_in(folder: str | os.PathLike[str]) -> Scales:
    """Reads the scales of a pushed version.

    Args:
        folder: The SavedModel.
    """
    inputs = json.loads((pathlib.Path(folder) / CARD_FILE).read_text(encoding="utf-8")).get("inputs", {})
    series = inputs.get("series") or []
    module = tf.saved_model.load(os.fspath(folder))
    evaluate = module.signatures[EVALUATE]
    shapes = parsed_shapes(evaluate)
    pairs: list[tuple[float, float]] = []
    asked = [_UNKNOWN, *series]
    for start in range(0, len(asked), _AT_ONCE):
        examples = [_empty_window(shapes, name) for name in asked[start : start + _AT_ONCE]]
        outputs = evaluate(examples=tf.constant(examples))
        pairs += zip(outputs["offset"].numpy().tolist(), outputs["scale"].numpy().tolist(), strict=True)
    return Scales(pairs[0], dict(zip(series, pairs[1:], strict=True)), inputs.get("unknown_series") == "refuse")


def _empty_window(shapes: Mapping[str, tuple[tf.DType, tuple[int, ...]]], series_id: str) -> bytes:
    example = tf.train.Example()
    for name, (dtype, shape) in shapes.items():
        feature = example.features.feature[name]
        size = int(np.prod(shape))
        if dtype == tf.string:
            feature.bytes_list.value.extend([series_id.encode()] * size)
        elif dtype == tf.int64:
            feature.int64_list.value.extend([0] * size)
        else:
            feature.float_list.value.extend([0.0] * size)
    return example.SerializeToString()
