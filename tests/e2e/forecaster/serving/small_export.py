"""A small model, exported, and requests for it that the tests of the served model share."""

from typing import Any

import numpy as np
import tensorflow as tf

from tapeline.forecaster.network.highway import LinearHighway
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.forecaster.request_examples import serialize_requests
from tapeline.forecaster.serving.export_model import export_model
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.schemas.served_model import LEVELS
from tapeline.schemas.training_config import ModelConfig
from tapeline.schemas.window_spec import WindowShape
from tapeline.series import windowing
from tapeline.series.calendar import Calendar
from tapeline.series.prediction_intervals import PredictionIntervals
from tapeline.series.scaling import Scaler, scale_lines

NAN = float("nan")
CONTEXT, HORIZON, SEASON = 16, 5, 7
WINDOW = WindowConfig(context_length=CONTEXT, horizon=HORIZON)
DAILY = DataConfig(time="t", target="y", frequency="D")
CALENDAR = FeaturesConfig(calendar=("day_of_week",))
SHAPE = WindowShape(context_length=CONTEXT, horizon=HORIZON, future=2, calendar=CALENDAR.calendar, series=2)
# How far the ends of the intervals lie from the forecast, scaled, by lead step.
OFFSETS = np.array(
    [
        [-0.1, -0.1, -0.1, -0.2, -0.2],
        [0.1, 0.1, 0.2, 0.2, 0.3],
        [-0.2, -0.2, -0.3, -0.3, -0.3],
        [0.2, 0.3, 0.4, 0.4, 0.4],
    ],
    np.float32,
)
INTERVALS = PredictionIntervals(names=LEVELS[1:], offsets=OFFSETS)
RICH = PredictionIntervals(
    names=(*LEVELS[1:], "quantile_0.3", "quantile_0.5"),
    offsets=np.concatenate([OFFSETS, np.full((2, HORIZON), [[-0.05], [0.01]], np.float32)]),
    error_ratios={b"a": 0.5, b"b": 4.0},
    usual_change=0.1,
)
"""With quantiles, and errors of another size for each of the series `a` and `b`."""
DAY = 86_400
ONE_SCALE = scale_lines([], np.zeros(0), np.zeros(0), overall=(300.0, 50.0), scope="all")
OWN_SCALES = scale_lines(
    [b"a", b"b"], np.array([0.0, 1000.0]), np.array([10.0, 500.0]), overall=(300.0, 50.0), scope="none"
)


def with_random_weights(layer: Any, seed: Any) -> Any:
    rng = np.random.default_rng(seed)
    for variable in layer.variables:
        if variable.shape:
            variable.assign(rng.normal(0, 0.2, variable.shape))
    return layer


def small_model(**options: Any) -> Any:
    return with_random_weights(Seq2SeqForecaster(shape=SHAPE, config=ModelConfig(units=4, **options), seed=1), seed=1)


def small_ridge() -> Any:
    return with_random_weights(LinearHighway(SHAPE, trainable=False), seed=2)


def export(
    directory: Any,
    model: Any,
    ridge: Any,
    *,
    scales: Any = ONE_SCALE,
    card: Any = None,
    intervals: PredictionIntervals = INTERVALS,
    data: DataConfig = DAILY,
    series: Any = (),
) -> Any:
    export_model(
        model,
        directory=str(directory),
        ridge_baseline=ridge,
        intervals=intervals,
        scaler=Scaler.parse(scales),
        transform_graph_uri="",
        data=data,
        features=CALENDAR,
        window=WINDOW,
        season=SEASON,
        naive_errors={b"a": 0.25},
        card=card or {"name": "test"},
        series=series,
    )
    return tf.saved_model.load(str(directory))


def raw_request(rows: int = 3, length: Any = CONTEXT, gaps: bool = True) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    context = (300 + 50 * rng.random((rows, length))).astype(np.float32).astype(np.float64)
    if gaps:
        context[0, -3:] = NAN
        context[-1, [-CONTEXT, -8, -7]] = NAN
    return context, np.tile(DAY * np.arange(20_000, 20_000 + length), (rows, 1))


def window_of(context: Any, timestamps: Any, offset: float = 300.0, scale: float = 50.0) -> dict[Any, Any]:
    """The window that `Windows` would cut, in NumPy."""
    filled, observed = windowing.fill_gaps(((context.astype(np.float64) - offset) / scale).astype(np.float32))
    ahead = timestamps[:, -1:] + DAY * np.arange(1, HORIZON + 1)
    return {
        "context": filled,
        "context_observed": observed.astype(np.float32),
        "past_covariates": np.zeros((len(context), CONTEXT, 0), np.float32),
        "future_covariates": Calendar(CALENDAR.calendar, "UTC")(np.concatenate([timestamps, ahead], axis=1)),
        "static_covariates": np.zeros((len(context), 0), np.float32),
    }


def serialized(window: Any, target: Any = None, series_id: bytes = b"a") -> Any:
    examples = []
    for row in range(len(window["context"])):
        floats = {name: values[row].ravel() for name, values in window.items() if values[row].size}
        if target is not None:
            floats["target"] = target
        feature = {name: tf.train.Feature(float_list=tf.train.FloatList(value=v)) for name, v in floats.items()}
        feature["series_id"] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[series_id]))
        feature["forecast_start"] = tf.train.Feature(int64_list=tf.train.Int64List(value=[0]))
        examples.append(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
    return tf.constant(examples)


def serve(module: Any, context: Any, timestamps: Any, **more: Any) -> Any:
    return module.signatures["serving_default"](
        context=tf.constant(context, tf.float64), timestamps=tf.constant(timestamps, tf.int64), **more
    )


def serve_longer(module: Any, context: Any, timestamps: Any, horizon: Any, **more: Any) -> Any:
    return module.signatures["any_horizon"](
        context=tf.constant(context, tf.float64),
        timestamps=tf.constant(timestamps, tf.int64),
        horizon=tf.constant(horizon, tf.int64),
        **more,
    )


def raw_examples(**inputs: Any) -> Any:
    """One serialized Example a row, with the inputs of a request."""
    return tf.constant(serialize_requests({name: np.asarray(values) for name, values in inputs.items()}))
