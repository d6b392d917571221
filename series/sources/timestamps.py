"""From a column of times to whole seconds since the epoch, UTC, and nothing guessed.

A column holds one form of time in all its rows. A row that has another form,
or that names no instant, is reported with its number; it is never coerced.

>>> times = read_times(pa.array(["2021-01-01", "2021-01-02"]), time_format=None, timezone="UTC", name="ds")
>>> times.seconds, times.style.form
(array([1609459200, 1609545600]), 'dddd-dd-dd')
"""

import dataclasses
import datetime
import zoneinfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tapeline.schemas.frequency import DAY_SECONDS
from tapeline.series.arrays import Bools, Ints
from tapeline.series.sources.iso_times import form_of, name_of, parse, pattern_of
from tapeline.series.sources.problems import Column, Problem
from tapeline.series.sources.time_style import ONE_FORM, TimeStyle

EPOCH_UNITS = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000, "epoch_ns": 1_000_000_000}
"""Values of `data.time_format` for numbers: units in a second."""

_NANOSECONDS = 1_000_000_000

# pandas keeps nanoseconds in 64 bits; a day is left on both sides for zones.
_FIRST = int(pd.Timestamp.min.timestamp()) + 86_400
_LAST = int(pd.Timestamp.max.timestamp()) - 86_400

# pandas reads zones by pytz, which knows no clock changes from here on.
_YEAR_2038 = 2_145_916_800

_FITS_INT64 = r"^-?([0-9]{1,18}|[1-8][0-9]{18})$"
_FRACTION = ("has a fraction of a second", "Round the times to whole seconds")
_NO_TIME = "is not an ISO 8601 time such as 2021-01-31 or 2021-01-31T13:30:00Z"
_CORRECT = "Correct the time, or data.time_format"
_CLOCK_CHANGE = (
    "Write times with their distance from UTC (2021-10-31T02:30:00+01:00), "
    "or set data.timezone to the clock they were taken by (UTC never changes)"
)


@dataclasses.dataclass(frozen=True)
class Times:
    """A column of times, read.

    Attributes:
        seconds: Epoch seconds, int64 `[N]`; 0 where a problem was found.
        style: How they are written.
        problems: What is wrong.
    """

    seconds: Ints
    style: TimeStyle
    problems: list[Problem]


def read_times(column: pa.Array, *, time_format: str | None, timezone: str, name: str, first_row: int = 0) -> Times:
    """Reads a column of times.

    Args:
        column: Text, timestamps, dates or whole numbers, `[N]`.
        time_format: A strptime format for text, `epoch_s`, `epoch_ms`,
            `epoch_us` or `epoch_ns` for numbers, None for ISO 8601.
        timezone: IANA zone of times that carry none.
        name: The column's name, for messages.
        first_row: Row number of the first value.
    """
    reader = _Reader(column, label=f"data.time: column {name!r}", timezone=timezone, first_row=first_row)
    kind = column.type
    if pa.types.is_null(kind):
        return reader.finish(np.zeros(len(column), np.int64))
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return reader.typed()
    if time_format in EPOCH_UNITS:
        return reader.numbers(EPOCH_UNITS[time_format], form=time_format)
    if time_format is not None:
        return reader.formatted(time_format)
    if pa.types.is_string(kind):
        return reader.iso()
    return reader.refuse(
        f"is of type {kind}, not a time",
        "Set data.time_format: epoch_s, epoch_ms, epoch_us or epoch_ns for numbers since 1970, '%Y' for years",
    )


