"""What a reader wants to know of the errors: which windows to look at, which series, what is left in the residuals.

`pick_windows` and `newest_windows` choose the windows, `overall_interval` bootstraps the error,
`worst_series` orders the series, `autocorrelation` looks into the residuals.
"""

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from tapeline.components.report.bootstrap import Interval, block_length, errors_by_start, mae_interval
from tapeline.components.report.window_errors import SplitErrors, Values
from tapeline.series.time_grid import TimeGrid

MOST_LAGS = 60

MOST_CHOICES = 1_000
"""Series to choose from on the page."""

MOST_VALUES = 300_000
"""Values in the charts of single series: some 2 MB of the page."""

_LEAST_CONTEXT = 20


@dataclasses.dataclass(frozen=True)
class Pick:
    """A window that is shown: the rule that chose it, its position, and its MAE (infinite if a forecast is)."""

    name: str
    percentile: int
    window: int
    mae_scaled: float


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class ShownWindow:
    """A window in the target's unit, with the model's forecast of it.

    Attributes:
        series_id: Its series.
        forecast_start: Epoch seconds of the first forecast value.
        context: Values before it, NaN where nothing was measured `[T]`.
        target: The truth `[H]`, NaN where unobserved.
        forecast: The forecast `[H]`.
        interval: Lower and upper end of the 80 % prediction interval, each `[H]`; None for a model without.
        scale: Target units in one scaled unit.
    """

    series_id: bytes
    forecast_start: int
    context: Values
    target: Values
    forecast: Values
    interval: tuple[Values, Values] | None
    scale: float


def shown_steps(view: ShownWindow) -> int:
    """Returns how many steps of the context are shown before the forecast."""
    return min(len(view.context), max(2 * len(view.target), _LEAST_CONTEXT))


def newest_windows(errors: SplitErrors, *, horizon: int) -> npt.NDArray[np.int64]:
    """Returns the position of the newest window of each series that has a chart of its own, by skill, the least first.

    Of more series than a page should hold, it takes those evenly spaced by skill, the first and the last among them.
    """
    order = worst_series(errors, most=len(errors.series_ids))
    # Truth over context and horizon, forecast and interval, four errors by lead step.
    values = max(2 * horizon, _LEAST_CONTEXT) + 8 * horizon
    most = max(1, min(MOST_CHOICES, MOST_VALUES // values))
    if len(order) > most:
        order = order[np.round(np.linspace(0, len(order) - 1, most)).astype(np.int64)]
    newest = np.lexsort((errors.forecast_start, errors.series))
    # The last one of each series, where windows are ordered by series and time.
    last = np.searchsorted(errors.series[newest], order, side="right") - 1
    positions: npt.NDArray[np.int64] = newest[last]
    return positions


_PERCENTILES = {"typical": 50, "best": 0, "worst": 100, "good": 5, "poor": 95}


def pick_windows(errors: SplitErrors) -> tuple[Pick, ...]:
    """Returns the windows at the 50th, 0th, 100th, 5th and 95th percentile of the window MAE.

    Windows of equal MAE are ordered by series and forecast start, so that one
    set of windows always gives one choice. Fewer than five windows give fewer
    picks: none is shown twice.
    """
    mae = errors.window_mae
    judged = np.flatnonzero(~np.isnan(mae))
    order = judged[np.lexsort((errors.forecast_start[judged], errors.series[judged], mae[judged]))]
    picks: dict[int, Pick] = {}
    for name, percentile in _PERCENTILES.items():
        if not len(order):
            break
        # Nearest rank; half a rank goes up, as percentiles are counted from the best.
        window = int(order[math.floor(percentile / 100 * (len(order) - 1) + 0.5)])
        picks.setdefault(window, Pick(name, percentile, window, float(mae[window])))
    return tuple(picks.values())


@dataclasses.dataclass(frozen=True)
class OverallInterval:
    """The bootstrap intervals of the overall MAE over `starts` forecast starts, scaled and in the target's unit.

    None where there are too few forecast starts, or no finite MAE.
    """

    scaled: Interval | None
    in_unit: Interval | None
    starts: int
    block_length: int


def overall_interval(errors: SplitErrors, *, horizon: int, stride: int) -> OverallInterval:
    """Bootstraps the MAE over forecast starts that are `stride` steps apart."""
    by_start = [
        errors_by_start(errors.forecast_start, absolute, errors.observed.astype(np.float64))
        for absolute in (errors.absolute, errors.absolute_in_unit)
    ]
    starts = len(by_start[0].absolute)
    length = block_length(starts, overlap=math.ceil(horizon / stride))
    scaled, in_unit = (mae_interval(each, block_length=length) for each in by_start)
    return OverallInterval(scaled=scaled, in_unit=in_unit, starts=starts, block_length=length)


def worst_series(errors: SplitErrors, *, most: int) -> npt.NDArray[np.int64]:
    """Returns the positions of the series with the least skill, the worst first; those without a finite error lead.

    Skill is over each series' best naive forecast: an error in scaled space tells which series is large, or restless,
    not which one is forecast badly.
    """
    mae = errors.series_relative_mae
    judged = np.flatnonzero(np.bincount(errors.series, weights=errors.observed, minlength=len(mae)) > 0)
    return judged[np.argsort(-np.where(np.isfinite(mae), mae, np.inf)[judged], kind="stable")][:most]


@dataclasses.dataclass(frozen=True)
class Autocorrelation:
    """How errors one step ahead follow from those before.

    Attributes:
        lag: Steps `[L]`.
        value: Correlation of residuals at that distance `[L]`; NaN where no two lie so far apart.
        bound: 95 % of the values of independent residuals lie within plus and minus this `[L]`.
    """

    lag: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    bound: npt.NDArray[np.float64]

    @property
    def outside(self) -> int:
        """Number of lags beyond the bound."""
        return int((np.abs(self.value) > self.bound).sum())


def autocorrelation(errors: SplitErrors, *, grid: TimeGrid, stride: int) -> Autocorrelation | None:
    """Returns the autocorrelation of the residuals at lead step 1, over all series together.

    Only the first lead step is free of overlap: two forecasts `h` steps ahead
    share `h - 1` steps of surprise, and are correlated whatever the model does.

    `stride` is the number of steps between neighbouring forecast starts.

    Returns:
        Lags from one stride to `MOST_LAGS` of them, at most a quarter of the forecast starts;
        None where that leaves no lag, or the residuals do not vary.
    """
    usable = np.isfinite(errors.first_residual)
    series, residual = errors.series[usable].astype(np.int64), errors.first_residual[usable]
    steps = grid.ordinals(errors.forecast_start[usable])
    count = min(MOST_LAGS, len(np.unique(steps)) // 4)
    if not count or np.ptp(residual) == 0.0:
        return None
    # One ascending number a window; series lie so far apart that no lag reaches from one into the next.
    span = int(np.ptp(steps)) + count * stride + 1
    place = series * span + steps - steps.min()
    order = np.argsort(place)
    place, residual = place[order], residual[order] - residual.mean()
    lags = np.arange(1, count + 1) * stride
    value, pairs = np.full(count, np.nan), np.zeros(count)
    for i, lag in enumerate(lags):
        later = np.minimum(np.searchsorted(place, place + lag), len(place) - 1)
        earlier = np.flatnonzero(place[later] == place + lag)
        pairs[i] = len(earlier)
        if len(earlier):
            value[i] = (residual[earlier] * residual[later[earlier]]).mean() / np.square(residual).mean()
    with np.errstate(divide="ignore"):
        return Autocorrelation(lag=lags, value=value, bound=1.96 / np.sqrt(pairs))
