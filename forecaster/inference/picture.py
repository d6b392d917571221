"""The picture of a forecast: what was measured, what is forecast, and how sure that is.

One series fills the picture; several become small multiples, up to a limit.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from tapeline.forecaster.inference.contexts import Context, largest
from tapeline.forecaster.inference.next_steps import NextForecast
from tapeline.forecaster.inference.table import Forecast
from tapeline.series.figures.style import LIGHT, PLAIN, Figure, render_png, safe
from tapeline.series.figures.time_axis import date_axis, wall_clock
from tapeline.series.figures.wording import count, when
from tapeline.series.time_grid import TimeGrid

MOST_SERIES = 6
"""Series that a picture shows."""

_LEAST_SHOWN = 24
_MOST_MARKERS = 24
_HEIGHT_ALONE, _HEIGHT_A_ROW, _HEIGHT_OF_TITLE = 3.4, 1.95, 0.75

Values = npt.NDArray[np.float64]


def draw_forecasts(made: NextForecast, *, unit: str, title: str, mark: str = "") -> bytes:
    """Returns a PNG.

    Args:
        made: The forecasts.
        unit: The target's unit.
        title: Of the whole picture.
        mark: What must be known of the model; stands in the heading.
    """
    contexts = made.chosen.contexts
    shown = [made.forecasts[place] for place in largest(contexts, most=MOST_SERIES)]
    heading = _heading(shown, len(contexts), made.grid, unit, title)
    heading = f"{heading}  ·  {safe(mark)}" if mark else heading
    return render_png(forecast_figure(made, heading=heading))


def forecast_figure(
    made: NextForecast,
    *,
    heading: str = "",
    key: str = "forecast",
    title: str = "",
    caption: str = "",
    alt: str = "Measured values, their forecast and its intervals of 80 and 95 percent.",
) -> Figure:
    """Returns the figure of at most `MOST_SERIES` series, the largest of all.

    Args:
        made: The forecasts.
        heading: Stands inside the picture.
        key: Of the figure.
        title: Over it.
        caption: Below it.
        alt: For those who do not see it.
    """
    contexts, forecasts, after, grid = made.chosen.contexts, made.forecasts, made.chosen.after, made.grid
    chosen = largest(contexts, most=MOST_SERIES)
    shown = [(contexts[place], forecasts[place], after[place] if after else None) for place in chosen]
    columns = 1 if len(shown) == 1 else 2 if len(shown) <= 4 else 3

    def height(columns: int) -> float:
        rows = -(-len(shown) // columns)
        return _HEIGHT_ALONE if len(shown) == 1 else _HEIGHT_OF_TITLE + _HEIGHT_A_ROW * rows

    def draw(canvas: Canvas, narrow: bool) -> None:
        across = 1 if narrow else columns
        panels = canvas.subplots(-(-len(shown) // across), across, squeeze=False).ravel()
        for panel, (context, forecast, since) in zip(panels, shown, strict=False):
            _draw_one(panel, context, forecast, grid, since=since, narrow=narrow or across > 1)
            if len(shown) > 1:
                panel.set_title(safe(forecast.series_id, 28), color=LIGHT.ink)
        for panel in panels[len(shown) :]:
            panel.set_visible(False)
        if heading:
            canvas.suptitle(heading, x=0.012, ha="left", fontsize=11)
        handles, labels = panels[0].get_legend_handles_labels()
        canvas.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=2 if narrow else 4)

    return Figure(
        key=key, title=title, caption=caption, alt=alt, draw=draw, height=height(columns), narrow_height=height(1)
    )


def _heading(shown: Sequence[Forecast], total: int, grid: TimeGrid, unit: str, title: str) -> str:
    first = shown[0]
    steps = {len(forecast.times) for forecast in shown}
    parts = [f"{safe(title)}{f', {safe(unit)}' if unit else ''}"]
    if len(shown) == 1:
        parts.append(f"{count(len(first.times), 'step')} from {when(int(first.times[0]), grid)}")
    elif len(steps) == 1:
        parts.append(count(steps.pop(), "step"))
    if total > len(shown):
        parts.append(f"the {len(shown)} largest of {total:,} series")
    return "  ·  ".join(parts)


def _draw_one(
    panel: Axes, context: Context, forecast: Forecast, grid: TimeGrid, *, since: Values | None, narrow: bool
) -> None:
    horizon = len(forecast.times)
    length = shown_past(len(context.values), horizon, narrow=narrow)
    past, ahead = (wall_clock(times, grid) for times in (context.timestamps[-length:], forecast.times))
    measured = context.values[-length:]
    # A context ends with a measured value: the forecast goes on from there, where nothing is uncertain yet.
    fan = np.concatenate([past[-1:], ahead])
    # An interval without an end is not drawn.
    finite = {name: np.where(np.isfinite(values), values, np.nan) for name, values in forecast.levels.items()}
    levels = {name: np.concatenate([measured[-1:], values]) for name, values in finite.items()}
    for suffix, label, alpha in (("_95", "95 % interval", 0.13), ("", "80 % interval", 0.24)):
        panel.fill_between(
            fan,
            levels[f"lower{suffix}"],
            levels[f"upper{suffix}"],
            color=LIGHT.forecast,
            alpha=alpha,
            linewidth=0,
            label=label,
        )
    panel.plot(fan, levels["forecast"], color=LIGHT.forecast, linewidth=1.9, label="forecast")
    times, truth = past, measured
    if since is not None:
        times, truth = np.concatenate([past, ahead]), np.concatenate([measured, since])
    panel.plot(times, truth, color=LIGHT.ink, linewidth=1.3, label="measured")
    alone = _alone(truth)
    panel.plot(times[alone], truth[alone], ".", color=LIGHT.ink)
    if not narrow and horizon <= _MOST_MARKERS:
        panel.plot(ahead, levels["forecast"][1:], "o", color=LIGHT.forecast, markersize=3.4)
    panel.axvline(past[-1], color=LIGHT.muted, linewidth=0.9, linestyle=(0, (2, 2)))
    panel.yaxis.set_major_formatter(PLAIN)
    panel.yaxis.set_major_locator(MaxNLocator(nbins=4 if narrow else 6))
    panel.margins(x=0.015)
    date_axis(panel, narrow)


def shown_past(length: int, horizon: int, *, narrow: bool = False) -> int:
    """Returns how many steps of a context of `length` are shown before a forecast of `horizon` steps."""
    return min(length, max((2 if narrow else 3) * horizon, _LEAST_SHOWN))


def _alone(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Where a line cannot show a value, because neither neighbour was measured."""
    known = np.concatenate([[False], np.isfinite(values), [False]])
    return np.flatnonzero(known[1:-1] & ~known[:-2] & ~known[2:])
