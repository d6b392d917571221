"""The charts of a first look: values of a series, autocorrelation by lag, and what goes with the target."""

from collections.abc import Sequence

import numpy as np

from tapeline.pipeline.exploring.columns_beside import CovariateLook
from tapeline.pipeline.exploring.data_look import DataLook, SeriesLook
from tapeline.series.arrays import Array, Floats, Ints
from tapeline.series.cycles import HOUR, cycles_of
from tapeline.series.figures.style import safe
from tapeline.series.figures.wording import count
from tapeline.series.pages.charts import Band, Chart, Line, SeriesCharts, clock_seconds
from tapeline.series.time_grid import TimeGrid

VALUES, ECHO, TOGETHER = "series_values", "autocorrelation", "correlation_with_the_target"

MOST_POINTS = 600_000
"""Points that a page can hold: about 4 MB."""

_MOST_A_SERIES, _LEAST_A_SERIES = 6_000, 500

_MOST_BARS = 80
"""More lags are a line: bars would run into each other."""

_MOST_COVARIATES = 6
_INKS = ("forecast", "persistence", "seasonal_naive", "ridge", "muted", "ink")


def points_a_series(series: int) -> int:
    """Returns how many points each series may have."""
    return max(_LEAST_A_SERIES, min(_MOST_A_SERIES, MOST_POINTS // max(series, 1)))


def shown_places(values: Floats, *, most: int, keep: Ints) -> Ints:
    """Returns the positions that are drawn of a long series: of each stretch the least and the largest value.

    >>> shown_places(np.array([1.0, 5.0, 2.0, 3.0, 0.0, 4.0]), most=4, keep=np.array([3]))
    array([0, 1, 3, 4, 5])

    Args:
        values: Float64 `[L]`, NaN where there is none.
        most: How many, besides those to keep.
        keep: Positions that are drawn in any case.
    """
    if len(values) <= most:
        return np.arange(len(values))
    size = -(-len(values) // (most // 2))
    padded = np.append(values, np.full(-len(values) % size, np.nan)).reshape(-1, size)
    begin = np.arange(len(padded)) * size
    # A stretch without a value has its first step drawn, as a gap.
    low = begin + np.where(np.isnan(padded), np.inf, padded).argmin(axis=1)
    high = begin + np.where(np.isnan(padded), -np.inf, padded).argmax(axis=1)
    places: Ints = np.unique(np.concatenate([low, high, keep]))
    return places


def values_chart(look: SeriesLook, *, grid: TimeGrid, unit: str, most: int) -> Chart:
    """The values of a series, its outliers, and where eval and test begin."""
    places = shown_places(look.values, most=most, keep=look.outliers)
    times = clock_seconds(grid.timestamps(look.first + places), grid)
    far = np.full(len(look.values), np.nan)
    far[look.outliers] = look.values[look.outliers]
    cuts = [cut for cut in (look.train, look.test) if 0 < cut < len(look.values)]
    return Chart(
        x=times,
        kind="time" if HOUR in cycles_of(grid) else "day",
        unit=unit,
        lines=[
            Line(name="value", values=look.values[places], ink="forecast", width=1.4),
            Line(name="outlier", values=far[places], ink="persistence", width=5.0, points=True),
        ],
        marks=clock_seconds(grid.timestamps(look.first + np.array(cuts, np.int64)), grid).tolist(),
        caption=_caption(look, most=most),
    )


def _caption(look: SeriesLook, *, most: int) -> str:
    said = [f"{safe(look.name)}: {count(len(look.values), 'step')}"]
    if look.missing:
        said.append(f"{look.missing:,} without a value")
    if len(look.outliers):
        said.append(count(len(look.outliers), "outlier"))
    begins = "" if look.train == look.test else " Eval and test begin at the broken lines."
    thinned = " Of each stretch its least and largest value are drawn." if len(look.values) > most else ""
    return f"{', '.join(said)}.{begins}{thinned}"


def echo_chart(echo: Array, by_chance: Array) -> Chart:
    """Autocorrelation of the steps of series by lag, and the band of chance."""
    lags = np.arange(1, len(echo))
    line = Line(name="autocorrelation of the steps", values=echo[1:], ink="forecast", width=1.4)
    reach = np.where(np.isfinite(by_chance[1:]), by_chance[1:], np.nan)
    band = Band(name="by chance, 95 %", lower=-reach, upper=reach, ink="muted")
    few = len(lags) <= _MOST_BARS
    return Chart(x=lags.astype(float), x_name="lag, steps", unit="", lines=[line], bands=[band], bars=few)


def together_chart(covariates: Sequence[CovariateLook]) -> Chart:
    """Correlation of the steps of covariates with those of the target as many later, by lag."""
    shown = [(each, each.by_lag) for each in covariates if each.by_lag is not None][:_MOST_COVARIATES]
    lags = np.arange(len(shown[0][1]), dtype=float)
    return Chart(
        x=lags,
        x_name="steps before the target",
        unit="",
        lines=[
            Line(name=safe(each.name, 24), values=by_lag, ink=ink, width=1.6)
            for (each, by_lag), ink in zip(shown, _INKS, strict=False)
        ],
    )


def series_charts(look: DataLook, shown: Sequence[SeriesLook], *, grid: TimeGrid, unit: str) -> SeriesCharts:
    """Returns the charts of single series: their values, and their autocorrelation."""
    most = points_a_series(len(shown))
    return SeriesCharts(
        names=[safe(each.name) for each in shown],
        charts={
            VALUES: [values_chart(each, grid=grid, unit=unit, most=most) for each in shown],
            ECHO: [echo_chart(each.echo, look.by_chance * np.sqrt(_share(look, each))) for each in shown],
        },
        whole=frozenset({ECHO}),
    )


def _share(look: DataLook, one: SeriesLook) -> float:
    """By how much more all series have steps in train than one: its chance is as much larger."""
    return max(sum(each.train for each in look.series) / max(one.train, 1), 1.0)