class _Reader(Column):
    """One column on its way to seconds; every step notes the rows that it finds wrong."""

    def __init__(self, values: pa.Array, *, label: str, timezone: str, first_row: int) -> None:
        super().__init__(values, label=label, first_row=first_row)
        self.timezone = timezone
        self.good = np.ones(len(values), bool)
        empty = values.is_null()
        if pa.types.is_string(values.type):
            empty = pc.equal(pc.utf8_trim_whitespace(values), "").fill_null(True)
        self.note(empty.to_numpy(zero_copy_only=False), "is empty", "Give every row a time, or remove the row")

    def note(self, wrong: Bools, rule: str, fix: str, *, texts: pa.Array | None = None, values: int = 0) -> None:
        """Notes rows that break a rule, each row for its first mistake only."""
        wrong = wrong & self.good
        super().note(wrong, rule, fix, texts=texts, values=values)
        self.good &= ~wrong

    def refuse(self, rule: str, fix: str) -> Times:
        """Finds the whole column wrong."""
        self.note_all(rule, fix)
        return self.finish(np.zeros(len(self.values), np.int64))

    def finish(
        self, seconds: Ints, *, form: str = "", offset_minutes: Ints | None = None, wall_clock: bool = False
    ) -> Times:
        """Checks the range and describes the style by the rows that are left."""
        self.note((seconds < _FIRST) | (seconds > _LAST), "lies outside the years 1678 to 2261", "Correct the time")
        seconds = np.where(self.good, seconds, 0)
        rows = np.flatnonzero(self.good)
        if not len(rows):
            return Times(seconds, TimeStyle(), self.problems)
        style = TimeStyle(form=form, first=self.shown(int(rows[0])), wall_clock=wall_clock)
        if offset_minutes is not None:
            distinct, at = np.unique(offset_minutes[rows], return_index=True)
            offsets = {int(offset): self.shown(int(rows[row])) for offset, row in zip(distinct, at, strict=True)}
            follows_zone = _follows_zone(seconds[rows], offset_minutes[rows], self.timezone)
            style = dataclasses.replace(style, offsets=offsets, follows_zone=follows_zone)
        return Times(seconds, style, self.problems)

    def whole(self, numbers: Ints, units: int) -> Ints:
        """Numbers in a unit to whole seconds."""
        self.note(numbers % units != 0, *_FRACTION)
        return numbers // units

    def numbers(self, units: int, *, form: str) -> Times:
        """Numbers since 1970, as integers or as text."""
        texts = pc.cast(self.values, pa.string()).fill_null("")
        readable = pc.match_substring_regex(texts, _FITS_INT64)
        rule = f"is not a whole number, as data.time_format {form!r} asks"
        self.note(~readable.to_numpy(zero_copy_only=False), rule, _CORRECT)
        numbers = pc.cast(pc.if_else(readable, texts, "0"), pa.int64()).to_numpy()
        return self.finish(self.whole(numbers, units), form=form)

    def typed(self) -> Times:
        """Timestamps and dates, as Parquet and pandas hold them."""
        kind = self.values.type
        dates = pa.types.is_date(kind)
        times = pc.cast(self.values, pa.timestamp("ms")) if dates else self.values
        numbers = pc.cast(times, pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        seconds = self.whole(numbers, EPOCH_UNITS[f"epoch_{times.type.unit}"])
        if times.type.tz is None:
            seconds = self.localize(seconds, dates=dates)
        zoned = times.type.tz is not None
        form = "date" if dates else "time with zone" if zoned else "time"
        return self.finish(seconds, form=form, wall_clock=not zoned)

    def formatted(self, time_format: str) -> Times:
        """Text in a strptime format."""
        mistake = _format_mistake(time_format)
        if mistake:
            return self.refuse(f"data.time_format: {mistake}", "Correct data.time_format")
        texts = pc.cast(self.values, pa.string()).fill_null("").to_pandas()
        # pandas reads formats that look like ISO 8601 with a parser that forgives; a mark in front keeps it strict.
        times = pd.to_datetime("@" + texts, format="@" + time_format, errors="coerce", utc=True)
        index = pd.DatetimeIndex(times)
        rule = f"is not a time in the format {time_format!r}"
        self.note(np.asarray(index.isna()), rule, _CORRECT)
        seconds = self.whole(np.where(self.good, index.asi8, 0), _NANOSECONDS)
        zoned = "%z" in time_format or "%Z" in time_format
        seconds = seconds if zoned else self.localize(seconds, dates=False)
        return self.finish(seconds, form=time_format, wall_clock=not zoned)

    def iso(self) -> Times:
        """Text in one ISO 8601 form: that of the first row that has one."""
        texts = pc.utf8_trim_whitespace(self.values).fill_null("")
        example = next((text for at in np.flatnonzero(self.good) if form_of(text := texts[int(at)].as_py())), "")
        form = form_of(example)
        if not form:
            return self.refuse(_NO_TIME, "Correct it, or set data.time_format ('%m/%d/%Y', '%d.%m.%Y %H:%M')")
        fits = pc.match_substring_regex(texts, pattern_of(form))
        other = ~fits.to_numpy(zero_copy_only=False)
        numeric = pc.match_substring_regex(texts, "[0-9]").to_numpy(zero_copy_only=False)
        self.note(other & ~numeric, _NO_TIME, "Correct it, or remove the row")
        self.note(other, f"is not of the form {name_of(form)}, as rows before it are", ONE_FORM)
        # Rows that were found wrong read as the example.
        wall, offset_minutes, exists, fraction = parse(pc.if_else(fits, texts, example), form=form)
        self.note(~exists, "is a time that does not exist", "Correct it")
        self.note(fraction, *_FRACTION)
        if offset_minutes is None:
            return self.finish(self.localize(wall, dates=":" not in form), form=form, wall_clock=True)
        return self.finish(wall - 60 * offset_minutes, form=form, offset_minutes=offset_minutes)

    def localize(self, wall: Ints, *, dates: bool) -> Ints:
        """Wall-clock seconds in the zone to epoch seconds.

        A date names a day, which every zone has: a midnight that a clock
        change skips or repeats is the day's first instant, as on the grid.
        """
        if self.timezone == "UTC":
            return wall
        inside = (wall >= _FIRST) & (wall <= _LAST)
        index = pd.DatetimeIndex(np.where(inside & self.good, wall, 0) * _NANOSECONDS)
        if dates:
            first_pass = np.ones(len(index), bool)
            zoned = index.tz_localize(self.timezone, ambiguous=first_pass, nonexistent="shift_forward")
            later = (zoned.tz_localize(None).asi8 - index.asi8) // _NANOSECONDS
            self.note(
                later >= DAY_SECONDS, f"is a day that {self.timezone} left out", "Correct the day, or data.timezone"
            )
            return np.where(inside, zoned.asi8 // _NANOSECONDS, wall)
        if _changes_clocks_after_2037(self.timezone):
            rule = f"lies after 2037, where the clock changes of {self.timezone} are not known"
            self.note(wall >= _YEAR_2038, rule, _CLOCK_CHANGE)
        shifted = index.tz_localize(self.timezone, ambiguous="NaT", nonexistent="shift_forward")
        self.note(np.asarray(shifted.isna()), f"comes twice in {self.timezone}: clocks were set back", _CLOCK_CHANGE)
        zoned = index.tz_localize(self.timezone, ambiguous="NaT", nonexistent="NaT")
        self.note(
            np.asarray(zoned.isna()), f"does not exist in {self.timezone}: clocks were set forward", _CLOCK_CHANGE
        )
        return np.where(inside, zoned.asi8 // _NANOSECONDS, wall)


def _changes_clocks_after_2037(timezone: str) -> bool:
    zone = zoneinfo.ZoneInfo(timezone)
    return len({datetime.datetime(2040, month, 1, tzinfo=zone).utcoffset() for month in range(1, 13)}) > 1


def _format_mistake(time_format: str) -> str:
    """What is wrong with a strptime format; empty if nothing is."""
    try:
        datetime.datetime.strptime("", time_format)
    except ValueError as error:
        return "" if "does not match" in str(error) else str(error)
    return ""


def _follows_zone(seconds: Ints, offset_minutes: Ints, timezone: str) -> bool:
    index = pd.DatetimeIndex(seconds * _NANOSECONDS, tz="UTC").tz_convert(timezone)
    distance = (index.tz_localize(None).asi8 - index.asi8) // (60 * _NANOSECONDS)
    return bool((distance == offset_minutes).all())


def seconds_of(text: str, *, timezone: str) -> int:
    """Reads one ISO 8601 time, as a configuration gives it.

    Raises:
        ValueError: It is none; the message says why.
    """
    times = read_times(pa.array([text]), time_format=None, timezone=timezone, name="")
    if times.problems:
        raise ValueError(f"{text!r} {times.problems[0].rule}")
    return int(times.seconds[0])
