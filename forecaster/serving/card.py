"""The parts of a served model's card, which lies in its `assets.extra` as `model_card.json`.

A client finds under `inputs` all that it must know to turn a table into a
request, under `limits` what the model does not do, and under `intervals` what
its prediction intervals rest on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tapeline.forecaster.serving.input_rules import LONGEST_HORIZON
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.series.holiday_flags import show_day
from tapeline.series.prediction_intervals import PredictionIntervals
from tapeline.series.scaling import Scaler
from tapeline.series.windowing import Chunk


def describe_inputs(
    *,
    data: DataConfig,
    features: FeaturesConfig,
    window: WindowConfig,
    scaler: Scaler,
    intervals: PredictionIntervals,
    categories: Mapping[str, Sequence[bytes]] | None = None,
    series: Sequence[bytes] = (),
) -> dict[str, Any]:
    """Returns what a client must know.

    Args:
        data: Columns, frequency, zone and unit.
        features: Covariates.
        window: Context and horizon.
        scaler: The fitted scales.
        intervals: How far intervals reach.
        categories: Those of each categorical column that train held.
        series: The series that the model has weights of their own for.

    Returns:
        A tree for JSON, with the keys of `docs/data-formats.md`.
    """
    named = dict.fromkeys((*series, *sorted(intervals.error_ratios)))
    known = scaler.ids if scaler.scope != "all" else named
    others = {"all": "global" if named else None, "unseen": "global", "none": "refuse"}
    covariates = {"past_covariates", "future_covariates", "static_covariates", "categorical"}
    columns = {"frequency", "offset", "timezone", "unit", "time", "target", "series_id"}
    return {
        **window.model_dump(include={"context_length", "horizon"}),
        "least_context": window.least_context,
        "longest_horizon": LONGEST_HORIZON * window.horizon,
        **data.model_dump(mode="json", include=columns),
        **features.model_dump(mode="json", include=covariates),
        "categories": {
            column: [text.decode(errors="replace") for text in texts] for column, texts in (categories or {}).items()
        },
        "series": [name.decode("utf-8", errors="replace") for name in known] if others[scaler.scope] else None,
        "unknown_series": others[scaler.scope],
    }


def describe_data(chunks: Iterable[Chunk]) -> dict[str, Any]:
    """Returns what a model was trained on: how many series, from when to when.

    Args:
        chunks: Those of the train split.
    """
    series = set()

    def seen() -> Iterator[Chunk]:
        for chunk in chunks:
            series.add(chunk.series_id)
            yield chunk

    first, last = (pd.Timestamp(seconds, unit="s", tz="UTC").isoformat() for seconds in time_span(seen()))
    return {"series": len(series), "first_time": first, "last_time": last}


def time_span(chunks: Iterable[Chunk]) -> tuple[int, int]:
    """Returns the first and the last time of some chunks, epoch seconds."""
    # A padded chunk begins before its series.
    ends = [(int(chunk.timestamp[np.argmax(np.isfinite(chunk.target))]), int(chunk.timestamp[-1])) for chunk in chunks]
    return min(first for first, _ in ends), max(last for _, last in ends)


def describe_intervals(intervals: PredictionIntervals) -> dict[str, Any]:
    """Returns how far intervals and quantiles lie from a forecast, and how the size of errors differs between series.

    Args:
        intervals: How far they lie from it.

    Returns:
        `offsets`, scaled, of a middling series, by output (null stands for infinite); `error_ratios`, where series
            differ: whose errors they are, and the smallest and largest; `usual_change`, where changes in the context
            count: that of a middling window, scaled.
    """
    offsets = {
        name: [float(offset) if np.isfinite(offset) else None for offset in row]
        for name, row in zip(intervals.names, intervals.offsets, strict=True)
    }
    told = {"offsets": offsets, "error_ratios": None, "usual_change": intervals.usual_change}
    ratios = intervals.error_ratios.values()
    if not ratios:
        return told
    whose = "the model on eval" if intervals.own_errors else "seasonal naive on train"
    return {**told, "error_ratios": {"of": whose, "smallest": min(ratios), "largest": max(ratios)}}


def describe_limits(*, features: FeaturesConfig, window: WindowConfig, holidays_until: int) -> list[str]:
    """Returns what the model does not do, in sentences; `holidays_until` is in epoch seconds."""
    limits = [
        f"A request needs the newest {window.context_length} steps of a series, on the grid of its frequency, none "
        "left out; a value that is missing is NaN, and at least one must be there. Of a series that is shorter, "
        f"{window.least_context} steps and more are taken: what is missing before them counts as not measured.",
        f"Trained for {window.horizon} steps ahead. Longer forecasts, up to {LONGEST_HORIZON} times that, read their own "
        "output as if it had been measured, and their intervals are an extrapolation.",
        "The intervals come from the forecasts of the eval split: they hold as far as the future is like it.",
    ]
    if features.past_covariates:
        limits.append("Beyond the trained horizon a past covariate keeps its last value.")
    if features.holidays:
        limits.append(
            f"Holidays ({', '.join(features.holidays)}) are known up to {show_day(holidays_until)}; what reaches beyond "
            "is refused. They are those of the library `holidays` in the version that the card names: a holiday that "
            "was announced later is not among them."
        )
    return limits
