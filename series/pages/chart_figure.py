"""Draws a chart as a figure: what stands in its place where no script runs."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from tapeline.series.figures.style import LIGHT, Figure, axes, legend
from tapeline.series.figures.time_axis import date_axis
from tapeline.series.pages.charts import DAY_SECONDS, Chart, Line, Values


def figure_of(chart: Chart, *, key: str, title: str, caption: str, alt: str) -> Figure:
    """Returns the figure of a chart of lines or bars.

    Args:
        chart: What is drawn.
        key: Name of the figure.
        title: Heading over it.
        caption: What is seen.
        alt: The finding with its numbers, for those who do not see it.
    """

    def draw(canvas: Canvas, narrow: bool) -> None:
        ax = axes(canvas, title=chart.unit, x_label=chart.x_name)
        is_time = chart.kind in ("time", "day")
        x = chart.x / DAY_SECONDS if is_time else chart.x
        for line in chart.lines:
            _draw_line(ax, x, line, bars=chart.bars)
        for band in chart.bands:
            ax.fill_between(x, band.lower, band.upper, color=getattr(LIGHT, band.ink), alpha=0.2, linewidth=0)
        for mark in chart.marks:
            ax.axvline(mark / DAY_SECONDS if is_time else mark, color=LIGHT.muted, linewidth=1.0, linestyle=(0, (4, 4)))
        if is_time:
            date_axis(ax, narrow)
        if len(chart.lines) > 1:
            legend(canvas, ax, columns=2 if narrow else 4)

    return Figure(key=key, title=title, caption=caption, alt=alt, draw=draw)


def _draw_line(ax: Axes, x: Values, line: Line, *, bars: bool) -> None:
    color = getattr(LIGHT, line.ink)
    if bars:
        ax.bar(x, line.values, width=0.7, color=color, label=line.name)
    elif line.is_points:
        ax.plot(x, line.values, "o", color=color, label=line.name)
    else:
        ax.plot(x, line.values, color=color, linewidth=0.6 * line.width, label=line.name)
