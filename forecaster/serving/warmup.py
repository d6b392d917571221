"""Requests that TensorFlow Serving sends to a model before anybody else does.

A graph is optimised at its first request, which takes a hundred times as long
as the next one. TensorFlow Serving runs the requests in the file
`assets.extra/tf_serving_warmup_requests` of a new version before it serves it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import tensorflow as tf
from tensorflow_serving.apis import model_pb2, predict_pb2, prediction_log_pb2

from tapeline.forecaster.request_examples import serialize_requests
from tapeline.forecaster.serving.raw_windows import RawWindows
from tapeline.schemas import features as names
from tapeline.schemas.served_model import ANY_HORIZON, EXAMPLES, HORIZON, PREDICT_EXAMPLES, SERVE, TIMESTAMPS
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.scaling import Scaler
from tapeline.series.time_grid import TimeGrid

_START = int(pd.Timestamp("2020-01-01").timestamp())

Inputs = dict[str, npt.NDArray[Any]]


def warmup_requests(
    raw_windows: RawWindows, *, grid: TimeGrid, scaler: Scaler, shape: WindowShape
) -> Iterator[tuple[str, Inputs]]:
    """Yields requests for every signature that takes raw values: its name and its inputs, one series each.

    Args:
        raw_windows: Knows what a request holds.
        grid: The grid of times.
        scaler: The fitted scales; the first series is asked for.
        shape: Widths of a window.
    """
    inputs = _middling(raw_windows.input_specs(), grid=grid, scaler=scaler, shape=shape)
    yield SERVE, inputs
    longer = {HORIZON: np.array(2 * shape.horizon)} if HORIZON in raw_windows.input_specs(any_horizon=True) else {}
    yield ANY_HORIZON, {**inputs, **longer}
    yield PREDICT_EXAMPLES, {EXAMPLES: np.array(serialize_requests(inputs), object)}


def write_warmup(path: str, requests: Iterable[tuple[str, Inputs]]) -> None:
    """Writes requests as a TFRecord file of `PredictionLog`s.

    Args:
        path: File to write.
        requests: Signatures and their inputs.
    """
    with tf.io.TFRecordWriter(path) as writer:
        for signature, inputs in requests:
            request = predict_pb2.PredictRequest(
                # TensorFlow Serving replaces the name by that of the model that it loads.
                model_spec=model_pb2.ModelSpec(name="forecaster", signature_name=signature),
                inputs={name: tf.make_tensor_proto(values) for name, values in inputs.items()},
            )
            log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
            writer.write(log.SerializeToString())


def _middling(specs: dict[str, tf.TensorSpec], *, grid: TimeGrid, scaler: Scaler, shape: WindowShape) -> Inputs:
    """A request of one row with the exact shapes: the middle of the scale as context, zeros and unknown categories as covariates."""
    series_id = scaler.ids[:1] if len(scaler.ids) else np.array([b"series"], object)
    offset, scale = scaler.parameters(series_id)
    first = grid.ordinals(np.array([_START]))[0]
    steps = dict.fromkeys((names.FUTURE_COVARIATES, names.FUTURE_CATEGORIES), shape.context_length + shape.horizon)
    given: Inputs = {
        names.CONTEXT: np.full((1, shape.context_length), offset[0] + scale[0] / 2),
        TIMESTAMPS: grid.timestamps(first + np.arange(shape.context_length))[np.newaxis],
        names.SERIES_ID: series_id,
    }
    for name, spec in specs.items():
        if name not in given:
            length = [steps.get(name, shape.context_length)] if len(spec.shape) == 3 else []
            size = [1, *length, spec.shape[-1]]
            given[name] = np.full(size, b"", object) if spec.dtype == tf.string else np.zeros(size)
    return {name: given[name] for name in specs}
