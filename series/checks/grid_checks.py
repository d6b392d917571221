"""What is wrong with the times of series: their order, duplicates and frequency.

>>> times = np.array([0, 3600, 3600, 7200])
>>> [finding.message for finding in check_times(times, rows=np.arange(4), grid=TimeGrid("h"))]
['1 row with the time of an earlier row: row 2 (1970-01-01T01:00:00Z).']
"""

import bisect
import dataclasses
import itertools
import types
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tapeline.schemas.features import ROW_NUMBER
from tapeline.schemas.stack import modern
from tapeline.series.arrays import Bools, Floats, Ints
from tapeline.series.checks.findings import MAX_OFFENDERS, Finding, SeriesFindings, listing, plural, time_text
from tapeline.series.checks.grid_suggestion import suggest_grid
from tapeline.series.checks.ordered_rows import Offenders, Ordered, order_rows
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.time_grid import TimeGrid

_NO_ZONES: Mapping[int, str] = types.MappingProxyType({})


@dataclasses.dataclass(frozen=True, eq=False)
class TimeFaults:
    """What is wrong with the times of each series.

    Attributes:
        repeated: Rows with the time of an earlier row: row number and time.
        disordered: Rows that stand below the next row in time: row number, time, and the next row's number.
        off_grid: Rows beside the grid: row number and time.
        steps: Steps between neighbouring times, int64 `[u]`.
        fitting: Those of them that are one step of the grid, int64 `[u]`.
    """

    repeated: Offenders
    disordered: Offenders
    off_grid: Offenders
    steps: Ints
    fitting: Ints

    @classmethod
    def of(cls, ordered: Ordered) -> "TimeFaults":
        """Looks for them."""
        steps = ordered.follows & ~ordered.repeats
        fitting = steps & ordered.on_grid & (np.diff(ordered.ordinal, prepend=0) == 1)
        fitting[1:] &= ordered.on_grid[:-1]
        below = np.append(ordered.follows[1:] & (np.diff(ordered.row) < 0), False)
        return cls(
            repeated=ordered.offenders(ordered.repeats),
            disordered=ordered.offenders(below, np.roll(ordered.row, -1)),
            off_grid=ordered.offenders(~ordered.on_grid),
            steps=ordered.sums(steps),
            fitting=ordered.sums(fitting),
        )

    @property
    def fit(self) -> Floats:
        """Share of the steps that are one step of the grid; 1 where there is none. Float `[u]`."""
        return np.where(self.steps > 0, self.fitting / np.maximum(self.steps, 1), 1.0)

    @property
    def wrong(self) -> Bools:
        """Whether the frequency is another one than that of the grid, bool `[u]`."""
        return self.fit <= 0.5


def at_rows(timestamps: Iterable[int], rows: Iterable[int]) -> list[str]:
    """Returns the first offenders as `row 7 (2001-12-29)`."""
    pairs = itertools.islice(zip(rows, timestamps, strict=True), MAX_OFFENDERS)
    return [f"row {row} ({time_text(seconds)})" for row, seconds in pairs]


def places(rows: Offenders, code: int) -> str:
    """Returns the first offending rows of one series in words."""
    numbers, times, *_ = zip(*rows.of_series(code), strict=True)
    return listing(at_rows(times, numbers), int(rows.count[code]))


def check_times(timestamps: Ints, *, rows: Ints, grid: TimeGrid) -> list[Finding]:
    """Checks the times of one series, held whole: duplicates and frequency.

    Args:
        timestamps: Epoch seconds `[N]`, in any order.
        rows: Row numbers `[N]`.
        grid: The configured grid.

    Returns:
        Findings that name no series.
    """
    if not len(timestamps):
        return []
    alone = SeriesRows(
        ids=np.array([b""], object),
        code=np.zeros(len(rows), np.int64),
        split=np.zeros(len(rows), np.int8),
        timestamp=timestamps,
        columns={ROW_NUMBER: rows, NUMBERS: np.zeros((len(rows), 0))},
    )
    ordered = order_rows(alone, grid)
    found, faults = SeriesFindings(ordered.ids), TimeFaults.of(ordered)
    find_duplicates(found, faults)
    find_wrong_steps(found, ordered, faults, grid)
    return [dataclasses.replace(each, series_id=None) for group in found.groups.values() for each in group.shown]


