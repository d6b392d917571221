"""What is said about the times of one series: their order, duplicates and frequency.

    times = np.array([0, 3600, 3600, 7200])                      # epoch seconds
    check_times(times, rows=np.arange(4), grid=TimeGrid("H"))    # one finding: row 2 repeats the time of row 1

Findings carry no series id; the caller puts it in.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from tapeline.components.data_gate.few import Few
from tapeline.components.data_gate.findings import MAX_OFFENDERS, Finding, listing, plural, time_text
from tapeline.components.data_gate.rows import Rows, order_rows
from tapeline.components.data_gate.time_facts import TimeFacts
from tapeline.components.data_gate.time_samples import STRETCH, TimeSample
from tapeline.schemas.stack import modern
from tapeline.series.time_grid import TimeGrid

_SUGGESTION_PROBES = 50


def at_rows(timestamps: Iterable[int], rows: Iterable[int]) -> list[str]:
    """The first offenders as `row 7 (2001-12-29)`."""
    pairs = itertools.islice(zip(rows, timestamps, strict=True), MAX_OFFENDERS)
    return [f"row {row} ({time_text(seconds)})" for row, seconds in pairs]


def places(rows: Few, code: int) -> str:
    """The first offending rows of one series in words."""
    numbers, times = zip(*rows.of_series(code), strict=True)
    return listing(at_rows(times, numbers), int(rows.count[code]))


def check_times(timestamps: np.ndarray, *, rows: np.ndarray, grid: TimeGrid) -> Iterator[Finding]:
    """Checks the times of one series, held whole: duplicates and frequency.

    Args:
        timestamps: Epoch seconds `[N]`, in any order.
        rows: Row numbers `[N]`.
        grid: The configured grid.
    """
    if not len(timestamps):
        return
    none = np.zeros((len(rows), 0), np.float32)
    alone = Rows(np.zeros(1, object), np.zeros(len(rows), np.int64), timestamps, rows, none)
    facts = TimeFacts.of(order_rows(alone, grid))
    if facts.repeated.count[0]:
        yield duplicates(facts, 0)
    if facts.wrong[0]:
        yield wrong_frequency(facts, {0: TimeSample.of(np.unique(timestamps))}, grid, 0)
    elif facts.off_grid.count[0]:
        yield off_grid(facts, grid, 0)


def duplicates(facts: TimeFacts, code: int) -> Finding:
    """Times of one series that more than one row has; its first row is kept, every further one is an offender."""
    count = int(facts.repeated.count[code])
    return Finding(
        kind="duplicate_timestamps",
        message=f"{plural(count, 'row')} with the time of an earlier row: {places(facts.repeated, code)}.",
        fix="remove the duplicates, or name the column that tells the series apart in data.series_id.",
        count=count,
    )


def disorder(facts: TimeFacts, code: int) -> Finding:
    """Rows of one series that stand below a row of a later time."""
    count = int(facts.disordered.count[code])
    return Finding(
        kind="unordered_timestamps",
        message=f"{plural(count, 'row')} below the row that comes next in time: {places(facts.disordered, code)}.",
        fix="sort the source by time, and look why it was not: rows may come from a wrong file or clock.",
        count=count,
    )


def wrong_frequency(facts: TimeFacts, samples: Mapping[int, TimeSample], grid: TimeGrid, code: int) -> Finding:
    """At most half of the neighbouring times of one series are one step apart and on the grid."""
    sample = samples[code]
    suggestion = suggest_grid(sample.stretches, grid)
    return Finding(
        kind="wrong_frequency",
        message=(
            f"the median step between times is {duration_text(sample.median_step())}; "
            f"{_configured(grid)} fits {facts.fit[code]:.0%} of the steps."
        ),
        fix=(
            f"set {_grid_settings(suggestion)}, which fits {_fit(sample.stretches, suggestion):.0%}."
            if suggestion
            else "give the frequency that the data have, or resample them to a regular one first."
        ),
        count=int(facts.steps[code]) + 1,
    )


def off_grid(facts: TimeFacts, grid: TimeGrid, code: int) -> Finding:
    """Times of one series beside a grid that most of them lie on."""
    count = int(facts.off_grid.count[code])
    return Finding(
        kind="off_grid",
        message=f"{plural(count, 'row')} between the times of {_configured(grid)}: {places(facts.off_grid, code)}.",
        fix="correct or remove these rows, or move them to the nearest regular time.",
        count=count,
    )


def _configured(grid: TimeGrid) -> str:
    offset = f" with data.offset '{duration_text(grid.offset_seconds)}'" if grid.offset_seconds else ""
    return f"data.frequency {grid.frequency!r}{offset}"


def _fit(stretches: Sequence[np.ndarray], grid: TimeGrid) -> float:
    """Share of neighbouring times, both on the grid, that are one step apart."""
    fitting = steps = 0
    for times in stretches:
        on_grid = grid.on_grid(times)
        neighbours = np.diff(grid.ordinals(times)) == 1
        fitting += int((neighbours & on_grid[1:] & on_grid[:-1]).sum())
        steps += len(neighbours)
    return fitting / max(steps, 1)


def suggest_grid(stretches: Sequence[np.ndarray], grid: TimeGrid) -> TimeGrid | None:
    """Returns a grid that most of the times lie on, or None.

    Tries the configured frequency with another offset, then the frequency that
    pandas infers from a few neighbouring times at many places.

    Args:
        stretches: Runs of neighbouring times, unique epoch seconds, ascending: all in one, or many short ones.
        grid: The configured grid; the suggestion keeps its zone.
    """
    candidates = [grid.frequency]
    inferred: Counter[str] = Counter()
    for times in stretches:
        index = pd.DatetimeIndex(times * 1_000_000_000, tz="UTC").tz_convert(grid.timezone)
        probes = max(1, _SUGGESTION_PROBES // len(stretches))
        starts = np.unique(np.linspace(0, max(0, len(index) - STRETCH), probes).astype(int))
        for start in starts:
            near = index[start : start + STRETCH]
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
        if _fit(stretches, candidate) > 0.5:
            return candidate
    return None


def _grid_settings(grid: TimeGrid) -> str:
    settings = f"data.frequency: {modern(grid.frequency)}"
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
