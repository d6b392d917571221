"""Figures of a backtest: all folds against the baselines, and the forecasts of each fold."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from tapeline.components.report.summary import ShownWindow
from tapeline.pipeline.backtest.folds import spread
from tapeline.pipeline.backtest.tables import FoldScore
from tapeline.schemas.features import SINGLE_SERIES
from tapeline.schemas.served_model import BASELINES
from tapeline.series.figures.style import FORECAST_STYLES, LIGHT, PLAIN, Figure, axes, legend, safe
from tapeline.series.figures.time_axis import date_axis, wall_clock
from tapeline.series.figures.wording import NAMES, count, number, percent, when
from tapeline.series.time_grid import TimeGrid

_SPLITS: dict[str, dict[str, Any]] = {
    "train": {"color": LIGHT.grid},
    "eval": {"facecolor": "none", "edgecolor": LIGHT.muted, "hatch": "/////", "linewidth": 0.6},
    "test": {"color": LIGHT.forecast},
}
_MOST_RATIO = 8
"""Largest error over the smallest from which errors are drawn by ratio."""

_CONTEXT_HORIZONS = 2
"""Horizons of measured values that are shown before the first forecast."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ForecastStrip:
    """Windows of one series that follow each other, first steps on the grid `[N]`; `left_out` more would have."""

    windows: list[ShownWindow]
    steps: npt.NDArray[np.int64]
    left_out: int


def overview_figure(scores: Sequence[FoldScore], *, grid: TimeGrid) -> Figure:
    """Where the folds lie, and in the same rows the error of each against the baselines."""
    space = scores[0].space
    rows = np.arange(len(scores))

    def draw(canvas: Canvas, narrow: bool) -> None:
        times, errors = canvas.subplots(1, 2, sharey=True, width_ratios=(1, 1.2))
        for row, score in zip(rows, scores, strict=True):
            _bars(times, row, score, grid)
        times.set_yticks(rows, [f"fold {score.number}" for score in scores])
        times.invert_yaxis()
        times.xaxis_date()
        date_axis(times, True)
        times.margins(x=0.01)
        times.grid(visible=False, axis="y")
        _dots(errors, rows, scores)
        by_ratio = ", by ratio" if errors.get_xscale() == "log" else ""
        errors.set_xlabel(f"MAE of the test windows, {space.unit}{by_ratio}")
        for ax in (times, errors):
            ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, handlelength=1.6, columnspacing=1.2)

    return Figure(
        key="backtest",
        title="Backtest",
        caption=f"{count(len(scores), 'fold')}: where each is trained and tested, and its error, {space.unit}.",
        alt=_finding(scores),
        draw=draw,
        height=1.5 + 0.36 * len(scores),
    )


def _bars(ax: Axes, row: int, score: FoldScore, grid: TimeGrid) -> None:
    cuts = score.cuts
    edges = wall_clock(grid.timestamps([cuts.train_start, cuts.eval_start, cuts.test_start, cuts.end]), grid)
    for (name, style), left, right in zip(_SPLITS.items(), edges, edges[1:], strict=False):
        ax.barh(row, right - left, left=left, height=0.5, label=name if row == 0 else None, **style)


def _dots(ax: Axes, rows: npt.NDArray[np.int64], scores: Sequence[FoldScore]) -> None:
    """The baselines over the model, fold by fold, with the model's mean and spread behind."""
    errors = [score.model for score in scores]
    ax.plot(errors, rows, "o", color=LIGHT.forecast, markersize=10, label="model")
    for name in BASELINES:
        style = {**FORECAST_STYLES[name], "linestyle": "none"}
        ax.plot([score.baselines[name] for score in scores], rows, label=NAMES[name], **style)
    mean, deviation = spread(errors)
    if np.isfinite(deviation):
        ax.axvspan(mean - deviation, mean + deviation, color=LIGHT.forecast, alpha=0.12, linewidth=0)
        ax.axvline(mean, color=LIGHT.forecast, linewidth=1.1, linestyle=(0, (4, 2)), zorder=1, label="mean \u00b1 sd")
    for row, score in zip(rows, scores, strict=True):
        text = f"{number(score.model)}  ({100 * score.skill:+.1f}\u00a0%)" if np.isfinite(score.model) else "not finite"
        ax.annotate(text.replace("-", "\u2212"), (1, row), (4, 0), xycoords=ax.get_yaxis_transform(), **_BESIDE)
    ax.annotate("model (skill)", (1, 1), (4, 4), xycoords="axes fraction", **{**_BESIDE, "va": "bottom"})
    _scale(ax, [value for score in scores for value in (score.model, *score.baselines.values())])
    ax.margins(y=0.6 / (len(rows) + 1))
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")


