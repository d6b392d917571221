"""The chart of the steps after the data: what was measured, the forecast, and its intervals."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tapeline.components.report.run_charts import MOST_POINTS
from tapeline.forecaster.inference.next_steps import NextForecast
from tapeline.forecaster.inference.picture import shown_past
from tapeline.series.cycles import HOUR, cycles_of
from tapeline.series.pages.charts import Band, Chart, Line, clock_seconds

NEXT = "next_forecast"
"""Key of the figure, and of the chart in its place."""

INTERVALS = (("_95", "95 % interval"), ("", "80 % interval"))
"""Ends of the names of `LEVELS`, and what the intervals are called; the widest first."""

_NONE = "There is no forecast of this series."


def next_chart(made: NextForecast, place: int, *, unit: str, caption: str = "") -> Chart:
    """Returns the chart of one series.

    Args:
        made: The forecasts.
        place: Which of them.
        unit: The target's unit.
        caption: What stands below it; "" for that of the figure.
    """
    context, forecast, grid = made.chosen.contexts[place], made.forecasts[place], made.grid
    horizon = len(forecast.times)
    past = shown_past(len(context.values), horizon)
    since = made.chosen.after[place] if made.chosen.after else np.full(horizon, np.nan)
    times = clock_seconds(np.concatenate([context.timestamps[-past:], forecast.times]), grid)

    def ahead(level: str) -> npt.NDArray[np.float64]:
        return np.concatenate([np.full(past, np.nan), forecast.levels[level]])

    return Chart(
        x=times,
        kind="time" if HOUR in cycles_of(grid) else "day",
        unit=unit,
        lines=[
            Line(name="measured", values=np.concatenate([context.values[-past:], since]), ink="ink", width=1.5),
            Line(name="forecast", values=ahead("forecast"), ink="forecast", width=2.2, points=horizon <= MOST_POINTS),
        ],
        bands=[Band(name=name, lower=ahead(f"lower{end}"), upper=ahead(f"upper{end}")) for end, name in INTERVALS],
        marks=[float(times[past - 1] + times[past]) / 2],
        caption=caption,
    )


def next_charts(made: NextForecast, series: Sequence[bytes], *, unit: str) -> list[Chart]:
    """Returns a chart for each series of a list; one without a forecast has an empty chart that says so."""
    places = {forecast.series_id: place for place, forecast in enumerate(made.forecasts)}
    empty = _without_values(next_chart(made, 0, unit=unit, caption=_NONE))
    return [next_chart(made, places[name], unit=unit) if name in places else empty for name in series]


def _without_values(chart: Chart) -> Chart:
    nothing = np.full(len(chart.x), np.nan)
    return dataclasses.replace(
        chart,
        lines=[dataclasses.replace(line, values=nothing) for line in chart.lines],
        bands=[dataclasses.replace(band, lower=nothing, upper=nothing) for band in chart.bands],
        marks=(),
    )
