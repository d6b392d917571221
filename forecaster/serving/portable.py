"""A second, small SavedModel beside the graph that is served: one function of plain numbers, ready for converters.

Gap filling, scaling, network, intervals and the way back to the unit are
inside. Left to the client are what other platforms have no types for: times
(epoch seconds do not fit into their 32-bit integers), series ids (they have no
tables of texts), and the refusals. So the calendar's numbers come in ready,
and what differs from series to series as numbers: its scale, and the size of
its errors. The guide says how to get all of these.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tapeline.forecaster.serving.bounds import Bounds
from tapeline.forecaster.serving.intervals import Intervals
from tapeline.schemas import features as names
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.frequency import DAY_SECONDS
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.schemas.served_model import FORECAST, SERVE, levels_of
from tapeline.series.gap_filling import fill_gaps
from tapeline.series.holiday_flags import END_SECOND, holiday_days, show_day
from tapeline.series.scaling import Scaler

PORTABLE = os.path.join("assets.extra", "portable")
"""Where it lies inside the SavedModel that is served; no server looks there."""

GUIDE = "guide.json"
"""What a client must know, in the same folder."""

OFFSET, SCALE, ERROR_RATIO = "offset", "scale", "error_ratio"


def write_portable(
    folder: str,
    *,
    network: Callable[[Mapping[str, tf.Tensor]], tf.Tensor],
    scaler: Scaler,
    series: Sequence[bytes],
    error_ratios: Mapping[bytes, float],
    intervals: Intervals,
    data: DataConfig,
    features: FeaturesConfig,
    window: WindowConfig,
    holidays_until: int = END_SECOND,
) -> None:
    """Writes the function and its guide. A model that reads columns has none: TensorFlow Transform scales these.

    Args:
        folder: Where to write; must not exist.
        network: The forecast of windows `[B, H]`, scaled, in operations that every platform has.
        scaler: The fitted scales.
        series: The series that the network has weights of their own for, in the order of their index.
        error_ratios: Size of the errors by series; empty where one holds for all.
        intervals: How far the prediction intervals reach.
        data: Frequency, zone, unit and bounds.
        features: Holidays and calendar.
        window: Context and horizon.
        holidays_until: First day that no forecast may reach, in epoch seconds, where the model has holidays.
    """
    length, horizon = window.context_length, window.horizon
    specs = {names.CONTEXT: tf.TensorSpec([None, length], tf.float32, name=names.CONTEXT)}
    if features.future_size:
        shape = [None, length + horizon, features.future_size]
        specs[names.FUTURE_COVARIATES] = tf.TensorSpec(shape, tf.float32, name=names.FUTURE_COVARIATES)
    own = [*([] if scaler.scope == "all" else [OFFSET, SCALE]), *([ERROR_RATIO] if error_ratios else [])]
    specs |= {name: tf.TensorSpec([None, 1], tf.float32, name=name) for name in own}
    if series:
        specs[names.SERIES_INDEX] = tf.TensorSpec([None], tf.int32, name=names.SERIES_INDEX)
    bounds = Bounds(data)

    @tf.function(autograph=False)
    def forecast(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        offset, scale = (
            inputs.get(name, tf.constant([[number]], tf.float32))
            for name, number in zip((OFFSET, SCALE), scaler.overall, strict=True)
        )
        context, observed = fill_gaps((inputs[names.CONTEXT] - offset) / scale)
        batch = tf.shape(context)[0]
        scaled = network(
            {
                names.CONTEXT: context,
                names.CONTEXT_OBSERVED: tf.cast(observed, tf.float32),
                names.PAST_COVARIATES: tf.zeros((batch, length, 0)),
                names.FUTURE_COVARIATES: inputs.get(names.FUTURE_COVARIATES, tf.zeros((batch, length + horizon, 0))),
                names.STATIC_COVARIATES: tf.zeros((batch, 0)),
                names.SERIES_INDEX: inputs.get(names.SERIES_INDEX, tf.fill([batch], -1)),
            }
        )
        scaled = bounds.within(scaled, offset=offset, scale=scale)
        ratio = intervals.in_context(inputs.get(ERROR_RATIO, 1.0), context)
        levels = {FORECAST: scaled, **intervals.around(scaled, ratio)}
        in_unit = {name: bounds.within(values * scale + offset) for name, values in levels.items()}
        return {name: tf.identity(values, name=name) for name, values in in_unit.items()}

    module = tf.Module()
    module.forecast = forecast
    tf.saved_model.save(module, folder, signatures={SERVE: forecast.get_concrete_function(**specs)})
    by_series = _numbers_by_series(scaler, series, error_ratios)
    outputs = levels_of(intervals.names)
    guide = _guide(
        specs,
        outputs=outputs,
        scaler=scaler,
        by_series=by_series,
        data=data,
        features=features,
        window=window,
        holidays_until=holidays_until,
    )
    with tf.io.gfile.GFile(os.path.join(folder, GUIDE), "w") as file:
        file.write(json.dumps(guide, indent=2) + "\n")


def _numbers_by_series(
    scaler: Scaler, series: Sequence[bytes], error_ratios: Mapping[bytes, float]
) -> dict[str, dict[str, float]]:
    """What the inputs of each series are: its scale, its index, the size of its errors, each where series differ."""
    found: dict[bytes, dict[str, float]] = {}
    if scaler.scope != "all":
        rows = zip(scaler.ids, scaler.offset.tolist(), scaler.scales.tolist(), strict=True)
        found = {name: {OFFSET: offset, SCALE: scale} for name, offset, scale in rows}
    for place, name in enumerate(series):
        found[name] = {**found.get(name, {}), names.SERIES_INDEX: place}
    if scaler.scope == "all":
        found = {name: found.get(name, {}) for name in (*found, *error_ratios)}
    for name, numbers in found.items():
        if series:
            numbers.setdefault(names.SERIES_INDEX, -1)
        if error_ratios:
            numbers[ERROR_RATIO] = error_ratios.get(name, 1.0)
    return {name.decode("utf-8", errors="replace"): numbers for name, numbers in found.items()}


def _guide(
    specs: Mapping[str, tf.TensorSpec],
    *,
    outputs: Sequence[str],
    scaler: Scaler,
    by_series: Mapping[str, Mapping[str, float]],
    data: DataConfig,
    features: FeaturesConfig,
    window: WindowConfig,
    holidays_until: int,
) -> dict[str, Any]:
    meaning = {
        names.CONTEXT: "the newest steps of the target, in its unit, oldest first; NaN where missing, not all of them",
        names.FUTURE_COVARIATES: "what each step's time tells, context first, then the horizon; columns as in "
        "`holidays`, then as in `calendar`",
        OFFSET: "of the series, from `series`",
        SCALE: "of the series, from `series`",
        names.SERIES_INDEX: "of the series, from `series`; -1 for any other",
        ERROR_RATIO: "of the series, from `series`; 1 for any other",
    }
    return {
        "inputs": {
            name: {
                "shape": [size or -1 for size in spec.shape.as_list()],
                "type": spec.dtype.name,
                "meaning": meaning[name],
            }
            for name, spec in specs.items()
        },
        "outputs": {name: {"shape": [-1, window.horizon], "type": "float32", "unit": data.unit} for name in outputs},
        **window.model_dump(include={"context_length", "horizon"}),
        **data.model_dump(include={"frequency", "offset", "timezone"}),
        "holidays": _holiday_columns(features.holidays, holidays_until),
        "calendar": _calendar_columns(features.calendar),
        "overall_scale": dict(zip((OFFSET, SCALE), scaler.overall, strict=True)),
        "series": by_series,
        "unknown_series": "refuse" if scaler.scope == "none" else "overall_scale",
        "left_to_the_client": [
            "Check that the steps follow each other at the frequency, none left out.",
            "Check that no value is infinite, and that at least one is not NaN.",
            "The times of the forecast: the steps that follow the newest one at the frequency.",
            "Horizons other than the trained one.",
        ],
    }


def _holiday_columns(codes: Sequence[str], until: int) -> list[dict[str, Any]]:
    columns = [
        f"how many of `dates` lie in {step}; a step shorter than a day counts as its whole day, on the zone's wall clock"
        for step in ("the step", "the step after it", "the step before it")
    ]
    dates = {code: [show_day(day * DAY_SECONDS) for day in holiday_days(code).tolist()] for code in codes}
    return [
        {"code": code, "columns": columns, "dates": [day for day in days if day < show_day(until)]}
        for code, days in dates.items()
    ]


def _calendar_columns(calendar: Sequence[str]) -> list[dict[str, str]]:
    weekend = ["1 on Saturday and Sunday, else 0, on the zone's wall clock"]

    def waves(phase: str) -> list[str]:
        return [f"{part} of 2 pi times: {phase}, on the zone's wall clock" for part in ("sine", "cosine")]

    return [
        {"feature": name, "value": value}
        for name in calendar
        for value in (weekend if name == "weekend" else waves(_PHASES[name]))
    ]


_PHASES = {
    "minute_of_hour": "seconds of the hour / 3600",
    "hour_of_day": "seconds of the day / 86400",
    "hour_of_week": "seconds since Monday 00:00 / 604800",
    "day_of_week": "days since Monday / 7",
    "day_of_month": "(day - 1) / days in this month",
    "month_of_year": "(month - 1) / 12",
    "day_of_year": "days since 1 January / days in this year",
    "week_of_year": "day_of_year's phase on the Thursday of the same week, Monday to Sunday",
}
"""What runs from 0 to 1 over the period of a calendar feature; `series.calendar` computes it."""
