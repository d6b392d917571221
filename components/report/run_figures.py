"""Figures of a run: forecasts of single windows, the course of training, the splits in time."""

import dataclasses
import functools
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator, NullFormatter

from tapeline.components.report.summary import Pick, ShownWindow, shown_steps
from tapeline.components.report.training_history import History
from tapeline.schemas.features import SINGLE_SERIES
from tapeline.series.figures.style import LIGHT, PLAIN, Figure, axes, legend, safe
from tapeline.series.figures.time_axis import date_axis, wall_clock
from tapeline.series.figures.wording import capital, count, number, when
from tapeline.series.time_grid import TimeGrid

NEWEST = "newest_forecast"
"""Key of the figure with the newest test forecast."""

_MOST_RATES_NAMED = 6
_RULES = {0: "least error of all windows", 100: "largest error of all windows"}


def window_figure(view: ShownWindow, pick: Pick, *, grid: TimeGrid, unit: str) -> Figure:
    """One forecast against the truth, chosen by its error."""
    rule = _RULES.get(pick.percentile, f"{pick.percentile}th percentile of the window error")
    error = _error(view, unit)
    of_series = _of_series(view, grid)
    return Figure(
        key=f"forecast_{pick.name}",
        title=f"{'The' if pick.percentile in _RULES else 'A'} {pick.name} window",
        caption=f"{capital(rule)}: {of_series}, {count(len(view.target), 'step')}; {error}.",
        alt=f"{_direction(view)} {capital(error)}, {rule}, {of_series}.",
        draw=functools.partial(_draw_window, view, grid, unit),
    )


def newest_figure(view: ShownWindow, *, grid: TimeGrid, unit: str) -> Figure:
    """The newest forecast of a series in the test split, against the truth."""
    return Figure(
        key=NEWEST,
        title="The newest test forecast",
        caption=newest_caption(view, grid=grid, unit=unit),
        alt=f"{_direction(view)} {newest_caption(view, grid=grid, unit=unit)}",
        draw=functools.partial(_draw_window, view, grid, unit),
        height=3.2,
    )


def newest_caption(view: ShownWindow, *, grid: TimeGrid, unit: str) -> str:
    """What stands below the newest forecast of a series."""
    return f"{capital(_of_series(view, grid))}, {count(len(view.target), 'step')}; {_error(view, unit)}."


def _draw_window(view: ShownWindow, grid: TimeGrid, unit: str, canvas: Canvas, narrow: bool) -> None:
    horizon, shown = len(view.target), shown_steps(view)
    first = int(grid.ordinals(np.array([view.forecast_start]))[0])
    times = wall_clock(grid.timestamps(np.arange(first - shown, first + horizon)), grid)
    past, ahead = times[:shown], times[shown:]
    ax = axes(canvas, title=unit)
    if view.interval is not None:
        label = "80 % prediction interval"
        ax.fill_between(ahead, *view.interval, color=LIGHT.forecast, alpha=0.2, linewidth=0, label=label)
    truth = np.concatenate([view.context[len(view.context) - shown :], view.target])
    ax.plot(times, truth, color=LIGHT.ink, linewidth=1.3, label="truth", **_lonely(truth))
    ax.plot(ahead, view.forecast, color=LIGHT.forecast, linestyle=(0, (5, 1.5)), linewidth=2.1, label="forecast")
    every = -(-horizon // 12)
    ax.plot(ahead[::every], view.forecast[::every], "o", color=LIGHT.forecast, markersize=4)
    edge = past[-1] + (ahead[0] - past[-1]) / 2
    ax.axvline(edge, color=LIGHT.muted, linewidth=0.9, linestyle=(0, (2, 2)), label="cutoff")
    date_axis(ax, narrow)
    legend(canvas, ax, columns=2 if narrow else 4)


def _of_series(view: ShownWindow, grid: TimeGrid) -> str:
    series = "" if view.series_id == SINGLE_SERIES.encode() else f"series {safe(view.series_id)}, "
    return f"{series}forecast from {when(view.forecast_start, grid)}"


def _error(view: ShownWindow, unit: str) -> str:
    if not np.isfinite(view.forecast).all():
        return "forecasts that are not finite"
    if not np.isfinite(view.target).any():
        return "the truth was not measured"
    return f"mean absolute error {number(float(np.nanmean(np.abs(view.forecast - view.target))))} {unit}"


def _direction(view: ShownWindow) -> str:
    """Where the forecast lies and where the truth went."""
    seen = np.flatnonzero(np.isfinite(view.target) & np.isfinite(view.forecast))
    if not len(seen):
        return "There is no measured value to compare with a finite forecast."
    last = seen[-1]
    below = (view.forecast[seen] < view.target[seen]).sum()
    return (
        f"At lead step {last + 1} the truth is {number(view.target[last], 4)}, the forecast "
        f"{number(view.forecast[last], 4)}; {below} of {len(seen)} forecast values lie below the truth."
    )


def _lonely(values: npt.NDArray[np.float64]) -> dict[str, Any]:
    """A marker where a line cannot show a value, because neither neighbour was measured."""
    measured = np.concatenate([[False], np.isfinite(values), [False]])
    alone = measured[1:-1] & ~measured[:-2] & ~measured[2:]
    return {"marker": ".", "markevery": np.flatnonzero(alone).tolist()} if alone.any() else {}


def learning_figure(history: History) -> Figure:
    """Loss and validation error by epoch, with the changes of the learning rate and the best epoch."""
    kept = history.kept_epoch or 0
    lines = {
        "loss, train": (history.epoch, history.loss),
        "free-running error, eval": (np.append(0, history.epoch), np.append(history.before_training, history.val_loss)),
    }
    if history.teacher_forced is not None:
        lines["teacher-forced error, eval"] = (history.epoch, history.teacher_forced)
    styles: tuple[dict[str, Any], ...] = (
        {"color": LIGHT.ridge, "linestyle": (0, (1, 1.4))},
        {"color": LIGHT.forecast, "linestyle": "-"},
        {"color": LIGHT.seasonal_naive, "linestyle": (0, (5, 2))},
    )

    def draw(canvas: Canvas, narrow: bool) -> None:
        ax = axes(canvas, title="error, scaled", x_label="epoch")
        for place, other in enumerate(history.others):
            label = "free-running error, other candidates" if place == 0 else None
            ax.plot(
                other.epoch, other.val_loss, color=LIGHT.muted, linewidth=0.9, label=label, **_lonely(other.val_loss)
            )
        for (name, (epochs, values)), style in zip(lines.items(), styles, strict=False):
            ax.plot(epochs, values, label=name, **_lonely(values), **style)
        ring: dict[str, Any] = {"marker": "o", "markersize": 8, "markerfacecolor": LIGHT.paper}
        ax.plot([kept], [history.kept_error], color=LIGHT.forecast, linestyle="none", label="weights kept", **ring)
        finite = np.concatenate([values[np.isfinite(values)] for _, values in lines.values()])
        if wide_range(finite):
            ax.set_yscale("log")
            ax.yaxis.set_major_formatter(PLAIN)
            ax.yaxis.set_minor_formatter(PLAIN if finite.max() < 30 * finite.min() else NullFormatter())
        _mark_rates(ax, history, narrow)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6 if narrow else 12))
        legend(canvas, ax, columns=1 if narrow else 2)

    changes = len(history.rate_changes)
    where = f"the weights of epoch {kept}" if kept else "the weights from before training: no epoch was better"
    return Figure(
        key="learning_curves",
        title="Learning curves",
        caption=(
            "By epoch, in scaled space"
            + (", of the candidate that was best by itself" if history.others else "")
            + ". Epoch 0 is before training. The mark is at the epoch whose weights were kept. "
            + ("Vertical lines: the learning rate changes. " if changes else "The learning rate never changed. ")
            + "The loss may be weighted by lead step and is measured while the weights still change, "
            "so compare its course, not its height."
        ),
        alt=(
            f"After {len(history.epoch)} epochs the model has {where}. Its free-running error on the eval split goes "
            f"from {number(history.before_training, 4)} to {number(history.kept_error, 4)}, the loss from "
            f"{number(history.loss[0], 4)} to {number(history.loss[-1], 4)}. The learning rate changes {changes} times, "
            f"from {number(history.learning_rate[0])} to {number(history.learning_rate[-1])}."
        ),
        draw=draw,
        height=3.5,
        narrow_height=3.7,
    )


