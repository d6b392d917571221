"""Times along the axis of a figure, on the wall clock of the data."""

import matplotlib.dates as mdates
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from tapeline.series.time_grid import TimeGrid

_LONGEST_INTERVALS = {
    mdates.MONTHLY: 12,
    mdates.DAILY: 31,
    mdates.HOURLY: 24,
    mdates.MINUTELY: 60,
    mdates.SECONDLY: 60,
}
"""Steps between dates that matplotlib does not try by itself: without them it finds none for few dates, and warns."""


def wall_clock(seconds: npt.NDArray[np.int64], grid: TimeGrid) -> npt.NDArray[np.float64]:
    """Returns times on the wall clock of the data, as matplotlib counts days: what dates are drawn in."""
    times = pd.DatetimeIndex(np.asarray(seconds, np.int64) * 1_000_000_000, tz="UTC").tz_convert(grid.timezone)
    days: npt.NDArray[np.float64] = mdates.date2num(times.tz_localize(None).to_numpy())
    return days


def date_axis(ax: Axes, narrow: bool) -> None:
    """Writes few, short dates under an axis of times."""
    locator = mdates.AutoDateLocator(minticks=3, maxticks=4 if narrow else 8)
    for unit, longest in _LONGEST_INTERVALS.items():
        locator.intervald[unit] = [*locator.intervald[unit], longest]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
