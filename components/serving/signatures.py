"""What the exported model answers: `evaluate` on scaled windows, `serving_default` on raw values.

    module, signatures = build_signatures(...)
    tf.saved_model.save(module, directory, signatures=signatures)

Both go through one and the same rollout, so what the Evaluator scores is what
is served. Nothing here calls back into Python: the graph holds stock
TensorFlow operations only.
"""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from components.evaluation.baselines import seasonal_positions
from components.serving.naive_errors import NaiveErrors
from components.serving.raw_windows import RawWindows
from components.serving.series_scales import SeriesScales
from components.transform.records import parse_windows
from schemas import features as names
from schemas.window_spec import WindowShape

Window = Mapping[str, tf.Tensor]
Forecaster = Callable[[Window], tf.Tensor]

EVALUATE = "evaluate"
"""Signature that the Evaluator scores."""

SERVE = "serving_default"
"""Signature that clients call."""


def build_signatures(
    *,
    model: Any,
    ridge_baseline: Any,
    scales: SeriesScales,
    naive_errors: NaiveErrors,
    raw_windows: RawWindows,
    shape: WindowShape,
    season: int,
) -> tuple[tf.Module, dict[str, Any]]:
    """Returns a module that holds all state, and its signatures.

    Args:
        model: A Keras model, `model(window, training=False)` → free-running forecast `[B, H]`, scaled.
        ridge_baseline: A Keras layer, `ridge_baseline(window)` → ridge's forecast less the last value `[B, H]`.
        scales: Scale of each series.
        naive_errors: What MASE divides by, for each series.
        raw_windows: Reads requests.
        shape: Widths of a window.
        season: Steps of the season that seasonal naive repeats.
    """
    module = tf.Module(name="forecaster")
    # The state alone is kept, not the Keras objects: the SavedModel loads without Keras and without this project.
    module.weights = [variable.value for layer in (model, ridge_baseline) for variable in layer.variables]
    module.scales = scales
    module.naive_errors = naive_errors
    module.raw_windows = raw_windows

    def forecast(window: Window) -> tf.Tensor:
        return tf.ensure_shape(model(window, training=False), [None, shape.horizon])

    def evaluate(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        window = parse_windows(examples, shape, with_target=False)
        offset, scale = scales(window[names.SERIES_ID])
        return {
            "forecast": forecast(window),
            **baseline_forecasts(window, shape=shape, season=season, ridge_baseline=ridge_baseline),
            "offset": tf.cast(offset, tf.float32),
            "scale": tf.cast(scale, tf.float32),
            "naive_error": naive_errors(window[names.SERIES_ID]),
        }

    def serve(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        request = raw_windows(inputs)
        scaled = tf.cast(forecast(request.window), tf.float64)
        return {
            "forecast": tf.cast(scaled * request.scale + request.offset, tf.float32),
            "forecast_time": request.forecast_time,
        }

    examples = tf.TensorSpec([None], tf.string, name="examples")
    signatures = {
        EVALUATE: tf.function(evaluate, autograph=False).get_concrete_function(examples),
        SERVE: tf.function(serve, autograph=False).get_concrete_function(**raw_windows.input_specs()),
    }
    return module, signatures


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
    last = context[:, -1:]
    positions = seasonal_positions(context_length=shape.context_length, horizon=shape.horizon, season=season)
    return {
        "persistence": tf.repeat(last, shape.horizon, axis=1),
        "seasonal_naive": tf.gather(context, positions, axis=1),
        "ridge": last + ridge_baseline(window),
    }
