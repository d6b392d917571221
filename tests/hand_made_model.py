"""Small SavedModels with the signatures of the served model, whose forecasts one can compute by hand."""

import json
import pathlib
from typing import Any

import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

CONTEXT_LENGTH, HORIZON, STEP_SECONDS = 4, 3, 3600
WARM_UP = pathlib.Path("assets.extra", "tf_serving_warmup_requests")


class Forecaster(tf.Module):
    """Forecasts the last context value plus a number of its own, the same at each step."""

    def __init__(self, plus: float) -> None:
        super().__init__()
        self.plus = tf.Variable(plus)

    def forecast(self, context: Any, timestamps: Any, horizon: Any) -> dict[Any, Any]:
        check = tf.debugging.Assert(
            tf.shape(context)[1] >= CONTEXT_LENGTH,
            [
                f"context: too short; the model needs the last {CONTEXT_LENGTH} steps; steps given:",
                tf.shape(context)[1],
            ],
        )
        with tf.control_dependencies([check]):
            level = context[:, -1:] + self.plus
        steps = tf.range(1, horizon + 1)
        forecast = tf.repeat(level, tf.cast(horizon, tf.int32), axis=1)
        return {
            "forecast": forecast,
            "lower": forecast - 1.0,
            "upper": forecast + 1.0,
            "forecast_time": timestamps[:, -1:] + STEP_SECONDS * steps,
        }

    def parsed(self, examples: Any) -> Any:
        features = {
            "context": tf.io.FixedLenFeature([CONTEXT_LENGTH], tf.float32),
            "timestamps": tf.io.FixedLenFeature([CONTEXT_LENGTH], tf.int64),
        }
        parsed = tf.io.parse_example(examples, features)
        return self.forecast(parsed["context"], parsed["timestamps"], tf.constant(HORIZON, tf.int64))


def save_version(base: pathlib.Path, version: int, *, plus: float, warm_up: bytes | None = None) -> pathlib.Path:
    """Writes a version, whole or not at all, as the Pusher does.

    Args:
        base: Folder of the versions.
        version: Its number.
        plus: What tells this version from others.
        warm_up: Content of its only warm-up record; None leaves the file out.
    """
    model = Forecaster(plus)
    context = tf.TensorSpec([None, None], tf.float32, name="context")
    timestamps = tf.TensorSpec([None, None], tf.int64, name="timestamps")
    incoming, folder = base / f".incoming-{version}", base / str(version)
    serving = tf.function(
        lambda context, timestamps: model.forecast(context, timestamps, tf.constant(HORIZON, tf.int64))
    )
    tf.saved_model.save(
        model,
        str(incoming),
        signatures={
            "serving_default": serving.get_concrete_function(context=context, timestamps=timestamps),
            "any_horizon": tf.function(model.forecast).get_concrete_function(
                context=context, timestamps=timestamps, horizon=tf.TensorSpec([], tf.int64, name="horizon")
            ),
            "predict_examples": tf.function(model.parsed).get_concrete_function(
                tf.TensorSpec([None], tf.string, name="examples")
            ),
        },
    )
    extra = incoming / "assets.extra"
    extra.mkdir()
    (extra / "model_card.json").write_text(json.dumps({"name": "load", "inputs": {"context_length": CONTEXT_LENGTH}}))
    if warm_up is not None:
        with tf.io.TFRecordWriter(str(incoming / WARM_UP)) as writer:
            writer.write(warm_up)
    incoming.rename(folder)
    return folder


def warm_up_record(context: list[list[float]], timestamps: list[list[int]]) -> bytes:
    """A request as TensorFlow Serving replays it."""
    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.signature_name = "serving_default"
    request.inputs["context"].CopyFrom(tf.make_tensor_proto(context, tf.float32))
    request.inputs["timestamps"].CopyFrom(tf.make_tensor_proto(timestamps, tf.int64))
    return log.SerializeToString()
