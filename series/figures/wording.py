"""Numbers, times and spaces in words, the same everywhere on the page."""

import dataclasses
import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from tapeline.schemas.served_model import BASELINES, FORECAST
from tapeline.series.conformal import PERCENTS
from tapeline.series.cycles import HOUR, cycles_of
from tapeline.series.time_grid import TimeGrid

NAMES = {FORECAST: "this model", **BASELINES}
"""Forecasts, as people call them."""

METRICS = {
    "mae_scaled": "mean absolute error in scaled space",
    "mae": "mean absolute error",
    "rmse_scaled": "root mean squared error in scaled space",
    "rmse": "root mean squared error",
    "mase": "mean absolute scaled error",
    "smape": "symmetric mean absolute percentage error",
    "finite_share": "share of finite forecasts",
    "window_count": "number of test windows",
    "relative_mae": "mean absolute error over that of the best naive forecast",
    "skill_over_best_naive": "skill over the best naive forecast",
    "harmed_share": "share of series forecast worse than naively",
    "badly_harmed_share": "share of series forecast far worse than naively",
    "judged_series": "number of series with windows enough to be judged",
    **{f"skill_over_{baseline}": f"skill over {name}" for baseline, name in BASELINES.items()},
    **{f"mae_{baseline}": f"mean absolute error of {name}" for baseline, name in BASELINES.items()},
    **{
        f"mae_scaled_{baseline}": f"mean absolute error of {name} in scaled space"
        for baseline, name in BASELINES.items()
    },
    **{
        f"interval_coverage_{level}": f"share of targets inside the {level} % prediction interval" for level in PERCENTS
    },
    **{f"interval_width_{level}": f"mean width of the {level} % prediction interval" for level in PERCENTS},
    **{
        f"interval_width_{level}_scaled": f"mean width of the {level} % prediction interval in scaled space"
        for level in PERCENTS
    },
    "window_deviation": "deviation of the test windows from the data",
    "steps_before_test": "steps of test forecasts that lie before the test split",
    "scale_deviation": "deviation of the scales from those of the train rows",
    "target_influence": "influence of the horizon's targets on the forecast",
    "serving_process": "served by a process with TensorFlow alone",
    "serving_wrong_answers": "real requests with a wrong answer, or none",
    "serving_deviation": "largest difference of served forecasts from the Evaluator's, in units of the scale",
    "serving_wrong_refusals": "hostile requests that were not refused with a message",
    "serving_latency_ms": "time of one forecast, in milliseconds",
    "serving_memory_mib": "peak memory while serving, in MiB",
}
"""Metrics of the Evaluator and the ServingGate, as people call them; others go by their own names."""


@dataclasses.dataclass(frozen=True)
class Space:
    """The space that errors are shown in: its unit, and how many of these are one scaled unit.

    With one scale for all series this is the target's unit; series on scales
    of their own can only be compared in scaled space.
    """

    factor: float
    unit: str

    @classmethod
    def of(cls, scale: npt.NDArray[np.float64], unit: str) -> "Space":
        """The space for series with these scales `[S]`."""
        if np.all(scale == scale[0]):
            return cls(float(scale[0]), unit or "target units")
        return cls(1.0, "scaled")

    def text(self, scaled: float) -> str:
        """A scaled value in this space: `0.605 ppm`."""
        return f"{number(scaled * self.factor)} {self.unit}"


def number(value: float, digits: int = 3) -> str:
    """A number in few digits: `0.0102`, `12,346`, `3.2e-05`."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    if abs(value) >= 10**digits or value == int(value):
        text = f"{value:,.0f}"
    elif abs(value) < 1e-4:
        text = f"{value:.{digits - 1}e}"
    else:
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        text = f"{value:.{decimals}f}"
    return text.replace("-", "\u2212")


def percent(share: float) -> str:
    """A share in percent: `32 %`, `0.4 %`."""
    return f"{number(100 * share, 2)}\u00a0%" if math.isfinite(share) else number(share)


def signed_percent(share: float) -> str:
    """A share in percent with its sign."""
    return ("+" if share > 0 else "") + percent(share)


def count(many: int, noun: str) -> str:
    """`1 window`, `2,000 windows`; `series` stays as it is."""
    plural = noun if many == 1 or noun.endswith("s") else noun + "s"
    return f"{many:,} {plural}"


def when(seconds: int, grid: TimeGrid) -> str:
    """A time on the wall clock of the data: `2001-12-29`, `2014-03-01 05:30` where steps are shorter than a day."""
    time = pd.Timestamp(int(seconds), unit="s", tz="UTC").tz_convert(grid.timezone)
    return time.strftime("%Y-%m-%d %H:%M" if HOUR in cycles_of(grid) else "%Y-%m-%d")


def metric_name(name: str) -> str:
    """A metric as people call it, with a capital."""
    return capital(METRICS.get(name, name.replace("_", " ")))


def capital(text: str) -> str:
    """The text with a capital."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    return capital(text) + ("" if text.endswith((".", "!", "?")) else ".")
