"""Writes the trained model as a SavedModel that needs nothing but TensorFlow.

Scaling, gap filling, calendar, the autoregressive rollout and the way back to
the target's unit are all inside.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

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
from tapeline.schemas.sections import DataConfig, FeaturesConfig, WindowConfig
from tapeline.schemas.served_model import CARD_FILE, WARM_UP_FILE
from tapeline.schemas.whole_files import replacing
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.scaling import Scaler
from tapeline.series.time_grid import TimeGrid


def export_model(
    model: Any,
    *,
    directory: str,
    ridge_baseline: Any,
    half_widths: npt.NDArray[np.floating[Any]],
    scaler: Scaler,
    transform_graph_uri: str,
    data: DataConfig,
    features: FeaturesConfig,
    window: WindowConfig,
    season: int,
    naive_errors: Mapping[bytes, float],
    card: Mapping[str, Any],
    series: Sequence[bytes] = (),
) -> None:
    """Writes a SavedModel; it appears under its name when it is whole.

    Args:
        model: A Keras model, `model(window, training=False, kernel=...)` → free-running forecast `[B, H]`, scaled; see
            `build_signatures`, and the kernel `portable`, of operations that every platform has.
        directory: Where to write; must not exist.
        ridge_baseline: A Keras layer, `ridge_baseline(window)` → ridge's forecast less the last value `[B, H]`.
        half_widths: Of the prediction intervals `[2, H]`, scaled, from `tapeline.series.conformal`.
        scaler: The fitted scales.
        transform_graph_uri: Folder of the TransformGraph artifact; read when there are covariate columns.
        data: Frequency and zone.
        features: Covariates.
        window: Context and horizon.
        season: Steps that the seasonal naive baseline repeats, at most the context; it goes into the card as well.
        naive_errors: That baseline's error on the train split, by series, in scaled space.
        card: What to tell about the model: written as JSON, with what a client must know besides.
        series: The series that the model has weights of their own for, in the order of their `series_index`.

    Raises:
        ValueError: The directory exists already.
    """
    if os.path.exists(directory):
        raise ValueError(f"directory: {directory!r} exists; export to a new folder.")
    shape = WindowShape.of(window, features)
    scales, index = SeriesScales(scaler), SeriesIndex(series)
    covariates = Covariates(transform_graph_uri=transform_graph_uri, data=data, features=features, shape=shape)
    raw_windows = RawWindows(
        scales=scales, index=index, covariates=covariates, steps=TimeSteps(TimeGrid.of(data)), shape=shape
    )
    intervals = Intervals(half_widths)
    module, signatures = build_signatures(
        model=model,
        ridge_baseline=ridge_baseline,
        scales=scales,
        index=index,
        intervals=intervals,
        naive_errors=NaiveErrors(naive_errors),
        raw_windows=raw_windows,
        shape=shape,
        season=season,
    )
    whole_card = {
        **card,
        "season": season,
        "inputs": describe_inputs(data=data, features=features, window=window, scaler=scaler, series=series),
        "intervals": describe_intervals(half_widths),
        "limits": describe_limits(features=features, window=window),
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
                intervals=intervals,
                data=data,
                features=features,
                window=window,
            )
