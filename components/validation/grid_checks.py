"""Checks of the times of one series: their order, duplicates and frequency.

    times = np.array([0, 3600, 3600, 7200])          # epoch seconds, in source order
    check_duplicates(times, rows=np.arange(4))       # one finding: rows 1 and 2

Pure NumPy and pandas. Each check returns findings without series id; the
caller puts it in.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd

from components.validation.findings import MAX_OFFENDERS, Finding, listing, plural, time_text
from schemas.time_grid import TimeGrid

_SUGGESTION_PROBES = 50
_SUGGESTION_LENGTH = 12


def at_rows(timestamps: np.ndarray, rows: np.ndarray) -> list[str]:
    """The first offenders as `row 7 (2001-12-29)`."""
    pairs = zip(rows[:MAX_OFFENDERS], timestamps[:MAX_OFFENDERS], strict=True)
    return [f"row {row} ({time_text(seconds)})" for row, seconds in pairs]


def check_duplicates(timestamps: np.ndarray, *, rows: np.ndarray) -> Iterator[Finding]:
    """Finds times that more than one row has.

    Args:
        timestamps: Epoch seconds `[N]`, in any order.
        rows: Row numbers `[N]`.
    """
    order = np.lexsort((rows, timestamps))
    times = timestamps[order]
    # The first row of a time is kept; every further one is an offender.
    repeats = order[1:][times[1:] == times[:-1]]
    if len(repeats):
        repeats = repeats[np.argsort(rows[repeats])]
        yield Finding(
            kind="duplicate_timestamps",
            message=(
                f"{plural(len(repeats), 'row')} with the time of an earlier row: "
                f"{listing(at_rows(timestamps[repeats], rows[repeats]), len(repeats))}."
            ),
            fix="remove the duplicates, or name the column that tells the series apart in data.series_id.",
            count=len(repeats),
        )


def check_order(timestamps: np.ndarray, *, rows: np.ndarray) -> Iterator[Finding]:
    """Finds rows whose time is earlier than that of the row before.

    Args:
        timestamps: Epoch seconds `[N]`, in source order.
        rows: Row numbers `[N]`, ascending.
    """
    late = np.flatnonzero(timestamps[1:] < timestamps[:-1]) + 1
    if len(late):
        yield Finding(
            kind="unordered_timestamps",
            message=(
                f"{plural(len(late), 'row')} earlier in time than the row above: "
                f"{listing(at_rows(timestamps[late], rows[late]), len(late))}."
            ),
            fix="sort the source by time, and look why it was not: rows may come from a wrong file or clock.",
            count=len(late),
        )


def check_frequency(timestamps: np.ndarray, *, rows: np.ndarray, grid: TimeGrid) -> Iterator[Finding]:
    """Compares the times with the configured grid.

    One `wrong_frequency` finding where at most half of the neighbouring times
    are one step apart or at most half lie on the grid; else one `off_grid`
    finding for the times beside it.

    Args:
        timestamps: Epoch seconds `[N]`, in any order.
        rows: Row numbers `[N]`.
        grid: The configured grid.
    """
    times = np.unique(timestamps)
    if len(times) < 2:
        return
    fitting = _fit(times, grid)
    configured = f"data.frequency {grid.frequency!r}" + (
        f" with data.offset '{duration_text(grid.offset_seconds)}'" if grid.offset_seconds else ""
    )
    if fitting <= 0.5:
        median = duration_text(float(np.median(np.diff(times))))
        suggestion = suggest_grid(times, grid)
        yield Finding(
            kind="wrong_frequency",
            message=f"the median step between times is {median}; {configured} fits {fitting:.0%} of the steps.",
            fix=(
                f"set {_grid_settings(suggestion)}, which fits {_fit(times, suggestion):.0%}."
                if suggestion
                else "give the frequency that the data have, or resample them to a regular one first."
            ),
            count=len(times),
        )
        return
    beside = np.flatnonzero(~grid.on_grid(timestamps))
    if len(beside):
        beside = beside[np.argsort(rows[beside])]
        yield Finding(
            kind="off_grid",
            message=(
                f"{plural(len(beside), 'row')} between the times of {configured}: "
                f"{listing(at_rows(timestamps[beside], rows[beside]), len(beside))}."
            ),
            fix="correct or remove these rows, or move them to the nearest regular time.",
            count=len(beside),
        )


def _fit(times: np.ndarray, grid: TimeGrid) -> float:
    """Share of neighbouring times, both on the grid, that are one step apart."""
    on_grid = grid.on_grid(times)
    neighbours = np.diff(grid.ordinals(times)) == 1
    return float(np.mean(neighbours & on_grid[1:] & on_grid[:-1]))


def suggest_grid(times: np.ndarray, grid: TimeGrid) -> TimeGrid | None:
    """Returns a grid that most of the times lie on, or None.

    Tries the configured frequency with another offset, then the frequency that
    pandas infers from stretches of neighbouring times.

    Args:
        times: Unique epoch seconds `[N]`, ascending.
        grid: The configured grid; the suggestion keeps its zone.
    """
    candidates = [grid.frequency]
    index = pd.DatetimeIndex(times * 1_000_000_000, tz="UTC").tz_convert(grid.timezone)
    starts = np.unique(np.linspace(0, max(0, len(index) - _SUGGESTION_LENGTH), _SUGGESTION_PROBES).astype(int))
    inferred: Counter[str] = Counter()
    for start in starts:
        stretch = index[start : start + _SUGGESTION_LENGTH]
        name = pd.infer_freq(stretch) if len(stretch) >= 3 else None
        if name is not None:
            inferred[name] += 1
    candidates += [name for name, _ in inferred.most_common(3)]
    for frequency in candidates:
        try:
            base = TimeGrid(frequency, grid.timezone)
        except ValueError:
            continue
        residuals = Counter((times - base.timestamps(base.ordinals(times))).tolist())
        offset = residuals.most_common(1)[0][0]
        candidate = TimeGrid(frequency, grid.timezone, offset)
        if _fit(times, candidate) > 0.5:
            return candidate
    return None


def _grid_settings(grid: TimeGrid) -> str:
    settings = f"data.frequency: {grid.frequency}"
    return settings + (f" and data.offset: {duration_text(grid.offset_seconds)}" if grid.offset_seconds else "")


def duration_text(seconds: float) -> str:
    """A duration as pandas reads it: `7D`, `1h`, `30min`, `45s`, `1D 6h`."""
    whole = round(seconds)
    parts = []
    for size, unit in ((86_400, "D"), (3_600, "h"), (60, "min"), (1, "s")):
        number, whole = divmod(whole, size)
        if number:
            parts.append(f"{number}{unit}")
    return " ".join(parts) or "0s"
