"""What is wrong with the times of series: their order, duplicates and frequency.

    times = np.array([0, 3600, 3600, 7200])                      # epoch seconds
    check_times(times, rows=np.arange(4), grid=TimeGrid("H"))    # one finding: row 2 repeats the time of row 1

Findings carry no series id; the caller puts it in.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from tapeline.schemas.features import ROW_NUMBER
from tapeline.schemas.stack import modern
from tapeline.series.checks.findings import MAX_OFFENDERS, Finding, listing, plural, time_text
from tapeline.series.checks.grid_suggestion import suggest_grid
from tapeline.series.checks.offenders import Offenders
from tapeline.series.checks.ordered_rows import Ordered, order_rows
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.time_grid import TimeGrid


@dataclasses.dataclass(frozen=True, eq=False)
class TimeFaults:
    """What is wrong with the times of each series.

    Attributes:
        repeated: Rows with the time of an earlier row: row number and time.
        disordered: Rows that stand below the next row in time: row number and time.
        off_grid: Rows beside the grid: row number and time.
        steps: Steps between neighbouring times, int64 `[u]`.
        fitting: Those of them that are one step of the grid, int64 `[u]`.
    """

    repeated: Offenders
    disordered: Offenders
    off_grid: Offenders
    steps: np.ndarray
    fitting: np.ndarray

    @classmethod
    def of(cls, ordered: Ordered) -> "TimeFaults":
        """Looks for them."""
        steps = ordered.follows & ~ordered.repeats
        fitting = steps & ordered.on_grid & (np.diff(ordered.ordinal, prepend=0) == 1)
        fitting[1:] &= ordered.on_grid[:-1]
        below = np.append(ordered.follows[1:] & (np.diff(ordered.row) < 0), False)
        return cls(
            repeated=ordered.offenders(ordered.repeats),
            disordered=ordered.offenders(below),
            off_grid=ordered.offenders(~ordered.on_grid),
            steps=ordered.sums(steps),
            fitting=ordered.sums(fitting),
        )

    @property
    def fit(self) -> np.ndarray:
        """Share of the steps that are one step of the grid; 1 where there is none. Float `[u]`."""
        return np.where(self.steps > 0, self.fitting / np.maximum(self.steps, 1), 1.0)

    @property
    def wrong(self) -> np.ndarray:
        """Whether the frequency is another one than that of the grid, bool `[u]`."""
        return self.fit <= 0.5


def at_rows(timestamps: Iterable[int], rows: Iterable[int]) -> list[str]:
    """The first offenders as `row 7 (2001-12-29)`."""
    pairs = itertools.islice(zip(rows, timestamps, strict=True), MAX_OFFENDERS)
    return [f"row {row} ({time_text(seconds)})" for row, seconds in pairs]


def places(rows: Offenders, code: int) -> str:
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
    alone = SeriesRows(
        ids=np.zeros(1, object),
        code=np.zeros(len(rows), np.int64),
        split=np.zeros(len(rows), np.int8),
        timestamp=timestamps,
        columns={ROW_NUMBER: rows, NUMBERS: np.zeros((len(rows), 0), np.float32)},
    )
    ordered = order_rows(alone, grid)
    faults = TimeFaults.of(ordered)
    if faults.repeated.count[0]:
        yield duplicates(faults, 0)
    if faults.wrong[0]:
        yield wrong_frequency(faults, ordered, grid, 0)
    elif faults.off_grid.count[0]:
        yield off_grid(faults, grid, 0)


def duplicates(faults: TimeFaults, code: int) -> Finding:
    """Times of one series that more than one row has; its first row is kept, every further one is an offender."""
    count = int(faults.repeated.count[code])
    return Finding(
        kind="duplicate_timestamps",
        message=f"{plural(count, 'row')} with the time of an earlier row: {places(faults.repeated, code)}.",
        fix="remove the duplicates, or name the column that tells the series apart in data.series_id.",
        count=count,
    )


def disorder(faults: TimeFaults, code: int) -> Finding:
    """Rows of one series that stand below a row of a later time."""
    count = int(faults.disordered.count[code])
    return Finding(
        kind="unordered_timestamps",
        message=f"{plural(count, 'row')} below the row that comes next in time: {places(faults.disordered, code)}.",
        fix="sort the source by time, and look why it was not: rows may come from a wrong file or clock.",
        count=count,
    )


def wrong_frequency(faults: TimeFaults, ordered: Ordered, grid: TimeGrid, code: int) -> Finding:
    """At most half of the neighbouring times of one series are one step apart and on the grid."""
    times = ordered.times(code)
    suggestion = suggest_grid(times, grid)
    return Finding(
        kind="wrong_frequency",
        message=(
            f"the median step between times is {duration_text(float(np.median(np.diff(times))))}; "
            f"{_configured(grid)} fits {faults.fit[code]:.0%} of the steps."
        ),
        fix=(
            f"set {_grid_settings(suggestion[0])}, which fits {suggestion[1]:.0%}."
            if suggestion
            else "give the frequency that the data have, or resample them to a regular one first."
        ),
        count=int(faults.steps[code]) + 1,
    )


def off_grid(faults: TimeFaults, grid: TimeGrid, code: int) -> Finding:
    """Times of one series beside a grid that most of them lie on."""
    count = int(faults.off_grid.count[code])
    return Finding(
        kind="off_grid",
        message=f"{plural(count, 'row')} between the times of {_configured(grid)}: {places(faults.off_grid, code)}.",
        fix="correct or remove these rows, or move them to the nearest regular time.",
        count=count,
    )


def _configured(grid: TimeGrid) -> str:
    offset = f" with data.offset '{duration_text(grid.offset_seconds)}'" if grid.offset_seconds else ""
    return f"data.frequency {grid.frequency!r}{offset}"


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
