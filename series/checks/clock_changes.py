"""Local times that are read as UTC: they skip an hour in spring and repeat one in autumn.

>>> hours = np.arange(24 * 365) * 3600 + 1672531200                                # 2023, as clocks in Berlin show it
>>> change = 1679796000                                                            # 2023-03-26 02:00
>>> ClockChanges.of(hours[hours != change], repeated=(), step_seconds=3600)
ClockChanges(zone='Europe/Berlin', forward=(1679799600,), back=())
"""

import dataclasses
import datetime
import functools
import zoneinfo
from collections.abc import Sequence

import numpy as np

from tapeline.series.arrays import Ints
from tapeline.series.checks.findings import SeriesFindings, listing
from tapeline.series.checks.ordered_rows import Ordered
from tapeline.series.time_grid import TimeGrid

_HOUR = 3600
_DAY = 86_400
# Zones that share their rule with many others, before those.
_KNOWN = (
    *("Europe/Berlin", "Europe/London", "Europe/Athens", "America/New_York", "Australia/Sydney"),
    *("Pacific/Auckland", "America/Santiago", "America/Sao_Paulo", "Asia/Tehran", "Asia/Jerusalem"),
)


@dataclasses.dataclass(frozen=True)
class ClockChanges:
    """Where the times of a series follow clocks that change.

    Attributes:
        zone: A zone whose clocks change so.
        forward: First times after the hours that are left out, epoch seconds.
        back: Times that come twice.
    """

    zone: str
    forward: tuple[int, ...]
    back: tuple[int, ...]

    @classmethod
    def of(cls, times: Ints, *, repeated: Sequence[int], step_seconds: int) -> "ClockChanges | None":
        """Returns the changes, or None where the times do not follow clocks.

        They do where every change of a zone's clocks in these years shows: an hour is left out wherever clocks go
        forward, and none or every hour comes twice where they go back.

        Args:
            times: Epoch seconds, each once, ascending; on the grid.
            repeated: Those that more than one row has.
            step_seconds: The grid's step, an hour at most.
        """
        after = np.flatnonzero(np.diff(times) == step_seconds + _HOUR)
        left_out = tuple((times[after] + step_seconds).tolist())
        if not left_out and not len(repeated):
            return None
        hours = (frozenset(second - second % _HOUR for second in seconds) for seconds in (left_out, repeated))
        zone = _zone_of(*hours, int(times[0]), int(times[-1]))
        if zone is None:
            return None
        forward = tuple(int(second) + _HOUR for second in left_out if _kind(second, zone) == "left out")
        back = tuple(int(second) for second in repeated if _kind(second, zone) == "twice")
        return cls(zone, forward, back)


@functools.lru_cache(maxsize=1024)
def _zone_of(left_out: frozenset[int], repeated: frozenset[int], first: int, last: int) -> str | None:
    for zone in _zones():
        forward, back = _changes(zone, first // _DAY, last // _DAY)
        forward = frozenset(second for second in forward if first < second < last)
        back = frozenset(second for second in back if first < second < last)
        seen = back & repeated
        if forward <= left_out and (forward or seen) and seen in (back, frozenset()):
            return zone
    return None


@functools.lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    """Every zone whose clocks change by an hour, those that many share first."""
    found = zoneinfo.available_timezones()
    return (*(zone for zone in _KNOWN if zone in found), *sorted(zone for zone in found - {*_KNOWN} if "/" in zone))


@functools.lru_cache(maxsize=4096)
def _changes(zone: str, first_day: int, last_day: int) -> tuple[frozenset[int], frozenset[int]]:
    """Hours of the wall clock, as if it were UTC, that are left out and that come twice."""
    place, forward, back = zoneinfo.ZoneInfo(zone), set(), set()
    # A month at a time, then a day, then an hour: clocks do not change twice a month but for Ramadan.
    for day in _steps_with_change(place, range(first_day, last_day + 1, 28), 28):
        for hour in range(24):
            second = day * _DAY + hour * _HOUR
            kind = _kind(second, zone)
            if kind == "left out":
                forward.add(second)
            elif kind == "twice":
                back.add(second)
    return frozenset(forward), frozenset(back)


def _steps_with_change(place: zoneinfo.ZoneInfo, starts: Sequence[int], size: int) -> list[int]:
    """Days on which the distance from UTC changes."""
    days = []
    for start in starts:
        if _distance(place, start) != _distance(place, start + size):
            days += [day for day in range(start, start + size) if _distance(place, day) != _distance(place, day + 1)]
    return days


def _distance(place: zoneinfo.ZoneInfo, day: int) -> datetime.timedelta | None:
    return (_EPOCH + datetime.timedelta(days=day)).replace(tzinfo=place).utcoffset()


_EPOCH = datetime.datetime(1970, 1, 1)


def _kind(second: int, zone: str) -> str:
    """Whether a time of the wall clock is left out, comes twice, or neither."""
    wall, place = _EPOCH + datetime.timedelta(seconds=int(second)), zoneinfo.ZoneInfo(zone)
    early, late = (wall.replace(tzinfo=place, fold=fold).utcoffset() or datetime.timedelta() for fold in (0, 1))
    if early == late:
        return ""
    return "left out" if early < late else "twice"


def find_clock_changes(found: SeriesFindings, ordered: Ordered, grid: TimeGrid) -> dict[int, ClockChanges]:
    """Adds series whose times skip an hour where clocks go forward, and returns their changes by position.

    Args:
        found: Where findings are added.
        ordered: The rows, in the order of time; none of their times carries a zone.
        grid: The regular times.
    """
    step = grid.fixed_step_seconds
    if grid.timezone != "UTC" or step is None or step > _HOUR or _HOUR % step:
        return {}
    hours = ordered.follows & (np.diff(ordered.timestamp, prepend=0) == step + _HOUR)
    changes: dict[int, ClockChanges] = {}
    for code in np.unique(ordered.code[hours | ordered.repeats]).tolist():
        here = slice(ordered.starts[code], ordered.ends[code])
        repeated = np.unique(ordered.timestamp[here][ordered.repeats[here]]).tolist()
        change = ClockChanges.of(ordered.times(code), repeated=repeated, step_seconds=step)
        if change is not None:
            changes[code] = change
    count = np.zeros(ordered.size, np.int64)
    count[list(changes)] = [len(change.forward) + len(change.back) for change in changes.values()]
    found.add(
        "clock_changes",
        count,
        lambda code, _: _message(ordered, code, changes[code]),
        fix=lambda code: (
            f"set data.timezone: {changes[code].zone}, or the zone of the same clock changes that the data are from."
        ),
        severity="warning",
    )
    return changes


def _message(ordered: Ordered, code: int, change: ClockChanges) -> str:
    here = slice(ordered.starts[code], ordered.ends[code])
    row_of = dict(zip(ordered.timestamp[here].tolist(), ordered.row[here].tolist(), strict=True))
    told = []
    for seconds, what in ((change.forward, "skip an hour before"), (change.back, "repeat the hour of")):
        if seconds:
            rows = [f"row {row_of[second]} ({_wall(second)})" for second in seconds]
            told.append(f"{what} {listing(rows)}")
    return (
        f"the times {', and '.join(told)}, as clocks do in {change.zone}: they are local times, and read as UTC "
        "they are an hour off for a part of the year."
    )


def _wall(second: int) -> str:
    return f"{_EPOCH + datetime.timedelta(seconds=second):%Y-%m-%d %H:%M}"
