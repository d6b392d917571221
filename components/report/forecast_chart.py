"""The chart of one forecast: what was measured before it, the forecast, its intervals, and what came where it is known."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tapeline.series.cycles import HOUR, cycles_of
from tapeline.series.pages.charts import Band, Chart, Line, clock_seconds
from tapeline.series.time_grid import TimeGrid

MOST_POINTS = 60
"""Values of a line that have a point each; more would run into each other."""


class Interval(NamedTuple):
    """An interval of a forecast.

    Attributes:
        name: What it is called.
        lower: Its lower ends `[H]`.
        upper: Its upper ends `[H]`.
    """

    name: str
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]


def forecast_chart(
    timestamps: npt.NDArray[np.int64],
    measured: npt.NDArray[np.float64],
    forecast: npt.NDArray[np.float64],
    intervals: Sequence[Interval],
    *,
    grid: TimeGrid,
    unit: str,
    caption: str = "",
    name: str = "measured",
    dash: tuple[float, ...] = (),
) -> Chart:
    """Returns the chart.

    Args:
        timestamps: Of the steps before the forecast and of its own, epoch seconds `[P + H]`.
        measured: What was measured then `[P + H]`; NaN where nothing was.
        forecast: The forecast `[H]`.
        intervals: Its intervals, the widest first.
        grid: The grid of the series.
        unit: The target's unit.
        caption: What stands below it; "" for that of the figure.
        name: What measured values are called.
        dash: How the forecast is dashed.
    """
    times, horizon = clock_seconds(timestamps, grid), len(forecast)
    past = len(times) - horizon

    def ahead(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.concatenate([np.full(past, np.nan), values])

    points = horizon <= MOST_POINTS
    return Chart(
        x=times,
        kind="time" if HOUR in cycles_of(grid) else "day",
        unit=unit,
        lines=[
            Line(name=name, values=measured, ink="ink", width=1.5),
            Line(name="forecast", values=ahead(forecast), ink="forecast", dash=dash, width=2.2, points=points),
        ],
        bands=[Band(name=each.name, lower=ahead(each.lower), upper=ahead(each.upper)) for each in intervals],
        marks=[float(times[past - 1] + times[past]) / 2],
        caption=caption,
    )
