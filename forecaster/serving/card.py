"""The parts of a served model's card, which lies in its `assets.extra` as `model_card.json`.

A client finds under `inputs` all that it must know to turn a table into a
request, under `limits` what the model does not do, and under `intervals` what
its prediction intervals rest on.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tapeline.forecaster.serving.raw_windows import LONGEST_HORIZON
from tapeline.schemas.sections import DataConfig, FeaturesConfig, WindowConfig
from tapeline.series.conformal import PERCENTS
from tapeline.series.scaling import Scaler
from tapeline.series.windowing import Chunk


def describe_inputs(
    *,
    data: DataConfig,
    features: FeaturesConfig,
    window: WindowConfig,
    scaler: Scaler,
    series: Sequence[bytes] = (),
) -> dict[str, Any]:
    """Returns what a client must know.

    Args:
        data: Columns, frequency, zone and unit.
        features: Covariates.
        window: Context and horizon.
        scaler: The fitted scales.
        series: The series that the model has weights of their own for.

    Returns:
        A tree for JSON, with the keys of `docs/data-formats.md`.
    """
    known = scaler.ids if scaler.scope != "all" else series
    others = {"all": "global" if series else None, "unseen": "global", "none": "refuse"}
    covariates = {"past_covariates", "future_covariates", "static_covariates"}
    columns = {"frequency", "offset", "timezone", "unit", "time", "target", "series_id"}
    return {
        **window.model_dump(include={"context_length", "horizon"}),
        "longest_horizon": LONGEST_HORIZON * window.horizon,
        **data.model_dump(mode="json", include=columns),
        **features.model_dump(mode="json", include=covariates),
        "series": [name.decode("utf-8", errors="replace") for name in known] if others[scaler.scope] else None,
        "unknown_series": others[scaler.scope],
    }


def describe_data(chunks: Iterable[Chunk]) -> dict[str, Any]:
    """Returns what a model was trained on: how many series, from when to when.

    Args:
        chunks: Those of the train split.
    """
    series, ends = set(), []
    for chunk in chunks:
        series.add(chunk.series_id)
        ends += [int(chunk.timestamp[0]), int(chunk.timestamp[-1])]
    first, last = (pd.Timestamp(seconds, unit="s", tz="UTC").isoformat() for seconds in (min(ends), max(ends)))
    return {"series": len(series), "first_time": first, "last_time": last}


def describe_intervals(half_widths: npt.NDArray[np.floating[Any]]) -> dict[str, Any]:
    """Returns how far the prediction intervals reach, scaled, by level in percent; null stands for infinite.

    Args:
        half_widths: `[2, H]`, from `tapeline.series.conformal`.
    """
    return {
        str(percent): [float(width) if np.isfinite(width) else None for width in row]
        for percent, row in zip(PERCENTS, half_widths, strict=True)
    }


def describe_limits(*, features: FeaturesConfig, window: WindowConfig) -> list[str]:
    """Returns what the model does not do, in sentences."""
    limits = [
        f"A request needs the newest {window.context_length} steps of a series, on the grid of its frequency, none "
        "left out; a value that is missing is NaN, and at least one must be there.",
        f"Trained for {window.horizon} steps ahead. Longer forecasts, up to {LONGEST_HORIZON} times that, read their own "
        "output as if it had been measured, and their intervals are an extrapolation.",
        "The intervals come from the forecasts of the eval split: they hold as far as the future is like it.",
    ]
    if features.past_covariates:
        limits.append("Beyond the trained horizon a past covariate keeps its last value.")
    return limits
