"""Which regular grid the times of a series lie on, where the configured one does not fit.

>>> suggest_grid(np.arange(100) * 3600, TimeGrid("D"))[0].fixed_step_seconds
3600
"""

from collections import Counter

import numpy as np
import pandas as pd

from tapeline.series.arrays import Array, Ints
from tapeline.series.time_grid import TimeGrid

_PROBES = 50
_ALL_TIMES = 5_000
"""A series with no more times is looked at whole."""
_STRETCH = 12
"""Neighbouring times that a frequency is inferred from."""
_STRETCHES = 50
"""How many such stretches of a longer series are looked at."""


def neighbouring_times(times: Ints) -> tuple[Array, ...]:
    """Returns runs of neighbouring times: one that holds all, or short ones of a long series.

    Args:
        times: Unique epoch seconds, ascending.
    """
    if len(times) <= _ALL_TIMES:
        return (times,)
    # Fibonacci hashing draws places that have no period in common with the data.
    mixed = times.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    starts = np.sort(np.argsort(mixed ^ (mixed >> np.uint64(29)), kind="stable")[:_STRETCHES])
    return tuple(times[start : start + _STRETCH] for start in starts)


def _fit(stretches: tuple[Array, ...], grid: TimeGrid) -> float:
    """Share of neighbouring times, both on the grid, that are one step apart."""
    fitting = steps = 0
    for times in stretches:
        on_grid = grid.on_grid(times)
        neighbours = np.diff(grid.ordinals(times)) == 1
        fitting += int((neighbours & on_grid[1:] & on_grid[:-1]).sum())
        steps += len(neighbours)
    return fitting / max(steps, 1)


def suggest_grid(times: Ints, grid: TimeGrid) -> tuple[TimeGrid, float] | None:
    """Returns a grid that most of the times lie on, and the share of neighbours that fit it; or None.

    Tries the configured frequency with another offset, then the frequency that
    pandas infers from a few neighbouring times at many places.

    Args:
        times: Unique epoch seconds, ascending.
        grid: The configured grid; the suggestion keeps its zone.
    """
    stretches = neighbouring_times(times)
    candidates = [grid.frequency]
    inferred: Counter[str] = Counter()
    for stretch in stretches:
        index = pd.DatetimeIndex(stretch * 1_000_000_000, tz="UTC").tz_convert(grid.timezone)
        probes = max(1, _PROBES // len(stretches))
        starts = np.unique(np.linspace(0, max(0, len(index) - _STRETCH), probes).astype(int))
        for start in starts:
            near = index[start : start + _STRETCH]
            name = pd.infer_freq(near) if len(near) >= 3 else None
            if name is not None:
                inferred[name] += 1
    candidates += [name for name, _ in inferred.most_common(3)]
    every = np.concatenate(stretches)
    for frequency in candidates:
        try:
            base = TimeGrid(frequency, grid.timezone)
        except ValueError:
            continue
        residuals = Counter((every - base.timestamps(base.ordinals(every))).tolist())
        offset = residuals.most_common(1)[0][0]
        candidate = TimeGrid(frequency, grid.timezone, offset)
        fit = _fit(stretches, candidate)
        if fit > 0.5:
            return candidate, fit
    return None
