"""ISO 8601 text to numbers, whole columns at a time.

All rows of a column have one form, so a field stands at the same place in every row:

    2021-01-31 13:30:00+01:00          characters  0:4  5:7  8:10  11:13 14:16 17:19
    dddd-dd-dd dd:dd:dd±dd:dd          form

>>> form_of("2021-01-31")
'dddd-dd-dd'
>>> parse(pa.array(["2021-01-31", "2021-02-30"]), form="dddd-dd-dd").exists
array([ True, False])
"""

import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tapeline.series.arrays import Bools, Ints

_FORM = re.compile(r"dddd-dd(-dd([T ]dd:dd(:dd(\.d{1,9})?)?(?P<zone>Z|±dd(:?dd)?)?)?)?")


class IsoTimes(NamedTuple):
    """Times that are written in one form.

    Attributes:
        wall_seconds: Seconds since 1970-01-01T00:00:00 on the clock that the text was written by, int64 `[N]`.
        offset_minutes: That clock's distance from UTC, int64 `[N]`; None where the form has none.
        exists: Whether there is such a time, bool `[N]`.
        fraction: Whether it has a fraction of a second, bool `[N]`.
    """

    wall_seconds: Ints
    offset_minutes: Ints | None
    exists: Bools
    fraction: Bools


def form_of(text: str) -> str:
    """Returns the form of a text: digits become `d`, a sign of an offset `±`; empty if it is not ISO 8601."""
    form = re.sub(r"[+-](?=dd(:?dd)?$)", "±", re.sub("[0-9]", "d", text)) if ":" in text else re.sub("[0-9]", "d", text)
    return form if _FORM.fullmatch(form) else ""


def pattern_of(form: str) -> str:
    """Returns the regular expression of the texts that have a form."""
    return "^" + re.escape(form).replace("d", "[0-9]").replace("±", "[+-]") + "$"


def name_of(form: str) -> str:
    """Returns a form as people write it: `YYYY-MM-DD hh:mm:ss+hh:mm`."""
    moment, sign, zone = form.partition("±")
    whole, point, fraction = moment.partition(".")
    parts = iter(("YYYY", "MM", "DD", "hh", "mm", "ss"))
    offset = iter(("hh", "mm"))
    whole, zone = re.sub("dddd|dd", lambda _: next(parts), whole), re.sub("dd", lambda _: next(offset), zone)
    return whole + point + fraction + ("+" if sign else "") + zone


def parse(texts: pa.Array, *, form: str) -> IsoTimes:
    """Reads texts that all have one form.

    Args:
        texts: Text, `[N]`.
        form: As `form_of` gives it.
    """

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
        return IsoTimes(wall_seconds, np.zeros_like(hour), exists, fraction)
    sign = form.find("±")
    if sign < 0:
        return IsoTimes(wall_seconds, None, exists, fraction)
    offset_hour = number(sign + 1, sign + 3)
    offset_minute = number(len(form) - 2, len(form)) if len(form) > sign + 3 else np.zeros_like(hour)
    exists &= (offset_hour <= 23) & (offset_minute <= 59)
    negative = pc.equal(pc.utf8_slice_codeunits(texts, sign, sign + 1), "-").to_numpy(zero_copy_only=False)
    return IsoTimes(wall_seconds, np.where(negative, -1, 1) * (offset_hour * 60 + offset_minute), exists, fraction)
