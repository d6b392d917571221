"""The chart of the steps after the data: what was measured, the forecast, and its intervals."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from tapeline.components.report.forecast_chart import Interval, forecast_chart
from tapeline.forecaster.inference.next_steps import NextForecast
from tapeline.forecaster.inference.picture import shown_past
from tapeline.series.pages.charts import Chart

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
    return forecast_chart(
        np.concatenate([context.timestamps[-past:], forecast.times]),
        np.concatenate([context.values[-past:], since]),
        forecast.levels["forecast"],
        [Interval(name, forecast.levels[f"lower{end}"], forecast.levels[f"upper{end}"]) for end, name in INTERVALS],
        grid=grid,
        unit=unit,
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
