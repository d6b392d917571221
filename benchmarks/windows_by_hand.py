"""The same windows without Tapeline: pandas and NumPy on one core, as a script in a notebook would make them.

    python -m benchmarks.windows_by_hand load.parquet windows/ --context 104 --horizon 24

Reads everything into memory, cuts time into train, eval and test, scales every
series by its train extremes, puts it on the hourly grid, and writes train
series as arrays and eval and test windows with their gaps filled. It checks
nothing that the pipeline checks. The last line it prints is JSON.
"""

import argparse
import json
import pathlib
import time
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

HOUR = 3600
LEAST_MEASURED = 0.5


def hourly(frame: pd.DataFrame, *, eval_start: int, temperature: tuple[float, float]) -> npt.NDArray[Any]:
    """Returns a series on its grid, float32 `[L, 8]`: time, target, temperature, holiday, calendar; and its scale."""
    second = frame["ds"].to_numpy().astype("datetime64[s]").astype(np.int64)
    step = (second - second[0]) // HOUR
    grid = np.full((step[-1] + 1, 8), np.nan)
    grid[:, 0] = second[0] + np.arange(len(grid)) * HOUR
    train = frame["y"].to_numpy()[second < eval_start]
    low, high = np.nanmin(train), np.nanmax(train)
    grid[step, 1] = (frame["y"] - low) / (high - low)
    grid[step, 2] = (frame["temperature"] - temperature[0]) / (temperature[1] - temperature[0])
    grid[step, 3] = frame["holiday"]
    hour, day = grid[:, 0] // HOUR % 24, (grid[:, 0] // (24 * HOUR) + 3) % 7
    for at, turn in ((4, hour / 24), (6, day / 7)):
        grid[:, at], grid[:, at + 1] = np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn)
    return grid


def windows(grid: npt.NDArray[Any], *, start: int, end: int, context: int, horizon: int) -> dict[str, npt.NDArray[Any]]:
    """Returns the windows of a series whose forecasts lie from `start` to before `end`."""
    length = context + horizon
    if len(grid) < length:
        return {}
    cut = sliding_window_view(grid, length, axis=0).transpose(0, 2, 1)
    begins, ends = cut[:, context, 0], cut[:, -1, 0]
    measured = ~np.isnan(cut[:, :, 1])
    enough = (measured[:, :context].mean(axis=1) >= LEAST_MEASURED) & measured[:, context:].any(axis=1)
    cut = cut[(begins >= start) & (ends < end) & enough].astype(np.float32)
    observed = ~np.isnan(cut[:, :context, 1])
    values = pd.DataFrame(cut[:, :context, 1].T)
    return {
        "context": values.interpolate(limit_direction="both").to_numpy().T,
        "context_observed": observed.astype(np.float32),
        "future_covariates": pd.DataFrame(cut[:, :, 2:].transpose(1, 0, 2).reshape(length, -1))
        .ffill()
        .bfill()
        .to_numpy()
        .reshape(length, len(cut), 6)
        .transpose(1, 0, 2),
        "target": cut[:, context:, 1],
    }


def make(path: pathlib.Path, folder: pathlib.Path, *, context: int, horizon: int) -> dict[str, float]:
    """Does it all, and says how much and how fast."""
    began = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    frame = pd.read_parquet(path).sort_values(["unique_id", "ds"], kind="stable")
    second = frame["ds"].to_numpy().astype("datetime64[s]").astype(np.int64)
    first, last = second.min(), second.max()
    steps = (last - first) // HOUR + 1
    cuts = [first + round(steps * share) * HOUR for share in (0.7, 0.85)]
    train = frame["temperature"].to_numpy()[second < cuts[0]]
    extremes = float(np.nanmin(train)), float(np.nanmax(train))
    counts = {"train": 0, "eval": 0, "test": 0}
    for at, (_, series) in enumerate(frame.groupby("unique_id", sort=False)):
        grid = hourly(series, eval_start=cuts[0], temperature=extremes)
        known = int((cuts[0] - grid[0, 0]) // HOUR)
        np.save(folder / f"train-{at}.npy", grid[:known].astype(np.float32))
        counts["train"] += max(0, known - context - horizon + 1)
        for split, start, end in (("eval", cuts[0], cuts[1]), ("test", cuts[1], last + HOUR)):
            found = windows(grid, start=start, end=end, context=context, horizon=horizon)
            if found:
                np.savez(folder / f"{split}-{at}.npz", **found)
                counts[split] += len(found["target"])
    return {**counts, "rows": len(frame), "seconds": time.perf_counter() - began}


def main() -> None:
    parser = argparse.ArgumentParser(description="Cuts windows with pandas and NumPy.")
    parser.add_argument("path", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--context", type=int, default=104)
    parser.add_argument("--horizon", type=int, default=24)
    arguments = parser.parse_args()
    print(json.dumps(make(arguments.path, arguments.folder, context=arguments.context, horizon=arguments.horizon)))


if __name__ == "__main__":
    main()
