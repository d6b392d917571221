"""A training as a run makes it, on one short series without columns: what a newcomer's settings come to.

forecasts = trained_forecasts(values, season=12, horizon=12, starts=origins)      # [N, H], in units

Train and eval are cut so that the test part begins with the first origin; eval is as long as the test part, and at most
a third of what is known. Everything else is chosen as `tapeline run` chooses it.
"""

import pathlib
import tempfile

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.accuracy import scored_windows, train_seeds
from benchmarks.series import load_splits
from tapeline.pipeline.settling import settle
from tapeline.schemas.config import parse_config
from tapeline.schemas.features import SINGLE_SERIES
from tapeline.series.scaling import Scaler, scale_lines

FREQUENCIES = {1: "YS", 4: "QS", 7: "D", 12: "MS"}
"""What a user would call the frequency, by the season that one would expect."""

MOST_YEARS = 150
"""Longer series without a season are taken for days."""


def trained_forecasts(
    values: npt.NDArray[np.float64], *, season: int, horizon: int, starts: npt.NDArray[np.int64], seed: int = 1
) -> npt.NDArray[np.float64]:
    """Trains candidates, selects, and forecasts from each start.

    Args:
        values: The whole series, `[L]`.
        season: What a user would expect, 1 where nothing repeats.
        horizon: Steps to forecast, `H`.
        starts: Where the forecasts of the test part start, ascending.
        seed: Of the training.

    Returns:
        `[N, H]`, in units.
    """
    count, first = len(values), int(starts[0])
    evaluated = min(max(count - first, horizon + 2), first // 3)
    frequency = "D" if season == 1 and count > MOST_YEARS else FREQUENCIES[season]
    times = pd.date_range("1850-01-01", periods=count, freq=frequency)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "series.csv")
        pd.DataFrame({"time": times, "value": values}).to_csv(path, index=False)
        config = settle(
            parse_config(
                {
                    "name": "short",
                    "data": {"source": str(path), "time": "time", "target": "value", "frequency": frequency},
                    "split": {
                        "eval_start": str(times[first - evaluated].date()),
                        "test_start": str(times[first].date()),
                    },
                    "window": {"horizon": horizon},
                    "scaling": {"transform": "auto"},
                },
                origin="benchmark",
            )
        ).config
        splits = load_splits(config)
    train = values[: first - evaluated]
    low, span = float(train.min()), float(np.ptp(train))
    alone = np.array([low]), np.array([span])
    scales = scale_lines([SINGLE_SERIES.encode()], *alone, overall=(low, span), scope="all")
    ((run, _),) = train_seeds(config, splits, [seed], scaler=Scaler.parse(scales))
    windows = scored_windows(config, splits["test"], run.series)
    forecasts = np.concatenate([run.model(window).numpy() for window, _ in windows])
    (chunk,) = splits["test"]
    begin = np.searchsorted(times.asi8 // 1_000_000_000, chunk.timestamp[chunk.forecast_offsets])
    chosen: npt.NDArray[np.float64] = forecasts[np.searchsorted(begin, starts)].astype(np.float64) * span + low
    return chosen