def wide_range(values: npt.NDArray[np.float64]) -> bool:
    """Whether finite values need a logarithmic axis."""
    return bool(len(values) and values.min() > 0 and values.max() > 8 * values.min())


def _mark_rates(ax: Axes, history: History, narrow: bool) -> None:
    changes = history.rate_changes
    named = len(changes) <= (_MOST_RATES_NAMED // 2 if narrow else _MOST_RATES_NAMED)
    for place in changes:
        ax.axvline(history.epoch[place] - 0.5, color=LIGHT.muted, linewidth=0.9, linestyle=(0, (2, 2)))
        if named:
            ax.annotate(
                f"rate {history.learning_rate[place]:.2g}",
                (history.epoch[place] - 0.5, 1),
                (3, -2),
                xycoords=ax.get_xaxis_transform(),
                textcoords="offset points",
                rotation=90,
                va="top",
                fontsize=8,
                color=LIGHT.muted,
            )


@dataclasses.dataclass(frozen=True)
class SplitExtent:
    """One split in time, from its first row to its last in epoch seconds; None without rows."""

    name: str
    rows: int
    first: int | None
    last: int | None


def timeline_figure(splits: tuple[SplitExtent, ...], *, grid: TimeGrid, own_ends: bool = False) -> Figure:
    """The splits on a line of time.

    Args:
        splits: Their extents over all series.
        grid: The regular times.
        own_ends: Whether each series was cut by its own end, so that the splits overlap.
    """
    styles: tuple[dict[str, Any], ...] = (
        {"color": LIGHT.muted},
        {"facecolor": "none", "edgecolor": LIGHT.seasonal_naive, "hatch": "///"},
        {"color": LIGHT.forecast},
    )
    known = [split for split in splits if split.first is not None and split.last is not None]

    def draw(canvas: Canvas, narrow: bool) -> None:
        ax = axes(canvas, title="")
        for place, (split, style) in enumerate(zip(splits, styles, strict=False)):
            if split in known:
                start, end = wall_clock(np.array([split.first, split.last]), grid)
                ax.barh(-place, end - start, left=start, height=0.5, **style)
        ax.margins(x=0.01)
        ax.set_yticks([-place for place in range(len(splits))], [split.name for split in splits])
        ax.grid(visible=False, axis="y")
        ax.xaxis_date()
        date_axis(ax, narrow)

    extents = "; ".join(
        f"{split.name} {split.rows:,} rows from {when(split.first, grid)} to {when(split.last, grid)}"  # type: ignore[arg-type]
        for split in known
    )
    return Figure(
        key="splits",
        title="Splits in time",
        caption="The model is trained on the first rows, selected on those after them, and judged once, on the last.",
        alt=f"The splits {'overlap over all series' if own_ends else 'follow each other'}: {extents}.",
        draw=draw,
        height=1.5,
    )
