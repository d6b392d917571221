"""Figures as data: what `charts.js` draws in place of a picture, to be hovered, zoomed and filtered by series.

A `Chart` stands beside the figure of the same key, and shows the same numbers. `charts_json` makes a tree of all of
them, as short as it can be: values are rounded to what a screen can show, and times that many charts share are held
once.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tapeline.series.figures.time_axis import wall_clock
from tapeline.series.time_grid import TimeGrid

Values = npt.NDArray[np.float64]

_SHOWN_PARTS = 5_000
"""Parts of the range of values that a screen tells apart."""

DAY_SECONDS = 86_400

_POINTS_ALONE = 5.0
"""A line of points this wide is points alone; `charts.js` draws by the same rule."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """Values along a chart.

    Attributes:
        name: What they are.
        values: One a place on the axis, NaN where there is none.
        ink: The name of its colour in `style.Inks`.
        dash: Lengths of dashes and gaps, in pixels; none for a whole line.
        width: In pixels.
        points: Whether each value has a point.
    """

    name: str
    values: Values
    ink: str
    dash: tuple[float, ...] = ()
    width: float = 1.8
    points: bool = False

    @property
    def is_points(self) -> bool:
        """Whether no line is drawn between its points."""
        return self.points and self.width >= _POINTS_ALONE


@dataclasses.dataclass(frozen=True, kw_only=True)
class Band:
    """What lies between two lines."""

    name: str
    lower: Values
    upper: Values
    ink: str = "forecast"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart.

    Attributes:
        x: Places on its axis: seconds of the data's own clock, numbers, or positions of `labels`.
        x_name: What they are, for who hovers; "" for times.
        kind: What `x` is.
        unit: What the values are in.
        lines: The last one is drawn over the others.
        labels: What stands below bars.
        bands: Intervals, the widest first.
        marks: Where vertical lines stand: where the forecast begins, where the learning rate changes.
        caption: What stands below it, where that differs between series.
        from_zero: Whether the axis of values begins at 0.
        log: Whether it is logarithmic.
        bars: Whether lines are bars.
    """

    x: Values
    unit: str
    lines: Sequence[Line]
    kind: Literal["time", "day", "number", "label"] = "number"
    x_name: str = ""
    labels: Sequence[str] = ()
    bands: Sequence[Band] = ()
    marks: Sequence[float] = ()
    caption: str = ""
    from_zero: bool = False
    log: bool = False
    bars: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeriesCharts:
    """The charts of single series.

    Attributes:
        names: The series, as they are shown, in the order of a list to choose from.
        first: Position of the series that is shown first.
        charts: By the key of a figure, one chart a series.
        whole: Figures that show all series together before one is chosen.
    """

    names: Sequence[str] = ()
    first: int = 0
    charts: Mapping[str, Sequence[Chart]] = dataclasses.field(default_factory=dict)
    whole: frozenset[str] = frozenset()


def clock_seconds(seconds: npt.NDArray[np.int64], grid: TimeGrid) -> Values:
    """Returns times on the wall clock of the data as seconds, which a browser shows as if they were UTC."""
    return np.round(wall_clock(seconds, grid) * DAY_SECONDS)


def charts_json(charts: Mapping[str, Chart], by_series: SeriesCharts) -> dict[str, Any]:
    """Returns charts as a tree for `charts.js`.

    Args:
        charts: By the key of their figure.
        by_series: Those of single series.

    Returns:
        `axes`: the places that charts share; `charts`: by key; `series`: `names`, `first`, `whole`, and for each key a
            list with what differs between the series.
    """
    axes: dict[tuple[float, ...], int] = {}

    def axis(chart: Chart) -> int:
        return axes.setdefault(tuple(chart.x.tolist()), len(axes))

    def values(chart: Chart) -> dict[str, Any]:
        edges = [edge for band in chart.bands for edge in (band.upper, band.lower)]
        rounded = _rounded([*edges, *(line.values for line in chart.lines)])
        count = len(edges)
        tree: dict[str, Any] = {"x": axis(chart), "edges": rounded[:count], "values": rounded[count:]}
        return {
            **tree,
            **({"marks": list(chart.marks)} if chart.marks else {}),
            **({"caption": chart.caption} if chart.caption else {}),
        }

    def whole(chart: Chart) -> dict[str, Any]:
        tree = {
            "kind": chart.kind,
            "xName": chart.x_name,
            "labels": list(chart.labels),
            "unit": chart.unit,
            "fromZero": chart.from_zero,
            "log": chart.log,
            "bars": chart.bars,
            "bands": [{"name": band.name, "ink": band.ink} for band in chart.bands],
            "lines": [
                {"name": line.name, "ink": line.ink, "dash": line.dash, "width": line.width, "points": line.points}
                for line in chart.lines
            ],
        }
        return {**tree, **values(chart)}

    tree = {
        "charts": {key: whole(chart) for key, chart in charts.items()},
        "series": {
            "names": list(by_series.names),
            "first": by_series.first,
            "whole": sorted(by_series.whole),
            "charts": {key: [values(chart) for chart in some] for key, some in by_series.charts.items()},
        },
    }
    return {"axes": [[_short(place) for place in places] for places in axes], **tree}


def _rounded(rows: Sequence[Values]) -> list[list[float | int | None]]:
    """Rounds values of one chart alike, to a small part of their range; what is not finite becomes None.

    A row without a value, such as that of the outliers of a series that has none, takes no room.
    """
    finite = [row[np.isfinite(row)] for row in rows]
    known = np.concatenate(finite) if finite else np.zeros(0)
    spread = float(np.ptp(known)) if len(known) else 0.0
    reach = spread or float(np.abs(known).max(initial=0.0))
    decimals = int(np.ceil(np.log10(_SHOWN_PARTS / reach))) if reach > 0.0 else 0
    return [
        [
            _short(value) if math.isfinite(value) else None
            for value in np.round(row.astype(np.float64), decimals).tolist()
        ]
        if np.isfinite(row).any()
        else []
        for row in rows
    ]


def _short(value: float) -> float | int:
    """A whole number without its point and its zero."""
    return int(value) if value.is_integer() else value
