"""Times along the axis of a figure, on the wall clock of the data."""

import matplotlib.dates as mdates
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from tapeline.series.time_grid import TimeGrid


def wall_clock(seconds: npt.NDArray[np.int64], grid: TimeGrid) -> npt.NDArray[np.float64]:
    """Returns times on the wall clock of the data, as matplotlib counts days: what dates are drawn in."""
    times = pd.DatetimeIndex(np.asarray(seconds, np.int64) * 1_000_000_000, tz="UTC").tz_convert(grid.timezone)
    days: npt.NDArray[np.float64] = mdates.date2num(times.tz_localize(None).to_numpy())
    return days


def date_axis(ax: Axes, narrow: bool) -> None:
    """Writes few, short dates under an axis of times."""
    locator = mdates.AutoDateLocator(minticks=3, maxticks=4 if narrow else 8)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
