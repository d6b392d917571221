"""Which column holds the times, and how they are written: what fits every row, and gives the most regular steps.

>>> table = RawTable(source="", separator="comma", decimal="point", columns={"day": pa.array(["1/7/20", "2/7/20"])})
>>> find_time(table).time_format
'%d/%m/%y'
"""

import dataclasses
import datetime
import zoneinfo
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tapeline.schemas.errors import ConfigError, DataError
from tapeline.schemas.frequency import check_zone
from tapeline.series.arrays import Ints
from tapeline.series.inspecting.raw_table import RawTable
from tapeline.series.sources.problems import show_name
from tapeline.series.sources.timestamps import read_times

_DATES = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *("%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y"),
    *("%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %Y", "%B %Y", "%b-%Y", "%b-%y", "%m/%Y", "%m.%Y", "%Y/%m", "%Y%m"),
    "%Y",
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H%M")

_EPOCHS = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}
_FIRST_EPOCH, _LAST_EPOCH = 3 * 10**8, 5 * 10**9
"""From 1979 to 2128: other numbers count something else."""

_FIRST_YEAR, _LAST_YEAR = 1700, 2200

_NAMES = ("ds", "time", "timestamp", "datetime", "date", "day", "month", "week", "year", "quarter", "period")
_NAMES_ELSEWHERE = ("fecha", "datum", "zeit", "data", "jour", "mes", "tag", "monat")

_SAMPLE = 200
_MONTHS = 12

_ZONES = (
    *("Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "America/Chicago", "America/Denver"),
    *("America/Los_Angeles", "Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland", "America/Sao_Paulo"),
)
_CONTINENTS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class TimeColumn:
    """A column of times.

    Attributes:
        name: Its name.
        time_format: `data.time_format`; None for ISO 8601 and for columns of times.
        seconds: Epoch seconds, int64 `[N]`.
        reason: How that was found out.
        zone: The zone whose clock changes the times follow, where they carry distances from UTC that change; or by whose
            clock they were read, where they carry none and it is known.
        zoned: Whether they carry a zone.
    """

    name: str
    time_format: str | None
    seconds: Ints
    reason: str
    zone: str | None = None
    zoned: bool = False


def find_time(table: RawTable, *, name: str | None = None) -> TimeColumn:
    """Returns the column of times.

    Args:
        table: The rows.
        name: The column, where it is known.

    Raises:
        DataError: None holds times in all its rows.
    """
    if name is not None and name not in table.columns:
        raise DataError(f"--time: there is no column {name!r} in {table.source!r} (columns: {_names(table)}).")
    names = sorted(table.columns, key=_likely) if name is None else [name]
    for each in names:
        found = _read(table, each)
        if found is not None:
            return found
    if name is not None:
        first = next(iter(table.texts(name).drop_null()[:1].to_pylist()), "")
        raise DataError(
            f"--time: column {name!r} holds no times that can be told in all its rows (the first is {first!r}). Write "
            "one form in all rows, such as 2021-01-31, or write the configuration yourself with data.time_format."
        )
    raise DataError(
        f"data.time: no column of {table.source!r} holds times in all its rows (columns: {_names(table)}). Name it "
        "with --time, or write the times in one form, such as 2021-01-31."
    )


def by_the_clock_of(zone: str, table: RawTable, time: TimeColumn) -> TimeColumn:
    """Returns a column of times, read by the clock of a zone; times that carry one stay as they are.

    Args:
        zone: IANA name.
        table: The rows.
        time: The column, as `find_time` gave it.

    Raises:
        ConfigError: There is no such zone.
        DataError: Its clock does not show some of the times, or shows them twice.
    """
    try:
        check_zone(zone)
    except ValueError as error:
        raise ConfigError(f"data.timezone: {error}.") from None
    if time.zoned:
        return time
    values = _values(table, time.name)
    times = read_times(values, time_format=time.time_format, timezone=zone, name=time.name)
    for problem in times.problems:
        (row, value), *_ = problem.rows
        raise DataError(
            f"data.timezone: {problem.count:,} of the times cannot be of {zone}: row {row} {value} {problem.rule}. Name the "
            "zone whose clock they were taken by; UTC never changes."
        )
    return dataclasses.replace(time, seconds=times.seconds, zone=zone)


def _names(table: RawTable) -> str:
    return ", ".join(map(show_name, list(table.columns)[:40]))


def _likely(name: str) -> int:
    """How likely a name is that of the times; the smallest number is the most likely one."""
    lowered = name.lower().strip()
    known = (*_NAMES, *_NAMES_ELSEWHERE)
    if lowered in known:
        return known.index(lowered)
    return len(known) + (not any(word in lowered for word in ("date", "time", *_NAMES_ELSEWHERE)))


def _values(table: RawTable, name: str) -> pa.Array:
    """A column of times as `read_times` takes it: in its own type where that is one of times, else as text."""
    values = table.columns[name]
    return values if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type) else table.texts(name)


