"""What stands in the place of a chart where no script runs."""

import numpy as np
from matplotlib.figure import Figure as Canvas

from tapeline.series.figures.style import LIGHT
from tapeline.series.pages.chart_figure import figure_of
from tapeline.series.pages.charts import Band, Chart, Line

WORDS = {"key": "k", "title": "t", "caption": "c", "alt": "a"}


def drawn(chart: Chart, *, narrow: bool = False) -> Canvas:
    canvas = Canvas()
    figure_of(chart, **WORDS).draw(canvas, narrow)
    return canvas


def test_lines_points_and_marks_are_drawn_where_the_chart_has_them() -> None:
    x = np.arange(4) * 86_400.0
    lines = [
        Line(name="value", values=np.array([1.0, 2.0, np.nan, 3.0]), ink="forecast"),
        Line(name="outlier", values=np.array([np.nan, 2.0, np.nan, np.nan]), ink="persistence", width=5.0, points=True),
    ]
    (ax,) = drawn(Chart(x=x, kind="day", unit="ppm", lines=lines, marks=[86_400.0])).axes
    value, outlier, mark = ax.lines
    assert (value.get_color(), outlier.get_linestyle(), outlier.get_marker()) == (LIGHT.forecast, "None", "o")
    np.testing.assert_array_equal(mark.get_xdata(), 1.0)
    assert ax.get_title() == "ppm"


def test_bars_stand_before_their_band() -> None:
    x = np.array([1.0, 2.0])
    band = Band(name="chance", lower=-x, upper=x, ink="muted")
    chart = Chart(x=x, x_name="lag", unit="", lines=[Line(name="a", values=x, ink="ink")], bands=[band], bars=True)
    (ax,) = drawn(chart, narrow=True).axes
    assert len(ax.patches) == 2
    assert len(ax.collections) == 1
    assert ax.get_xlabel() == "lag"