def find_duplicates(found: SeriesFindings, faults: TimeFaults, *, zones: Mapping[int, str] = _NO_ZONES) -> None:
    """Adds times that more than one row has; its first row is kept, every further one is an offender.

    Args:
        found: Where findings are added.
        faults: What is wrong with the times.
        zones: Series, by position, whose times follow the clocks of a zone that puts them back.
    """
    found.add(
        "duplicate_timestamps",
        faults.repeated.count,
        lambda code, count: f"{plural(count, 'row')} with the time of an earlier row: {places(faults.repeated, code)}.",
        fix=lambda code: (
            f"set data.timezone: {zones[code]}, where clocks repeat this hour; these are local times, not UTC."
            if code in zones
            else "remove the duplicates, or name the column that tells the series apart in data.series_id."
        ),
    )


def find_disorder(found: SeriesFindings, faults: TimeFaults, *, files: Sequence[tuple[int, str]] = ()) -> None:
    """Adds rows that stand below a row of a later time.

    Args:
        found: Where findings are added.
        faults: What is wrong with the times.
        files: The first row of each file of the source, and its name, ascending.
    """
    starts = [first for first, _ in files]

    def crossing(code: int) -> tuple[int, int, str, str] | None:
        """The first offender whose next row in time is in another file: both rows, and both files."""
        for row, _, later in faults.disordered.of_series(code) if len(files) > 1 else ():
            one, other = (bisect.bisect_right(starts, number) - 1 for number in (row, later))
            if one != other:
                return row, later, files[one][1], files[other][1]
        return None

    def message(code: int, count: int) -> str:
        told = f"{plural(count, 'row')} below the row that comes next in time: {places(faults.disordered, code)}."
        between = crossing(code)
        if between is None:
            return told
        row, later, file, other = between
        return f"{told} Row {row} is in {file!r}, and row {later}, which comes next in time, in {other!r} before it."

    found.add(
        "unordered_timestamps",
        faults.disordered.count,
        message,
        fix=lambda code: (
            "name the files so that their names are in the order of time, in which they are read, or sort the rows."
            if crossing(code)
            else "sort the source by time, and look why it was not: rows may come from a wrong file or clock."
        ),
    )


def find_wrong_steps(
    found: SeriesFindings, ordered: Ordered, faults: TimeFaults, grid: TimeGrid, *, least_steps: int = 0
) -> None:
    """Adds a wrong frequency (at most half of the steps fit it), else times beside a grid that most lie on.

    A series with fewer than `least_steps` steps has no times beside the grid.
    """
    offset = f" with data.offset '{duration_text(grid.offset_seconds)}'" if grid.offset_seconds else ""
    configured = f"data.frequency {grid.frequency!r}{offset}"

    def frequency_fix(code: int) -> str:
        times = ordered.times(code)
        suggestion = suggest_grid(times, grid)
        if suggestion is None:
            return "give the frequency that the data have, or resample them to a regular one first."
        better, fit = suggestion
        moved = f" and data.offset: {duration_text(better.offset_seconds)}" if better.offset_seconds else ""
        return f"set data.frequency: {modern(better.frequency)}{moved}, which fits {fit:.0%}."

    found.add(
        "wrong_frequency",
        np.where(faults.wrong, faults.steps + 1, 0),
        lambda code, _: (
            f"the median step between times is {duration_text(float(np.median(np.diff(ordered.times(code)))))}; "
            f"{configured} fits {faults.fit[code]:.0%} of the steps."
        ),
        fix=frequency_fix,
    )
    found.add(
        "off_grid",
        np.where(faults.wrong | (faults.steps < least_steps), 0, faults.off_grid.count),
        lambda code, count: (
            f"{plural(count, 'row')} between the times of {configured}: {places(faults.off_grid, code)}."
        ),
        fix="correct or remove these rows, or move them to the nearest regular time.",
    )


def duration_text(seconds: float) -> str:
    """Returns a duration as pandas reads it: `7D`, `1h`, `30min`, `45s`, `1D 6h`."""
    whole = round(seconds)
    parts = []
    for size, unit in ((86_400, "D"), (3_600, "h"), (60, "min"), (1, "s")):
        number, whole = divmod(whole, size)
        if number:
            parts.append(f"{number}{unit}")
    return " ".join(parts) or "0s"