_BESIDE: dict[str, Any] = {
    "textcoords": "offset points",
    "va": "center",
    "fontsize": 8.5,
    "color": LIGHT.muted,
    "annotation_clip": False,
}


def _scale(ax: Axes, values: Sequence[float]) -> None:
    """From zero, or by ratio where one baseline would push all others into a corner."""
    finite = [value for value in values if np.isfinite(value) and value > 0]
    ax.xaxis.set_major_formatter(PLAIN)
    if finite and max(finite) > _MOST_RATIO * min(finite):
        ax.set_xscale("log")
        ax.set_xlim(min(finite) / 1.3, max(finite) * 1.3)
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=8))
        ax.xaxis.set_major_formatter(PLAIN)
        ax.xaxis.set_minor_locator(NullLocator())
    else:
        ax.set_xlim(0, 1.06 * max(finite, default=1.0))
        ax.xaxis.set_major_locator(MaxNLocator(nbins=5))


def _finding(scores: Sequence[FoldScore]) -> str:
    errors = np.array([score.model for score in scores])
    best = sum(all(score.model <= value for value in score.baselines.values()) for score in scores)
    unit = scores[0].space.unit
    return (
        f"The model errs by {number(errors.min())} to {number(errors.max())} {unit} over {count(len(scores), 'fold')}, "
        f"on average by {number(errors.mean())}. It errs at most as much as each of {len(BASELINES)} baselines in "
        f"{best} of {len(scores)}."
    )


def fold_figure(score: FoldScore, strip: ForecastStrip, *, grid: TimeGrid) -> Figure:
    """Forecasts that follow each other through a fold's test span, against the truth."""
    first = strip.windows[0]
    horizon = len(first.target)
    before = first.context[-min(len(first.context), _CONTEXT_HORIZONS * horizon) :]
    clocks = [wall_clock(grid.timestamps(step + np.arange(-len(before), horizon)), grid) for step in strip.steps]
    unit = score.result.unit or "target"
    series = "" if first.series_id == SINGLE_SERIES.encode() else f"series {safe(first.series_id)}, "

    def draw(canvas: Canvas, narrow: bool) -> None:
        shown = "" if not strip.left_out else f", the first {len(strip.steps)} forecasts"
        start = when(int(grid.timestamps([score.cuts.test_start])[0]), grid)
        ax = axes(canvas, title=f"{series}{unit}; fold {score.number}, tested from {start}{shown}")
        times = [clocks[0][: len(before)], *(clock[len(before) :] for clock in clocks)]
        truth = [before, *(window.target for window in strip.windows)]
        ax.plot(np.concatenate(times), np.concatenate(truth), color=LIGHT.ink, linewidth=1.2, label="truth")
        for at, (ahead, window) in enumerate(zip(times[1:], strip.windows, strict=True)):
            label = f"forecasts, {count(horizon, 'step')} each" if at == 0 else None
            ax.plot(ahead, window.forecast, color=LIGHT.forecast, linestyle=(0, (4, 1.2)), linewidth=1.9, label=label)
            ax.plot(ahead[:1], window.forecast[:1], "o", color=LIGHT.forecast, markersize=4)
        date_axis(ax, narrow)
        ax.margins(x=0.01)
        legend(canvas, ax, columns=2)

    return Figure(
        key=f"fold-{score.number:02d}",
        title=f"Fold {score.number}",
        caption=f"{count(len(strip.steps), 'forecast')} of {count(horizon, 'step')}, each from the truth before it.",
        alt=(
            f"Fold {score.number}: mean absolute error {score.space.text(score.metric('mae_scaled'))}, "
            f"{percent(score.skill)} less than the best baseline."
        ),
        draw=draw,
        height=2.9,
    )
