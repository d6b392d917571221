"""The charts beside the figures: forecasts of windows, errors by lead step and calendar, the course of training."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.components.report.error_figures import LEAD_STEP, coinciding
from tapeline.components.report.forecast_chart import MOST_POINTS, Interval, forecast_chart
from tapeline.components.report.run_figures import NEWEST, newest_caption, wide_range
from tapeline.components.report.summary import Autocorrelation, ShownWindow, shown_steps
from tapeline.components.report.training_history import History
from tapeline.components.report.window_errors import SplitErrors
from tapeline.series.cycles import Cycle
from tapeline.series.figures.style import FORECAST_STYLES, safe
from tapeline.series.figures.wording import NAMES, Space
from tapeline.series.pages.charts import Band, Chart, Line, SeriesCharts
from tapeline.series.time_grid import TimeGrid

_DASH_PIXELS = 2.0
"""Pixels of one unit in the dashes of `FORECAST_STYLES`."""


def window_chart(view: ShownWindow, *, grid: TimeGrid, unit: str, caption: str = "") -> Chart:
    """A forecast against the truth."""
    horizon, shown = len(view.target), shown_steps(view)
    first = int(grid.ordinals(np.array([view.forecast_start]))[0])
    return forecast_chart(
        grid.timestamps(np.arange(first - shown, first + horizon)),
        np.concatenate([view.context[len(view.context) - shown :], view.target]),
        view.forecast,
        [] if view.interval is None else [Interval("80 % interval", *view.interval)],
        grid=grid,
        unit=unit,
        caption=caption,
        name="truth",
        dash=(9, 3),
    )


def lead_step_chart(lead: Mapping[str, npt.NDArray[np.float64]], *, factor: float, unit: str) -> Chart:
    """MAE by lead step, of the model and of the baselines, scaled `[H]` each."""
    horizon = len(lead["forecast"])
    lines = []
    for name, style in FORECAST_STYLES.items():
        dash = () if style["linestyle"] == "-" else tuple(_DASH_PIXELS * part for part in style["linestyle"][1])
        below = name in coinciding(lead)
        lines.append(
            Line(
                name=NAMES[name],
                values=lead[name] * factor,
                ink=name,
                dash=() if below else dash,
                width=6.0 if below else 1.8,
                points=horizon <= MOST_POINTS,
            )
        )
    return Chart(x=np.arange(1.0, horizon + 1), x_name="lead step", unit=unit, lines=lines, from_zero=True)


def cycle_chart(cycle: Cycle, values: npt.NDArray[np.float64], space: Space) -> Chart:
    """MAE by time of the calendar, scaled."""
    bars = Line(name="MAE", values=values * space.factor, ink="forecast")
    x, labels = np.arange(float(len(values))), tuple(cycle.labels)
    return Chart(
        x=x, kind="label", x_name=cycle.name, labels=labels, unit=space.unit, lines=[bars], from_zero=True, bars=True
    )


def learning_chart(history: History) -> Chart:
    """Loss and errors by epoch, and the epoch whose weights were kept."""
    epochs = np.arange(0.0, max([history.epoch[-1], *(other.epoch[-1] for other in history.others)]) + 1)
    few = len(epochs) <= MOST_POINTS

    def line(name: str, epoch: npt.NDArray[np.int64], values: npt.NDArray[np.float64], **look: Any) -> Line:
        placed = np.full(len(epochs), np.nan)
        placed[epoch] = values
        return Line(name=name, values=placed, **{"points": few, **look})

    kept = history.kept_epoch or 0
    free = np.append(0, history.epoch), np.append(history.before_training, history.val_loss)
    lines = [
        *(line(other.name, other.epoch, other.val_loss, ink="muted", width=1.0) for other in history.others),
        line("loss, train", history.epoch, history.loss, ink="ridge", dash=(2, 3)),
        line("free-running error, eval", *free, ink="forecast"),
    ]
    if history.teacher_forced is not None:
        forced = history.teacher_forced
        lines.append(line("teacher-forced error, eval", history.epoch, forced, ink="seasonal_naive", dash=(9, 4)))
    known = np.concatenate([each.values[np.isfinite(each.values)] for each in lines])
    at = np.array([kept])
    lines.append(line("weights kept", at, np.array([history.kept_error]), ink="ink", width=5.0, points=True))
    marks = [float(history.epoch[place]) - 0.5 for place in history.rate_changes]
    return Chart(x=epochs, x_name="epoch", unit="scaled", lines=lines, log=wide_range(known), marks=marks)


def autocorrelation_chart(found: Autocorrelation) -> Chart:
    """Autocorrelation of the residuals, with the band of independent ones."""
    band = Band(name="independent residuals, 95 %", lower=-found.bound, upper=found.bound, ink="muted")
    bars = Line(name="autocorrelation", values=found.value, ink="forecast")
    return Chart(x=found.lag.astype(float), x_name="lag, steps", unit="", lines=[bars], bands=[band], bars=True)


def series_charts(
    errors: SplitErrors, newest: Sequence[ShownWindow], *, grid: TimeGrid, unit: str, space: Space
) -> SeriesCharts:
    """Returns the charts of single series: their newest test forecast, and their error by lead step.

    Args:
        errors: Over the test split.
        newest: One window of each series that has charts, in the order of the list to choose from.
        grid: The grid of the series.
        unit: The target's unit.
        space: The space that errors are shown in.
    """
    place = {name: i for i, name in enumerate(errors.series_ids)}
    charts = {
        NEWEST: [
            window_chart(view, grid=grid, unit=unit, caption=newest_caption(view, grid=grid, unit=unit))
            for view in newest
        ]
    }
    if errors.series_lead_step and len(errors.lead_step["forecast"]) > 1:
        charts[LEAD_STEP] = [
            lead_step_chart(
                {name: values[place[view.series_id]] for name, values in errors.series_lead_step.items()},
                factor=space.factor,
                unit=space.unit,
            )
            for view in newest
        ]
    return SeriesCharts(
        names=[safe(view.series_id) for view in newest],
        first=len(newest) // 2,
        charts=charts,
        whole=frozenset({LEAD_STEP}),
    )
