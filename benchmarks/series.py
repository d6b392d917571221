"""The benchmark series as chunks, without Beam: the same split, scale, calendar and windows as the pipeline's.

config = load_config("configs/etth1.yaml").override({"data.source": "ETTh1.csv"})
splits = load_splits(config)
splits["test"]        # chunks of the test split, their contexts reaching back before it
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tapeline.components.ingest.splits import find_bounds
from tapeline.schemas.config import Config
from tapeline.schemas.features import SPLITS
from tapeline.series.sources.source import load_built_in
from tapeline.series.time_features import TimeFeatures
from tapeline.series.time_grid import TimeGrid
from tapeline.series.windowing import Chunk


def load_splits(config: Config) -> dict[str, list[Chunk]]:
    """Reads a source of one or several target columns and cuts it by time.

    Args:
        config: Says where the data are and how they are split and scaled.

    Returns:
        For each split a chunk a series.
    """
    frame = _on_grid(_read(config), config)
    seconds = frame.index.to_numpy()
    bounds = find_bounds(
        first=int(seconds[0]), last=int(seconds[-1]), split=config.split, grid=TimeGrid.of(config.data)
    )
    in_train = bounds.assign(seconds) == 0

    targets = frame[list(config.data.target)].to_numpy(np.float64)
    axis = 0 if config.scaling.per_series else None
    targets = _scale(targets, targets[in_train], config.scaling.method, axis=axis)
    past, future = (
        _scale(columns, columns[in_train], config.scaling.method, axis=0)
        for columns in (
            frame[list(names)].to_numpy(np.float64)
            for names in (config.features.past_covariates, config.features.future_covariates)
        )
    )
    of_time = TimeFeatures(config.data, config.features)(seconds)
    future = np.concatenate([future, of_time], axis=1).astype(np.float32)

    context_length, horizon = config.window.context_length, config.window.horizon
    splits: dict[str, list[Chunk]] = {}
    for split in SPLITS:
        first, end = np.searchsorted(seconds, bounds.ranges()[split])
        start = max(first - context_length, 0)
        stride = config.window.stride if split == "train" else config.window.eval_stride
        starts = np.arange(max(first - start, context_length), end - start - horizon + 1, stride)
        splits[split] = [
            Chunk(
                series_id=name.encode(),
                timestamp=seconds[start:end],
                target=targets[start:end, column].astype(np.float32),
                past_covariates=past[start:end].astype(np.float32),
                future_covariates=future[start:end],
                static_covariates=np.zeros(0, np.float32),
                forecast_offsets=_usable(targets[start:end, column], starts, config),
            )
            for column, name in enumerate(config.data.target)
        ]
    return splits


def _read(config: Config) -> pd.DataFrame:
    source = str(config.data.source)
    if source.startswith("statsmodels:"):
        return load_built_in(source.removeprefix("statsmodels:"))
    return pd.read_csv(source)


def _on_grid(frame: pd.DataFrame, config: Config) -> pd.DataFrame:
    """The columns as numbers, a row for every step of the grid; NaN where there is none."""
    grid = TimeGrid.of(config.data)
    times = pd.DatetimeIndex(pd.to_datetime(frame[config.data.time]))
    times = times.tz_localize(config.data.timezone) if times.tz is None else times
    ordinals = grid.ordinals(times.asi8 // 1_000_000_000)
    columns = [*config.data.target, *config.features.columns]
    steps = np.arange(ordinals.min(), ordinals.max() + 1)
    numbers = frame[columns].astype(np.float64).set_axis(ordinals, axis=0).reindex(steps)
    return numbers.set_axis(grid.timestamps(steps), axis=0)


def _scale(values: npt.NDArray[Any], train: npt.NDArray[Any], method: str, *, axis: int | None) -> npt.NDArray[Any]:
    if not values.size:
        return values
    if method == "standard":
        offset, scale = np.nanmean(train, axis=axis), np.nanstd(train, axis=axis)
    else:
        offset = np.nanmin(train, axis=axis)
        scale = np.nanmax(train, axis=axis) - offset
    return (values - offset) / scale


def _usable(target: npt.NDArray[Any], starts: npt.NDArray[Any], config: Config) -> npt.NDArray[Any]:
    """Forecast starts whose context is observed well enough and whose forecast has something to compare with."""
    observed = np.concatenate([[0], np.cumsum(~np.isnan(target))])
    context = observed[starts] - observed[starts - config.window.context_length]
    ahead = observed[starts + config.window.horizon] - observed[starts]
    return starts[(context >= config.window.min_observed * config.window.context_length) & (ahead > 0)]
