"""Writes the trained model as a SavedModel that needs nothing but TensorFlow.

Scaling, gap filling, calendar, the autoregressive rollout and the way back to
the target's unit are all inside.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from tapeline.forecaster.serving.bounds import Bounds
from tapeline.forecaster.serving.card import describe_inputs, describe_intervals, describe_limits
from tapeline.forecaster.serving.covariates import Covariates
from tapeline.forecaster.serving.intervals import Intervals
from tapeline.forecaster.serving.portable import PORTABLE, write_portable
from tapeline.forecaster.serving.raw_windows import RawWindows
from tapeline.forecaster.serving.series_tables import NaiveErrors, SeriesIndex, SeriesScales
from tapeline.forecaster.serving.signatures import build_signatures, frozen
from tapeline.forecaster.serving.time_steps import TimeSteps
from tapeline.forecaster.serving.warmup import warmup_requests, write_warmup
from tapeline.schemas.evaluation_result import without_nan
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.schemas.served_model import CARD_FILE, WARM_UP_FILE
from tapeline.schemas.whole_files import replacing
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.categories import read_categories
from tapeline.series.holiday_flags import END_SECOND
from tapeline.series.prediction_intervals import PredictionIntervals
from tapeline.series.scaling import Scaler
from tapeline.series.time_grid import TimeGrid


def export_model(
    model: Any,
    *,
    directory: str,
    ridge_baseline: Any,
    intervals: PredictionIntervals,
    scaler: Scaler,
    transform_graph_uri: str,
    data: DataConfig,
    features: FeaturesConfig,
    window: WindowConfig,
    season: int,
    naive_errors: Mapping[bytes, float],
    card: Mapping[str, Any],
    holidays_until: int = END_SECOND,
    series: Sequence[bytes] = (),
) -> None:
    """Writes a SavedModel; it appears under its name when it is whole.

    Args:
        model: A Keras model, `model(window, training=False, kernel=...)` → free-running forecast `[B, H]`, scaled; see
            `build_signatures`, and the kernel `portable`, of operations that every platform has.
        directory: Where to write; must not exist.
        ridge_baseline: A Keras layer, `ridge_baseline(window)` → ridge's forecast less the last value `[B, H]`.
        intervals: How far intervals and quantiles lie from a forecast.
        scaler: The fitted scales.
        transform_graph_uri: Folder of the TransformGraph artifact; read when there are covariate columns.
        data: Frequency, zone and bounds.
        features: Covariates.
        window: Context and horizon.
        season: Steps that the seasonal naive baseline repeats, at most the context; it goes into the card as well.
        naive_errors: That baseline's error on the train split, by series, in scaled space.
        card: What to tell about the model: written as JSON, with what a client must know besides.
        holidays_until: First time that no forecast may reach, in epoch seconds, where the model has holidays.
        series: The series that the model has weights of their own for, in the order of their `series_index`.

    Raises:
        ValueError: The directory exists already.
    """
    if os.path.exists(directory):
        raise ValueError(f"directory: {directory!r} exists; export to a new folder.")
    shape = WindowShape.of(window, features)
    scales, index = SeriesScales(scaler), SeriesIndex(series)
    covariates = Covariates(
        transform_graph_uri=transform_graph_uri,
        data=data,
        features=features,
        shape=shape,
        holidays_until=holidays_until,
    )
    served, bounds = Intervals(intervals), Bounds(data)
    raw_windows = RawWindows(
        scales=scales,
        index=index,
        covariates=covariates,
        steps=TimeSteps(TimeGrid.of(data)),
        shape=shape,
        names_series=served.per_series,
    )
    module, signatures = build_signatures(
        model=model,
        ridge_baseline=ridge_baseline,
        scales=scales,
        index=index,
        intervals=served,
        bounds=bounds,
        naive_errors=NaiveErrors(naive_errors),
        raw_windows=raw_windows,
        shape=shape,
        season=season,
    )
    whole_card = {
        **card,
        "season": season,
        "inputs": describe_inputs(
            data=data,
            features=features,
            window=window,
            scaler=scaler,
            intervals=intervals,
            categories=read_categories(transform_graph_uri, features),
            series=series,
        ),
        "intervals": describe_intervals(intervals),
        "limits": describe_limits(features=features, window=window, holidays_until=holidays_until),
    }
    with replacing(directory) as unfinished:
        tf.saved_model.save(module, str(unfinished), signatures=signatures)
        text = json.dumps(without_nan(whole_card), indent=2, sort_keys=True, allow_nan=False)
        (unfinished / CARD_FILE).parent.mkdir(exist_ok=True)
        (unfinished / CARD_FILE).write_text(f"{text}\n", encoding="utf-8")
        requests = warmup_requests(raw_windows, grid=TimeGrid.of(data), scaler=scaler, shape=shape)
        write_warmup(str(unfinished / WARM_UP_FILE), requests)
        if not features.columns:
            write_portable(
                str(unfinished / PORTABLE),
                network=frozen(model, shape, training=False, kernel="portable"),
                scaler=scaler,
                series=series,
                error_ratios=intervals.error_ratios,
                intervals=served,
                data=data,
                features=features,
                window=window,
                holidays_until=holidays_until,
            )
