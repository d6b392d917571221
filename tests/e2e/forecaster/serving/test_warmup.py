"""The warm-up file lies where TensorFlow Serving looks, and the model answers every request in it."""

import pathlib
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tests.e2e.forecaster.serving.small_export import CONTEXT, HORIZON, OWN_SCALES, export


def logged(directory: Any) -> dict[Any, Any]:
    path = directory / "assets.extra" / "tf_serving_warmup_requests"
    records = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    logs = [prediction_log_pb2.PredictionLog.FromString(record) for record in records]
    return {log.predict_log.request.model_spec.signature_name: log.predict_log.request for log in logs}


def test_every_request_of_the_file_is_answered(exported: tuple[Any, Any]) -> None:
    directory, module = exported
    requests = logged(directory)
    assert set(requests) == {"serving_default", "any_horizon", "predict_examples"}
    for name, request in requests.items():
        inputs = {key: tf.constant(tf.make_ndarray(value)) for key, value in request.inputs.items()}
        forecast = module.signatures[name](**inputs)["forecast"]
        assert np.isfinite(forecast).all()
        assert forecast.shape == (1, 2 * HORIZON if name == "any_horizon" else HORIZON)


def test_requests_name_a_series_that_the_model_knows(tmp_path: pathlib.Path, model: Any, ridge: Any) -> None:
    export(tmp_path / "model", model, ridge, scales=OWN_SCALES)
    request = logged(tmp_path / "model")["serving_default"]
    assert tf.make_ndarray(request.inputs["series_id"]).tolist() == [b"a"]
    assert tf.make_ndarray(request.inputs["context"]).shape == (1, CONTEXT)
