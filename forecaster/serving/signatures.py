"""What the exported model answers: `evaluate` on scaled windows, the others on raw values.

All go through one and the same rollout, so what the Evaluator scores is what
is served. Nothing here calls back into Python: the graph holds stock
TensorFlow operations only.
"""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from tapeline.forecaster.network.naive import last_season, last_value
from tapeline.forecaster.serving.any_horizon import rollout_blocks
from tapeline.forecaster.serving.bounds import Bounds
from tapeline.forecaster.serving.intervals import Intervals
from tapeline.forecaster.serving.raw_windows import RawWindows, Request
from tapeline.forecaster.serving.series_tables import NaiveErrors, SeriesIndex, SeriesScales
from tapeline.forecaster.serving.unit_rounding import round_to_scale
from tapeline.schemas import features as names
from tapeline.schemas.served_model import (
    ANY_HORIZON,
    EVALUATE,
    EXAMPLES,
    FORECAST,
    FORECAST_TIME,
    PREDICT_EXAMPLES,
    SERVE,
)
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.window_reader import parse_windows, window_sizes

Window = Mapping[str, tf.Tensor]
Forecaster = Callable[[Window], tf.Tensor]

MODEL_FEATURES = (
    names.CONTEXT,
    names.CONTEXT_OBSERVED,
    names.PAST_COVARIATES,
    names.FUTURE_COVARIATES,
    names.STATIC_COVARIATES,
    names.SERIES_INDEX,
)
"""Features of a window that a model computes with."""

SHARDS = 4
"""Parts of a large batch. A machine with fewer cores runs them in turn, and loses nothing by it."""

LARGE = 256
"""Fewest rows of a large batch: below, the parts are too small to be worth it."""


