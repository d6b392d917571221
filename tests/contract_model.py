"""A SavedModel with all signatures of the served model, whose forecasts one can compute by hand, and faulty ones.

Scaled, it forecasts the last context value plus 0.1 a step; with offset 10 and scale 2 that is 0.2 a step in the unit.
"""

import json
import pathlib

import numpy as np
import tensorflow as tf

from tapeline.components.serving_gate.real_requests import RealWindows

CONTEXT_LENGTH, HORIZON, HOUR = 6, 3, 3600
OFFSET, SCALE, STEP = 10.0, 2.0, 0.1
START = 1_700_000_000 // HOUR * HOUR


class ContractModel(tf.Module):
    """The signatures; `fault` names what is wrong with them, "" for nothing."""

    def __init__(self, fault: str = "") -> None:
        super().__init__()
        self.fault = fault
        self.step = tf.Variable(STEP * SCALE * (1.01 if fault == "other forecast" else 1.0))

    def check(self, context: tf.Tensor, timestamps: tf.Tensor, horizon: tf.Tensor) -> list[tf.Operation]:
        """Refuses what the contract says."""
        hours = timestamps[:, 1:] - timestamps[:, :-1]
        some = tf.reduce_all(tf.reduce_any(~tf.math.is_nan(context), axis=1))
        rules = {
            "horizon: must be 1 or more": tf.reduce_all(horizon >= 1),
            "context: too short; the model needs 6 steps": tf.shape(context)[1] >= CONTEXT_LENGTH,
            "timestamps: must have as many steps as context": tf.shape(context)[1] == tf.shape(timestamps)[1],
            "timestamps: must ascend hour by hour": tf.reduce_all(tf.equal(hours, HOUR)),
            "timestamps: must lie on the hour": tf.reduce_all(tf.equal(timestamps % HOUR, 0)),
            "context: must be finite or NaN": ~tf.reduce_any(tf.math.is_inf(context)),
            "context: no measured value": tf.constant(True) if self.fault == "answers NaN" else some,
        }
        if self.fault == "answers anything":
            rules = {}
        if self.fault == "refuses all":
            rules["context: never good enough"] = tf.constant(False)
        checks: list[tf.Operation] = []
        for message, condition in rules.items():
            shown = "x" if self.fault == "refuses without words" else message
            with tf.control_dependencies(checks):
                checks = [tf.debugging.Assert(condition, [shown])]
        return checks

    def answer(self, context: tf.Tensor, timestamps: tf.Tensor, horizon: tf.Tensor) -> dict[str, tf.Tensor]:
        """Forecasts from raw values."""
        context = tf.cast(context, tf.float32)
        with tf.control_dependencies(self.check(context, timestamps, horizon)):
            context, timestamps, horizon = map(tf.identity, (context, timestamps, horizon))
        # The newest value that was measured.
        steps = tf.range(tf.shape(context)[1])
        newest = tf.reduce_max(tf.where(tf.math.is_nan(context), -1, steps), axis=1)
        last = tf.gather(context, tf.maximum(newest, 0), axis=1, batch_dims=1)[:, None]
        ahead = tf.range(1, horizon + 1)
        forecast = last + self.step * tf.cast(ahead, tf.float32)
        if self.fault == "calls Python":
            forecast = tf.numpy_function(lambda values: values, [forecast], tf.float32)
        if self.fault == "hangs":
            forecast = tf.while_loop(lambda _: True, lambda values: [values + 0.0], [forecast])[0]
        ends = {f"{side}{level}": forecast + way * width
                for side, way in (("lower", -1), ("upper", 1)) for level, width in (("", 1.0), ("_95", 2.0))}  # fmt: skip
        if self.fault == "lacks an output":
            del ends["upper_95"]
        return {"forecast": forecast, **ends, "forecast_time": timestamps[:, -1:] + HOUR * ahead}

    def evaluate(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Forecasts from scaled windows."""
        parsed = tf.io.parse_example(examples, {"context": tf.io.FixedLenFeature([CONTEXT_LENGTH], tf.float32)})
        forecast = parsed["context"][:, -1:] + STEP * tf.range(1.0, HORIZON + 1.0)
        rows = tf.shape(forecast)[:1]
        ends = {"lower": -0.5, "upper": 0.5, "lower_95": -1.0, "upper_95": 1.0}
        return {
            "forecast": forecast,
            **{name: forecast + distance for name, distance in ends.items()},
            "offset": tf.fill(rows, OFFSET),
            "scale": tf.fill(rows, SCALE),
        }

    def predict_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Forecasts from raw values in Examples."""
        size = [CONTEXT_LENGTH]
        spec = {"context": tf.io.FixedLenFeature(size, tf.float32), "timestamps": tf.io.FixedLenFeature(size, tf.int64)}
        parsed = tf.io.parse_example(examples, spec)
        return self.answer(parsed["context"], parsed["timestamps"], tf.constant(HORIZON, tf.int64))


def save_contract_model(folder: pathlib.Path, fault: str = "") -> pathlib.Path:
    """Writes the model with its card, and returns its folder."""
    model = ContractModel(fault)
    context = tf.TensorSpec([None, None], tf.float64, name="context")
    timestamps = tf.TensorSpec([None, None], tf.int64, name="timestamps")
    horizon = tf.TensorSpec([], tf.int64, name="horizon")
    examples = tf.TensorSpec([None], tf.string, name="examples")
    trained = tf.constant(HORIZON, tf.int64)
    signatures = {
        "serving_default": tf.function(lambda context, timestamps: model.answer(context, timestamps, trained))
        .get_concrete_function(context=context, timestamps=timestamps),
        "any_horizon": tf.function(model.answer)
        .get_concrete_function(context=context, timestamps=timestamps, horizon=horizon),
        "predict_examples": tf.function(model.predict_examples).get_concrete_function(examples),
        "evaluate": tf.function(model.evaluate).get_concrete_function(examples),
    }  # fmt: skip
    if fault == "lacks a signature":
        del signatures["any_horizon"]
    tf.saved_model.save(model, str(folder), signatures=signatures)
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "model_card.json").write_text(json.dumps(card()))
    return folder


def card() -> dict[str, object]:
    """What the model says about itself."""
    return {
        "data": {"time": "time", "target": ["load"], "frequency": "H", "unit": "MW"},
        "features": {},
        "window": {"context_length": CONTEXT_LENGTH, "horizon": HORIZON, "min_context": CONTEXT_LENGTH},
        "inputs": {"longest_horizon": 100 * HORIZON},
    }


def real_windows(rows: int = 3) -> RealWindows:
    """Windows as the gate would read them, of random values."""
    raw = (
        (OFFSET + SCALE * np.random.default_rng(0).random((rows, CONTEXT_LENGTH))).astype(np.float32).astype(np.float64)
    )
    times = START + HOUR * np.arange(CONTEXT_LENGTH + 2 * HORIZON, dtype=np.int64)
    serialized = []
    for row in raw:
        values = tf.train.FloatList(value=(row - OFFSET) / SCALE)
        feature = {"context": tf.train.Feature(float_list=values)}
        serialized.append(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
    return RealWindows(
        serialized=tuple(serialized),
        series_id=np.array([b"series"] * rows, object),
        timestamps=np.tile(times, (rows, 1)),
        context=raw,
        past=np.zeros((rows, CONTEXT_LENGTH, 0)),
        future=np.zeros((rows, CONTEXT_LENGTH + 2 * HORIZON, 0)),
        static=np.zeros((rows, 0)),
        least_context=CONTEXT_LENGTH,
    )
