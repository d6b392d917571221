"""ISO 8601 text to numbers, whole columns at a time.

All rows of a column have one form, so a field stands at the same place in every row:

    2021-01-31 13:30:00+01:00          characters  0:4  5:7  8:10  11:13 14:16 17:19
    dddd-dd-dd dd:dd:dd±dd:dd          form

>>> parsed = parse(pa.array(["2021-01-31", "2021-02-30"]), rows=np.array([True, True]))
>>> parsed.form, int(parsed.wall_seconds[0])
('dddd-dd-dd', 1612051200)
>>> [rule for wrong, rule, _ in parsed.mistakes if wrong[1]]
['is a time that does not exist']
"""

import dataclasses
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tapeline.series.arrays import Array, Bools, Ints

ONE_FORM = "All rows take one form: rewrite the others, or give all rows one format and name it in data.time_format"
"""What to do about mixed forms."""

_FORM = re.compile(r"dddd-dd(-dd([T ]dd:dd(:dd(\.d{1,9})?)?(?P<zone>Z|±dd(:?dd)?)?)?)?")
_NO_TIME = "is not an ISO 8601 time such as 2021-01-31 or 2021-01-31T13:30:00Z"
_SET_FORMAT = "Correct it, or set data.time_format ('%m/%d/%Y', '%d.%m.%Y %H:%M')"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ParsedTimes:
    """A column of ISO 8601 text, read.

    Attributes:
        wall_seconds: Seconds since 1970-01-01T00:00:00 on the clock that the
            text was written by, int64 `[N]`; 0 where a mistake was found.
        offset_minutes: That clock's distance from UTC, int64 `[N]`; None where the form has none.
        form: The form of the rows; empty when no row has one.
        dates: Whether the rows name days or months, not times of day.
        mistakes: Which rows are wrong (bool `[N]`), the rule they break, the fix.
    """

    wall_seconds: Ints
    offset_minutes: Ints | None
    form: str
    dates: bool
    mistakes: tuple[tuple[Bools, str, str], ...]


def form_of(text: str) -> str:
    """Returns the form of a text: digits become `d`, a sign of an offset `±`; empty if it is not ISO 8601."""
    form = re.sub(r"[+-](?=dd(:?dd)?$)", "±", re.sub("[0-9]", "d", text)) if ":" in text else re.sub("[0-9]", "d", text)
    return form if _FORM.fullmatch(form) else ""


def _name(form: str) -> str:
    """A form as people write it: `YYYY-MM-DD hh:mm:ss+hh:mm`."""
    moment, sign, zone = form.partition("±")
    whole, point, fraction = moment.partition(".")
    parts = iter(("YYYY", "MM", "DD", "hh", "mm", "ss"))
    offset = iter(("hh", "mm"))
    whole, zone = re.sub("dddd|dd", lambda _: next(parts), whole), re.sub("dd", lambda _: next(offset), zone)
    return whole + point + fraction + ("+" if sign else "") + zone


def parse(column: pa.Array, *, rows: Bools) -> ParsedTimes:
    """Reads a column of text in the form of its first row that is ISO 8601.

    Args:
        column: Text, `[N]`.
        rows: The rows to read, bool `[N]`.
    """
    texts = pc.utf8_trim_whitespace(column).fill_null("")
    form = next((form for at in np.flatnonzero(rows) if (form := form_of(texts[int(at)].as_py()))), "")
    if not form:
        zeros = np.zeros(len(column), np.int64)
        mistakes = ((rows, _NO_TIME, _SET_FORMAT),)
        return ParsedTimes(wall_seconds=zeros, offset_minutes=None, form="", dates=False, mistakes=mistakes)
    pattern = re.escape(form).replace("d", "[0-9]").replace("±", "[+-]")
    fits = rows & _matches(texts, f"^{pattern}$")
    other, numeric = rows & ~fits, _matches(texts, "[0-9]")
    wall_seconds, offset_minutes, exists, fraction = _fields(texts.filter(pa.array(fits)), form)

    def spread(values: Array) -> Array:
        everywhere = np.zeros(len(fits), values.dtype)
        everywhere[fits] = values
        return everywhere

    return ParsedTimes(
        wall_seconds=spread(wall_seconds),
        offset_minutes=None if offset_minutes is None else spread(offset_minutes),
        form=form,
        dates=":" not in form,
        mistakes=(
            (other & ~numeric, _NO_TIME, "Correct it, or remove the row"),
            (other, f"is not of the form {_name(form)}, as rows before it are", ONE_FORM),
            (spread(~exists), "is a time that does not exist", "Correct it"),
            (spread(fraction), "has a fraction of a second", "Round the times to whole seconds"),
        ),
    )


def _matches(texts: pa.Array, pattern: str) -> Bools:
    return np.asarray(pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False), bool)


def _fields(texts: pa.Array, form: str) -> tuple[Ints, Ints | None, Bools, Bools]:
    """Returns wall seconds, offset in minutes, whether the time exists, and whether it has a fraction, `[n]` each."""

    def number(start: int, stop: int, *, absent: int = 0) -> Ints:
        if len(form) < stop:
            return np.full(len(texts), absent)
        field = pc.utf8_slice_codeunits(texts, start, stop)
        return np.asarray(pc.cast(field, pa.int64()).to_numpy(), np.int64)

    year, month, day = number(0, 4), number(5, 7), number(8, 10, absent=1)
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    starts = months.astype("datetime64[D]").astype(np.int64)
    month_days = (months + 1).astype("datetime64[D]").astype(np.int64) - starts
    hour, minute = number(11, 13), number(14, 16)
    second = number(17, 19) if form[16:19] == ":dd" else np.zeros_like(hour)
    exists = (month >= 1) & (month <= 12) & (day >= 1) & (day <= month_days)
    exists &= (hour <= 23) & (minute <= 59) & (second <= 59)
    point = form.find(".") + 1
    fraction = number(point, len(form) - len(form[point:].lstrip("d"))) > 0 if point else np.zeros(len(texts), bool)
    wall_seconds = (starts + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second
    if form.endswith("Z"):
        return wall_seconds, np.zeros_like(hour), exists, fraction
    sign = form.find("±")
    if sign < 0:
        return wall_seconds, None, exists, fraction
    offset_hour = number(sign + 1, sign + 3)
    offset_minute = number(len(form) - 2, len(form)) if len(form) > sign + 3 else np.zeros_like(hour)
    exists &= (offset_hour <= 23) & (offset_minute <= 59)
    negative = pc.equal(pc.utf8_slice_codeunits(texts, sign, sign + 1), "-").to_numpy(zero_copy_only=False)
    return wall_seconds, np.where(negative, -1, 1) * (offset_hour * 60 + offset_minute), exists, fraction
