"""ISO 8601 text to numbers, whole columns at a time.

All rows of a column have one form, so every field stands at the same place:
the text becomes a matrix of bytes, and a field is a slice of its columns.

    2021-01-31 13:30:00+01:00          bytes  0:4  5:7  8:10  11:13 14:16 17:19
    dddd-dd-dd dd:dd:dd±dd:dd          form

    parse(pa.array(["2021-01-31"]), rows=np.array([True])).wall_seconds    # [1612051200]
"""

import dataclasses
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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

    wall_seconds: np.ndarray
    offset_minutes: np.ndarray | None
    form: str
    dates: bool
    mistakes: tuple[tuple[np.ndarray, str, str], ...]


def form_of(text: str) -> str:
    """Returns the form of a text: digits become `d`, a sign of an offset `±`; empty if it is not ISO 8601."""
    form = re.sub(r"[+-](?=dd(:?dd)?$)", "±", re.sub("[0-9]", "d", text)) if ":" in text else re.sub("[0-9]", "d", text)
    return form if _FORM.fullmatch(form) else ""


def _name(form: str) -> str:
    """A form as people write it: `YYYY-MM-DD hh:mm:ss+hh:mm`."""
    moment, sign, zone = form.partition("±")
    whole, point, fraction = moment.partition(".")
    parts = iter(("YYYY", "MM", "DD", "hh", "mm", "ss"))
    whole = re.sub("dddd|dd", lambda _: next(parts), whole)
    offset = iter(("hh", "mm"))
    zone = re.sub("dd", lambda _: next(offset), zone)
    return whole + point + fraction + ("+" if sign else "") + zone


def parse(column: pa.Array, *, rows: np.ndarray) -> ParsedTimes:
    """Reads a column of text in the form of its first row that is ISO 8601.

    Args:
        column: Text, `[N]`.
        rows: The rows to read, bool `[N]`.
    """
    texts = pc.utf8_trim_whitespace(column).fill_null("")
    example = next((at for at in np.flatnonzero(rows) if form_of(texts[int(at)].as_py())), None)
    if example is None:
        zeros = np.zeros(len(column), np.int64)
        mistakes = ((rows, _NO_TIME, _SET_FORMAT),)
        return ParsedTimes(wall_seconds=zeros, offset_minutes=None, form="", dates=False, mistakes=mistakes)
    form = form_of(texts[int(example)].as_py())
    fits, matrix = _matrix(texts, form=form, rows=rows)
    other = rows & ~fits
    numeric = pc.match_substring_regex(texts, "[0-9]").to_numpy(zero_copy_only=False)
    fields = _Fields(matrix, form)
    return ParsedTimes(
        wall_seconds=_spread(fields.wall_seconds, fits),
        offset_minutes=None if fields.offset_minutes is None else _spread(fields.offset_minutes, fits),
        form=form,
        dates=":" not in form,
        mistakes=(
            (other & ~numeric, _NO_TIME, "Correct it, or remove the row"),
            (other, f"is not of the form {_name(form)}, as rows before it are", ONE_FORM),
            (_spread(~fields.valid, fits), "is a time that does not exist", "Correct it"),
            (_spread(fields.fraction, fits), "has a fraction of a second", "Round the times to whole seconds"),
        ),
    )


def _spread(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Values of the chosen rows, put at their places among all; 0 elsewhere."""
    everywhere = np.zeros(len(rows), values.dtype)
    everywhere[rows] = values
    return everywhere


def _matrix(texts: pa.Array, *, form: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns which rows have the form, bool `[N]`, and their bytes, uint8 `[n, length]`."""
    length = len(form)
    fits = rows & (pc.binary_length(texts).to_numpy(zero_copy_only=False) == length)
    # Concatenation copies, so that the bytes start where the buffer does.
    chosen = pa.concat_arrays([texts.filter(pa.array(fits))])
    matrix = np.frombuffer(chosen.buffers()[2], np.uint8, count=len(chosen) * length).reshape(-1, length)
    good = np.ones(len(matrix), bool)
    for at, character in enumerate(form):
        byte = matrix[:, at]
        if character == "d":
            # Bytes below "0" wrap around to above 9.
            good &= (byte - np.uint8(48)) <= 9
        elif character == "±":
            good &= (byte == ord("+")) | (byte == ord("-"))
        else:
            good &= byte == ord(character)
    fits[np.flatnonzero(fits)[~good]] = False
    return fits, matrix[good]


class _Fields:
    """The numbers in rows that all have one form."""

    def __init__(self, matrix: np.ndarray, form: str) -> None:
        self._matrix = matrix
        clock = ":" in form
        year, month = self._number(0, 4), self._number(5, 7)
        day = self._number(8, 10) if len(form) >= 10 else np.ones(len(matrix), np.int64)
        months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
        starts = months.astype("datetime64[D]").astype(np.int64)
        month_days = (months + 1).astype("datetime64[D]").astype(np.int64) - starts
        hour = self._number(11, 13) if clock else np.zeros(len(matrix), np.int64)
        minute = self._number(14, 16) if clock else np.zeros(len(matrix), np.int64)
        has_seconds = form[16:19] == ":dd"
        second = self._number(17, 19) if has_seconds else np.zeros(len(matrix), np.int64)
        self.valid = (month >= 1) & (month <= 12) & (day >= 1) & (day <= month_days)
        self.valid &= (hour <= 23) & (minute <= 59) & (second <= 59)
        self.fraction = np.zeros(len(matrix), bool)
        point = form.find(".")
        if point > 0:
            digits = len(form) - len(form[point + 1 :].lstrip("d"))
            self.fraction = self._number(point + 1, digits) > 0
        self.wall_seconds = (starts + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second
        self.offset_minutes = self._offset(form)

    def _number(self, start: int, stop: int) -> np.ndarray:
        number = np.zeros(len(self._matrix), np.int64)
        for at in range(start, stop):
            number = number * 10 + (self._matrix[:, at] - np.uint8(48))
        return number

    def _offset(self, form: str) -> np.ndarray | None:
        if form.endswith("Z"):
            return np.zeros(len(self._matrix), np.int64)
        sign = form.find("±")
        if sign < 0:
            return None
        hours = self._number(sign + 1, sign + 3)
        minutes = self._number(len(form) - 2, len(form)) if len(form) > sign + 3 else np.zeros_like(hours)
        self.valid &= (hours <= 23) & (minutes <= 59)
        return np.where(self._matrix[:, sign] == ord("-"), -1, 1) * (hours * 60 + minutes)