def build_signatures(
    *,
    model: Any,
    ridge_baseline: Any,
    scales: SeriesScales,
    index: SeriesIndex,
    intervals: Intervals,
    bounds: Bounds,
    naive_errors: NaiveErrors,
    raw_windows: RawWindows,
    shape: WindowShape,
    season: int,
) -> tuple[tf.Module, dict[str, Any]]:
    """Returns a module that holds all state, and its signatures.

    Args:
        model: A Keras model, `model(window, training=False, kernel="loop")` → free-running forecast `[B, H]`, scaled;
            without a kernel, by that for few windows.
        ridge_baseline: A Keras layer, `ridge_baseline(window)` → ridge's forecast less the last value `[B, H]`.
        scales: Scale of each series.
        index: Index of each series that has weights of its own.
        intervals: How far the prediction intervals reach.
        bounds: Values that the target can have.
        naive_errors: What MASE divides by, for each series.
        raw_windows: Reads requests.
        shape: Widths of a window.
        season: Steps of the season that seasonal naive repeats.
    """
    module = tf.Module(name="forecaster")
    module.scales = scales
    module.intervals = intervals
    module.index = index
    module.naive_errors = naive_errors
    module.raw_windows = raw_windows

    ridge = frozen(ridge_baseline, shape)
    few = frozen(model, shape, training=False)
    many = frozen(model, shape, training=False, kernel="loop")

    def forecast(window: Window) -> tf.Tensor:
        return by_batch_size({name: window[name] for name in MODEL_FEATURES}, few=few, many=many)

    def evaluate(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        window = parse_windows(examples, shape, with_target=False)
        window[names.SERIES_INDEX] = index(window[names.SERIES_ID])
        offset, scale = scales(window[names.SERIES_ID])
        space = {"offset": offset[:, tf.newaxis], "scale": scale[:, tf.newaxis]}
        scaled = bounds.within(forecast(window), **space)
        levels = {
            **intervals.around(scaled, intervals.error_ratio(window)),
            **baseline_forecasts(window, shape=shape, season=season, ridge_baseline=ridge),
        }
        return {
            FORECAST: scaled,
            **{name: bounds.within(values, **space) for name, values in levels.items()},
            "offset": offset,
            "scale": scale,
            "naive_error": naive_errors(window[names.SERIES_ID]),
        }

    def forecast_within(request: Request) -> Forecaster:
        return lambda window: bounds.within(forecast(window), offset=request.offset, scale=request.scale)

    def serve(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        request = raw_windows(inputs)
        with after_checks(request):
            scaled = forecast_within(request)(request.window)
        return answer(scaled, request)

    def serve_any_horizon(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        request = raw_windows(inputs, any_horizon=True)
        with after_checks(request):
            scaled = rollout_blocks(forecast_within(request), request.window, request.blocks, shape=shape)
        whole = answer(scaled, request)
        return {name: values[:, : request.horizon] for name, values in whole.items()}

    def answer(scaled: tf.Tensor, request: Request) -> dict[str, tf.Tensor]:
        in_unit = tf.cast(scaled, tf.float64) * request.scale + request.offset
        ratio = tf.cast(intervals.error_ratio(request.window), tf.float64)
        # One tensor of all outputs: each operation costs a single forecast as much as its numbers do.
        levels = tf.concat([in_unit[:, tf.newaxis], intervals.together(in_unit, request.scale * ratio)], axis=1)
        rounded = bounds.within(round_to_scale(levels, request.scale[:, tf.newaxis]))
        return {
            **dict(zip((FORECAST, *intervals.names), tf.unstack(rounded, axis=1), strict=True)),
            FORECAST_TIME: request.forecast_time,
        }

    def serve_examples(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return serve(**raw_windows.parse(examples))

    examples = tf.TensorSpec([None], tf.string, name=EXAMPLES)
    any_specs = raw_windows.input_specs(any_horizon=True)
    signatures = {
        EVALUATE: _concrete(evaluate, examples),
        SERVE: _concrete(serve, **raw_windows.input_specs()),
        ANY_HORIZON: _concrete(serve_any_horizon, **any_specs),
        PREDICT_EXAMPLES: _concrete(serve_examples, examples),
    }
    return module, signatures


def after_checks(request: Request) -> Any:
    """Returns a context in which nothing begins before a request was found good.

    A loop starts as soon as one of its variables is known. One that ran beside
    the checks would be cancelled by a refusal, and at times be faster to tell
    of that than the refusal to tell what is wrong.
    """
    return tf.control_dependencies([request.window[names.CONTEXT]])


def by_batch_size(window: Window, *, few: Forecaster, many: Forecaster) -> tf.Tensor:
    """Returns the forecast of a batch, `[B, H]`: large batches in shards that run side by side, small ones whole.

    Step after step an LSTM has little to share among cores; parts of a batch
    have nothing to do with each other.

    Args:
        window: Features of a window, each `[B, ...]`.
        few: Forecasts small batches.
        many: Forecasts the shards of large ones.
    """
    rows = tf.shape(next(iter(window.values())))[0]

    # Not inlined: a small batch does not pay for its nodes.
    @tf.function(autograph=False, experimental_attributes={"_noinline": True})
    def in_shards() -> tf.Tensor:
        ends = [rows * shard // SHARDS for shard in range(SHARDS + 1)]
        parts = [
            {name: values[start:end] for name, values in window.items()} for start, end in itertools.pairwise(ends)
        ]
        return tf.concat([many(part) for part in parts], axis=0)

    return tf.cond(rows < LARGE, lambda: few(window), in_shards)


def _concrete(function: Callable[..., Any], *args: tf.TensorSpec, **kwargs: tf.TensorSpec) -> Any:
    return tf.function(function, autograph=False).get_concrete_function(*args, **kwargs)


def frozen(layer: Any, shape: WindowShape, **options: Any) -> Forecaster:
    """Returns a function of a window that holds a layer's weights as constants, traced once for all that call it.

    What is made of weights alone, such as their order for a fused kernel, is
    then computed when the model is loaded and not at every request. And no
    Keras object is left: the SavedModel loads without Keras and this project.

    Args:
        layer: A Keras layer, `layer(window, **options)` → `[B, H]`.
        shape: Widths of a window.
        **options: Further arguments of the layer.
    """
    weights = [(variable, variable.numpy()) for variable in layer.variables]

    def call(window: Window) -> tf.Tensor:
        constants = [(variable, tf.constant(value)) for variable, value in weights]
        with keras.StatelessScope(state_mapping=constants):
            forecast = layer(window, **options)
        # An operation that checks it, `tf.ensure_shape`, is one that TensorFlow.js reads wrongly.
        forecast.set_shape([None, shape.horizon])
        return forecast

    sizes = window_sizes(shape)
    specs = {name: tf.TensorSpec([None, *sizes[name]], tf.float32) for name in MODEL_FEATURES if name in sizes}
    specs[names.SERIES_INDEX] = tf.TensorSpec([None], tf.int32)
    function: Forecaster = tf.function(call, autograph=False, input_signature=[specs])
    return function


def baseline_forecasts(
    window: Window, *, shape: WindowShape, season: int, ridge_baseline: Forecaster
) -> dict[str, tf.Tensor]:
    """Returns the forecasts that a model must beat, each `[B, H]`, scaled.

    Args:
        window: Features of a window.
        shape: Their widths.
        season: Steps of the season that seasonal naive repeats.
        ridge_baseline: Ridge's forecast less the last value.
    """
    context = window[names.CONTEXT]
    return {
        "persistence": last_value(context, shape),
        "seasonal_naive": last_season(context, shape, season),
        "ridge": context[:, -1:] + ridge_baseline({name: window[name] for name in MODEL_FEATURES}),
    }
