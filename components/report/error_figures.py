"""Figures of errors: by lead step, by series, by time of the calendar, and what is left in the residuals."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from tapeline.components.report.summary import Autocorrelation, worst_series
from tapeline.components.report.window_errors import SplitErrors
from tapeline.series.cycles import Cycle
from tapeline.series.figures.style import FORECAST_STYLES, LIGHT, Figure, axes, legend, safe
from tapeline.series.figures.wording import NAMES, Space, capital, count, number, percent

MOST_SERIES = 20

LEAD_STEP = "mae_by_lead_step"
"""Key of the figure of errors by lead step."""

_MARKERS = 12
_BINS = 48


def lead_step_figure(errors: SplitErrors, space: Space) -> Figure:
    """MAE by lead step, against the baselines."""
    values = {name: errors.lead_step[name] * space.factor for name in FORECAST_STYLES}
    hidden = coinciding(values)
    horizon = len(values["forecast"])
    steps = np.arange(1, horizon + 1)

    def draw(canvas: Canvas, narrow: bool) -> None:
        ax = axes(canvas, title=f"MAE, {space.unit}", x_label="lead step")
        if horizon == 1:
            heights = [values[name][0] for name in FORECAST_STYLES]
            inks = [style["color"] for style in FORECAST_STYLES.values()]
            ax.bar([NAMES[name] for name in FORECAST_STYLES], heights, color=inks, width=0.6)
            ax.set_xlabel("")
            return
        every = -(-horizon // _MARKERS)
        for place, (name, style) in enumerate(FORECAST_STYLES.items()):
            # Markers take turns along the steps: lines that lie on each other still show all of theirs.
            marks = (min(place * every // len(FORECAST_STYLES), horizon - 1), every)
            below = {"linewidth": 5.5, "linestyle": "-"} if name in hidden else {}
            ax.plot(steps, values[name], label=NAMES[name], markevery=marks, clip_on=False, **{**style, **below})
        ax.set_ylim(bottom=0)
        ax.set_xlim(1, horizon)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6 if narrow else 12))
        legend(canvas, ax, columns=2 if narrow else 4)

    return Figure(
        key=LEAD_STEP,
        title="Error by lead step",
        caption=(
            f"Mean absolute error, {space.unit}, of each step ahead over the same test windows, free-running: "
            "the model reads its own forecasts, never the truth after the cutoff."
            + "".join(f" {capital(NAMES[one])} and {NAMES[other]} coincide." for one, other in hidden.items())
        ),
        alt=_lead_step_finding(values, space),
        draw=draw,
        height=3.5,
    )


def coinciding(lead: Mapping[str, npt.NDArray[np.float64]]) -> dict[str, str]:
    """Returns the forecasts that another one, drawn later, lies upon; each with the one that hides it."""
    names = list(FORECAST_STYLES)
    return {
        name: later
        for place, name in enumerate(names)
        for later in names[place + 1 :]
        if np.allclose(lead[name], lead[later], rtol=1e-3, atol=0.0, equal_nan=True)
    }


def _lead_step_finding(values: dict[str, npt.NDArray[np.float64]], space: Space) -> str:
    model = values["forecast"]
    others = ", ".join(f"{NAMES[name]} {number(values[name][-1])}" for name in FORECAST_STYLES if name != "forecast")
    best = np.all([model <= values[name] for name in FORECAST_STYLES], axis=0).sum()
    if len(model) == 1:
        return f"The model errs by {number(model[0])} {space.unit} one step ahead; {others}."
    return (
        f"The model errs by {number(model[0])} {space.unit} at lead step 1 and by {number(model[-1])} at lead step "
        f"{len(model)}, where the others err by: {others}. Its error is at most that of each of them at "
        f"{best} of {len(model)} lead steps."
    )


def series_figure(errors: SplitErrors) -> Figure:
    """Error of the series over that of their best naive forecast, the worst first."""
    total = len(errors.series_ids)
    shown = worst_series(errors, most=MOST_SERIES)
    relative = errors.series_relative_mae
    names = [safe(errors.series_ids[i], 26) for i in shown]
    height = 0.9 + 0.24 * len(shown)

    def draw(canvas: Canvas, narrow: bool) -> None:
        ax = axes(canvas, title="", x_label="MAE over that of the best naive forecast")
        place = np.arange(len(shown))[::-1]
        lengths = np.where(np.isfinite(relative[shown]), relative[shown], 0.0)
        ax.barh(place, lengths, height=0.62, color=LIGHT.forecast)
        for y, length, value in zip(place, lengths, relative[shown], strict=True):
            text = number(value, 2) if np.isfinite(value) else "not finite"
            # On paper of its own: the line may run behind it.
            box = {"facecolor": LIGHT.paper, "edgecolor": "none", "pad": 0.6}
            ax.annotate(text, (length, y), (4, 0), textcoords="offset points", va="center", fontsize=8.5, bbox=box)
        ax.set_yticks(place, [safe(name, 14) for name in names] if narrow else names)
        ax.grid(visible=False, axis="y")
        ax.margins(x=0.16)
        ax.axvline(1.0, color=LIGHT.ink, linewidth=1.1, linestyle=(0, (4, 2)), label="as good as the naive forecast")
        legend(canvas, ax, columns=1)

    selection = f"The {len(shown)} worst of {total:,} series" if len(shown) < total else f"All {total:,} series"
    worse = int((~(relative[~np.isnan(errors.series_mae)] <= 1.0)).sum())
    return Figure(
        key="relative_mae_by_series",
        title="Error by series",
        caption=(
            f"{selection}, the least skill first: the mean absolute error over that of the series' own best naive "
            "forecast (its last value, or its last season). Right of the broken line a series is forecast worse than that."
        ),
        alt=(
            f"{selection} by error over that of the best naive forecast. The worst is {names[0]} with "
            f"{number(relative[shown[0]], 2)}; {worse:,} of {total:,} series are forecast worse than naively."
        ),
        draw=draw,
        height=height,
    )


def cycle_figure(cycle: Cycle, values: npt.NDArray[np.float64], overall: float, space: Space) -> Figure:
    """MAE by time of the calendar: scaled values by phase, NaN without targets, and that over all targets."""
    shown = values * space.factor

    def draw(canvas: Canvas, narrow: bool) -> None:
        ax = axes(canvas, title=f"MAE, {space.unit}", x_label=cycle.name)
        place = np.arange(len(shown))
        ax.bar(place, np.where(np.isfinite(shown), shown, 0.0), width=0.7, color=LIGHT.forecast)
        if np.isfinite(overall):
            ax.axhline(overall * space.factor, color=LIGHT.ink, linewidth=1.1, linestyle=(0, (4, 2)), label="overall")
            legend(canvas, ax, columns=1)
        every = 1 if len(shown) <= 7 else 4 if len(shown) > 12 else (2 if narrow else 1)
        ax.set_xticks(place[::every], cycle.labels[::every])

    finite = np.flatnonzero(np.isfinite(shown))
    alt = f"No finite error by {cycle.name}."
    if len(finite):
        high, low = finite[np.argmax(shown[finite])], finite[np.argmin(shown[finite])]
        alt = (
            f"The error is largest for {cycle.labels[high]} with {number(shown[high])} {space.unit} and smallest for "
            f"{cycle.labels[low]} with {number(shown[low])}; overall {number(overall * space.factor)}."
        )
    return Figure(
        key=f"mae_by_{cycle.field}",
        title=f"Error by {cycle.name}",
        caption=f"Mean absolute error, {space.unit}, of the forecast values that lie in each {cycle.name}.",
        alt=alt,
        draw=draw,
    )


def residual_figure(errors: SplitErrors, space: Space) -> Figure:
    """Distribution of the residuals."""
    values = errors.residuals.astype(np.float64) * space.factor
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    # A few wild residuals must not squeeze all others into one bar.
    edge = max(np.quantile(np.abs(values), 0.995) * 1.15, 1e-12)
    inside = np.clip(values, -edge, edge)

    def draw(canvas: Canvas, narrow: bool) -> None:
        ax = axes(canvas, title="share of residuals, %", x_label=f"forecast \u2212 truth, {space.unit}")
        ax.set_title(ax.get_title(loc="left"), pad=22)  # The quantiles are named between title and axes.
        weights = np.full(len(inside), 100.0 / len(inside))
        ax.hist(
            inside, bins=_BINS // 2 if narrow else _BINS, range=(-edge, edge), weights=weights, color=LIGHT.forecast
        )
        for value, text in ((low, "5 %"), (middle, "median"), (high, "95 %")):
            ax.axvline(value, color=LIGHT.ink, linewidth=1.1, linestyle="-" if value == middle else (0, (4, 2)))
            place: dict[str, Any] = {"xycoords": ax.get_xaxis_transform(), "textcoords": "offset points"}
            ax.annotate(text, (value, 1), (0, 2), ha="center", fontsize=8.5, **place)
        ax.xaxis.set_major_locator(MaxNLocator(nbins=5 if narrow else 9))

    sampled = f" Those of every {errors.residual_stride:,}th window." if errors.residual_stride > 1 else ""
    beyond = (np.abs(values) > edge).mean()
    tails = f" The outermost bars hold the {percent(beyond)} that lie further out." if beyond else ""
    return Figure(
        key="residuals",
        title="Distribution of the residuals",
        caption=f"{count(len(values), 'residual')} of all lead steps, {space.unit}.{sampled}{tails}",
        alt=(
            f"Distribution of forecast minus truth: median {number(middle)} {space.unit}, 90 % of all residuals lie "
            f"between {number(low)} and {number(high)}; the mean is {number(values.mean())}."
        ),
        draw=draw,
    )


def autocorrelation_figure(found: Autocorrelation) -> Figure:
    """Autocorrelation of the residuals one step ahead."""

    def draw(canvas: Canvas, narrow: bool) -> None:
        ax = axes(canvas, title="autocorrelation", x_label="lag, steps")
        ax.fill_between(found.lag, -found.bound, found.bound, color=LIGHT.muted, alpha=0.18, linewidth=0)
        ax.vlines(found.lag, 0, found.value, color=LIGHT.forecast, linewidth=1.6)
        ax.plot(found.lag, found.value, "o", color=LIGHT.forecast, markersize=3 if narrow else 3.6)
        ax.axhline(0, color=LIGHT.muted, linewidth=0.8)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6 if narrow else 12))

    strongest = int(np.nanargmax(np.abs(found.value)))
    return Figure(
        key="residual_autocorrelation",
        title="Autocorrelation of the residuals",
        caption=(
            "Autocorrelation of the residuals one step ahead, where windows do not overlap. In the grey band lie "
            "95 % of the values of independent residuals; beyond it, the model does not use all that the past tells."
        ),
        alt=(
            f"{found.outside} of {len(found.lag)} autocorrelations lie beyond the band of independent residuals; by "
            f"chance it would be about {0.05 * len(found.lag):.0f}. At lag {found.lag[0]} it is "
            f"{number(found.value[0], 2)}; the strongest is {number(found.value[strongest], 2)} at lag "
            f"{found.lag[strongest]}."
        ),
        draw=draw,
    )
