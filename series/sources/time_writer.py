"""Times as the data write them: epoch seconds back to text, numbers or timestamps.

>>> TimeWriter(TimeStyle(form="dddd-dd-ddTdd:ddZ"), DataConfig(frequency="h")).texts(np.array([1612137600]))
['2021-02-01T00:00Z']
"""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from tapeline.schemas.sections import DataConfig
from tapeline.series.arrays import Ints
from tapeline.series.sources.time_style import TimeStyle
from tapeline.series.sources.timestamps import EPOCH_UNITS

_NANOSECONDS = 1_000_000_000
_SECONDS = "dddd-dd-dd dd:dd:dd"
_FORMS_OF_TYPES = {"date": "dddd-dd-dd", "time": _SECONDS, "": _SECONDS, "time with zone": _SECONDS + "±dd:dd"}


class TimeWriter:
    """Writes times in the form of a source.

    Args:
        style: How the source writes its times.
        data: Zone, and the form where the configuration names it.
    """

    def __init__(self, style: TimeStyle, data: DataConfig) -> None:
        self._form = style.form
        self._zone = data.timezone
        # One distance from UTC in all rows that is not the zone's: the data are on that clock.
        self._fixed = next(iter(style.offsets)) if style.offsets and not style.follows_zone else None

    def texts(self, seconds: Ints) -> list[str]:
        """Returns times as text, `[N]`.

        Args:
            seconds: Epoch seconds, int64 `[N]`.
        """
        if self._form in EPOCH_UNITS:
            return [str(one) for one in (seconds * EPOCH_UNITS[self._form]).tolist()]
        wall = self._wall(seconds)
        if "%" in self._form:
            return [time.strftime(self._form) for time in wall]
        return [self._iso(time) for time in wall]

    def typed(self, seconds: Ints) -> pa.Array:
        """Returns times as an Arrow array: timestamps on the data's clock, or numbers where the data hold numbers."""
        if self._form in EPOCH_UNITS:
            return pa.array(seconds * EPOCH_UNITS[self._form], pa.int64())
        if self._form == "time with zone" or any(mark in self._form for mark in "Z±") or "%z" in self._form:
            return pa.array(seconds, pa.timestamp("s", tz=self._clock()))
        wall = self._wall(seconds).tz_localize(None).asi8 // _NANOSECONDS
        if self._form == "date":
            return pa.array(wall // 86_400, pa.int32()).cast(pa.date32())
        return pa.array(wall, pa.timestamp("s"))

    def _clock(self) -> str:
        if self._form.endswith("Z"):
            return "UTC"
        if self._fixed is None:
            return self._zone
        sign = "-" if self._fixed < 0 else "+"
        return f"{sign}{abs(self._fixed) // 60:02}:{abs(self._fixed) % 60:02}"

    def _wall(self, seconds: Ints) -> pd.DatetimeIndex:
        times = pd.DatetimeIndex(np.asarray(seconds, np.int64) * _NANOSECONDS, tz="UTC")
        if self._form.endswith("Z"):
            return times
        if self._fixed is not None:
            return times.tz_convert(datetime.timezone(datetime.timedelta(minutes=self._fixed)))
        return times.tz_convert(self._zone)

    def _iso(self, time: pd.Timestamp) -> str:
        """One time in an ISO 8601 form, such as `dddd-dd-dd dd:dd:dd±dd:dd`."""
        form, sign, zone = _FORMS_OF_TYPES.get(self._form, self._form).partition("±")
        text = time.strftime("%Y-%m-%d %H:%M:%S.%f000")
        # The forms are prefixes of one another, but for the mark between day and time.
        body = form.removesuffix("Z")
        shown = text[: len(body)].replace(" ", "T" if "T" in body else " ")
        if form.endswith("Z"):
            return shown + "Z"
        if not sign:
            return shown
        offset = time.strftime("%z")
        return shown + {"dd:dd": f"{offset[:3]}:{offset[3:5]}", "dddd": offset[:5], "dd": offset[:3]}[zone]