def _read(table: RawTable, name: str) -> TimeColumn | None:
    texts = _values(table, name)
    if pa.types.is_timestamp(texts.type) or pa.types.is_date(texts.type):
        return _whole(texts, name, None, "the column holds times")
    if texts.null_count:
        return None
    sample = texts.take(pa.array(np.linspace(0, len(texts) - 1, min(len(texts), _SAMPLE)).astype(int)))
    iso = _whole(texts, name, None, "ISO 8601") if _fits(sample, None) else None
    if iso is not None:
        return iso
    fitting = [found for form in _formats(sample) if (found := _whole(texts, name, form, "")) is not None]
    if not fitting:
        return None
    # What reads the most is first; days and months that could be told either way are told by the steps between them.
    scores = [_regularity(found.seconds) for found in fitting]
    best = max(range(len(fitting)), key=lambda at: (scores[at], -at))
    found = fitting[best]
    assert found.time_format is not None
    # A day beyond the twelfth is no month.
    late = np.flatnonzero(pd.to_datetime(found.seconds, unit="s").day > _MONTHS)
    shown = texts[int(late[0]) if len(late) else 0].as_py()
    others = [score for at, score in enumerate(scores) if at != best]
    return dataclasses.replace(found, reason=_reason(found.time_format, shown, len(late) > 0, scores[best], others))


def _reason(time_format: str, shown: str, tells: bool, score: float, others: list[float]) -> str:
    """How a format was found, from a time that it reads, whether that time tells day from month, and how well all do."""
    if time_format.startswith("epoch"):
        return f"numbers since 1970, such as {shown}"
    if not ("%d" in time_format and "%m" in time_format) or time_format.startswith("%Y"):
        return f"written like {shown}"
    order = "day first" if time_format.index("%d") < time_format.index("%m") else "month first"
    if not others:
        return f"{order}: no other order fits {shown}" if tells else f"{order}: usual where dates look like {shown}"
    if max(others) < score:
        return f"{order}: so the steps between rows are regular"
    return f"{order}: the values fit either order; name the other one in data.time_format if this is wrong"


def _formats(sample: pa.Array) -> Iterator[str]:
    numbers = pc.match_substring_regex(sample, "^[0-9]+$")
    if pc.all(numbers).as_py():
        values = np.asarray(pc.cast(sample, pa.float64()))
        for form, units in _EPOCHS.items():
            if ((values >= _FIRST_EPOCH * units) & (values <= _LAST_EPOCH * units)).all():
                yield form
        lengths = set(pc.utf8_length(sample).to_pylist())
        years = values / {4: 1, 6: 100, 8: 10_000}.get(next(iter(lengths)), 1)
        if len(lengths) == 1 and ((years >= _FIRST_YEAR) & (years < _LAST_YEAR)).all():
            yield from (form for form in ("%Y%m%d", "%Y%m", "%Y") if _fits(sample, form))
        return
    first = sample[0].as_py()
    likely = (date + clock for date in _DATES for clock in _CLOCKS if _reads(first, date + clock))
    yield from (form for form in likely if _fits(sample, form))


def _reads(text: str, form: str) -> bool:
    """Whether Python reads one time by a format: a quick look before all of them are read."""
    try:
        datetime.datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def _fits(texts: pa.Array, form: str | None) -> bool:
    return not read_times(texts, time_format=form, timezone="UTC", name="").problems


def _whole(values: pa.Array, name: str, form: str | None, reason: str) -> TimeColumn | None:
    times = read_times(values, time_format=form, timezone="UTC", name=name)
    if times.problems:
        return None
    offsets = times.style.offsets
    return TimeColumn(
        name=name,
        time_format=form,
        seconds=times.seconds,
        reason=reason,
        zone=_zone_of(values) if len(offsets) > 1 else None,
        zoned=bool(offsets) or getattr(values.type, "tz", None) is not None,
    )


def _zone_of(texts: pa.Array) -> str | None:
    """Returns a zone whose distances from UTC are those of the times; of several, one that many people live by."""
    sample = texts.take(pa.array(np.linspace(0, len(texts) - 1, min(len(texts), _SAMPLE)).astype(int)))
    others = sorted(zone for zone in zoneinfo.available_timezones() if zone.split("/")[0] in _CONTINENTS)
    follows = (
        zone
        for zone in dict.fromkeys((*_ZONES, *others))
        if read_times(sample, time_format=None, timezone=zone, name="").style.follows_zone
    )
    return next(follows, None)


def _regularity(seconds: Ints) -> float:
    """Share of the steps between times that are about as long as most: months differ by three days."""
    steps = np.diff(np.unique(seconds))
    if not len(steps):
        return 0.0
    usual = np.median(steps)
    return float((np.abs(steps - usual) <= 0.1 * usual).mean())
