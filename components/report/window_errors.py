"""Errors over the test windows, summed batch by batch: any number of windows in little memory.

`ErrorCollector` takes batches of windows with their forecasts, `SplitErrors` is
what comes of them; its `mae_scaled` is the number that TFMA must agree with.
A few numbers stay of each window; everything else is summed by lead step and by
time of the calendar. The residuals are kept for their distribution; where there
are too many, those of every 2nd, 4th, ... window (`residual_sample`).
Letters: `N` windows, `S` series, `H` horizon.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tapeline.components.report.residual_sample import ResidualSample
from tapeline.schemas.served_model import BASELINES, FORECAST, NAIVE
from tapeline.series.cycles import Cycle, cycles_of
from tapeline.series.series_skill import relative_mae
from tapeline.series.time_grid import TimeGrid

MOST_APART = 1_000
"""Series whose errors by lead step are kept apart; of more series none are."""

Values: TypeAlias = npt.NDArray[np.float64]
Counts: TypeAlias = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScoredBatch:
    """Windows with the model's forecasts of them.

    Attributes:
        series_id: Series of each window, bytes `[B]`.
        forecast_start: Epoch seconds `[B]`.
        target: Truth in scaled space `[B, H]`, NaN where unobserved.
        forecasts: `forecast` and each baseline, scaled `[B, H]`.
        scale: Units of the target in one scaled unit `[B]`.
        usual_error: Error of "as a season ago" within the train split of the series, scaled `[B]`; NaN where there is none.
    """

    series_id: npt.NDArray[np.object_]
    forecast_start: Counts
    target: Values
    forecasts: Mapping[str, Values]
    scale: Values
    usual_error: Values

    def __post_init__(self) -> None:
        for name, forecast in self.forecasts.items():
            if forecast.shape != self.target.shape:
                raise ValueError(f"{name} has shape {forecast.shape}, target {self.target.shape}: both must be [B, H].")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SplitErrors:
    """What is known of the errors over a split.

    Attributes:
        series_ids: Names of the series, sorted, `[S]`.
        scale: Units of the target in one scaled unit, by series `[S]`.
        usual_error: Error of "as a season ago" within the train split, scaled, by series `[S]`.
        series: Position of each window's series in `series_ids` `[N]`.
        forecast_start: Epoch seconds `[N]`.
        absolute: Sum of absolute errors of each window, scaled `[N]`; not finite where a forecast is not.
        naive: Sum of absolute errors of each naive forecast of each window, scaled `[N, len(NAIVE)]`.
        observed: Number of observed targets of each window `[N]`.
        first_residual: Forecast minus truth at lead step 1, scaled `[N]`; NaN where unobserved.
        lead_step: MAE by lead step of `forecast` and each baseline, scaled `[H]`.
        series_lead_step: The same by series `[S, H]`; empty where there are more than `MOST_APART`.
        cycles: MAE by time of the calendar, scaled, NaN where no target lies.
        residuals: Forecast minus truth, scaled; all, or those of every `residual_stride`th window.
        residual_stride: 1 where all residuals were kept.
    """

    series_ids: tuple[bytes, ...]
    scale: Values
    usual_error: Values
    series: Counts
    forecast_start: Counts
    absolute: Values
    naive: Values
    observed: Counts
    first_residual: Values
    lead_step: Mapping[str, Values]
    series_lead_step: Mapping[str, Values]
    cycles: Mapping[Cycle, Values]
    residuals: npt.NDArray[np.float32]
    residual_stride: int

    @property
    def mae_scaled(self) -> float:
        """Mean absolute error over all observed targets, in scaled space."""
        return ratio(self.absolute.sum(), self.observed.sum())

    @property
    def mae(self) -> float:
        """The same in the target's unit."""
        return ratio(self.absolute_in_unit.sum(), self.observed.sum())

    @property
    def absolute_in_unit(self) -> Values:
        """Sum of absolute errors of each window in the target's unit `[N]`."""
        return self.absolute * self.scale[self.series]

    @property
    def window_mae(self) -> Values:
        """MAE of each window, scaled `[N]`; NaN without an observed target, infinite where a forecast is not finite."""
        with np.errstate(invalid="ignore", divide="ignore"):
            mae = self.absolute / self.observed
        return np.where(self.observed == 0, np.nan, np.where(np.isfinite(mae), mae, np.inf))

    @property
    def series_mae(self) -> Values:
        """MAE of each series, scaled `[S]`; NaN without an observed target or with a forecast that is not finite."""
        return self._by_series(self.absolute)

    @property
    def series_relative_mae(self) -> Values:
        """MAE of each series over that of its best naive forecast `[S]`; NaN as in `series_mae`."""
        mae, naive = self.series_mae, np.stack([self._by_series(column) for column in self.naive.T], axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return relative_mae(mae, naive, np.where(self.usual_error > 0.0, mae / self.usual_error, np.nan))

    def _by_series(self, sums: Values) -> Values:
        count = len(self.series_ids)
        total = np.bincount(self.series, weights=sums, minlength=count)
        observed = np.bincount(self.series, weights=self.observed, minlength=count)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean: Values = total / observed
        return mean


def ratio(numerator: float, denominator: float) -> float:
    """A quotient; NaN where nothing was counted."""
    return float(numerator) / float(denominator) if denominator else math.nan


class ErrorCollector:
    """Adds up batches.

    Args:
        grid: The grid of the series, for the calendar.
    """

    def __init__(self, *, grid: TimeGrid) -> None:
        self._grid = grid
        self._series: dict[bytes, int] = {}
        self._scale: list[tuple[float, float]] = []
        self._windows: list[tuple[npt.NDArray[Any], ...]] = []
        self._lead: dict[str, Values] = {}
        self._lead_apart: dict[str, Values] = {}
        self._cycles = {cycle: np.zeros((2, len(cycle.labels))) for cycle in cycles_of(grid)}
        self._residuals = ResidualSample()

    @property
    def windows(self) -> int:
        """Windows added so far."""
        return sum(len(columns[0]) for columns in self._windows)

    def add(self, batch: ScoredBatch) -> None:
        """Adds windows."""
        target = np.asarray(batch.target, np.float64)
        observed = ~np.isnan(target)
        residual = np.asarray(batch.forecasts[FORECAST], np.float64) - target
        absolute = np.where(observed, np.abs(residual), 0.0)
        of_series = zip(batch.series_id, batch.scale, batch.usual_error, strict=True)
        series = np.array([self._index(name, scale, usual) for name, scale, usual in of_series])
        self._add_lead("observed", observed, series)
        self._add_lead(FORECAST, absolute, series)
        naive = {}
        for name in BASELINES:
            error = np.where(observed, np.abs(np.asarray(batch.forecasts[name], np.float64) - target), 0.0)
            self._add_lead(name, error, series)
            naive[name] = error.sum(axis=1)
        sums = absolute.sum(axis=1), np.stack([naive[name] for name in NAIVE], axis=-1), observed.sum(axis=1)
        self._windows.append((series, batch.forecast_start, *sums, residual[:, 0].copy()))
        self._add_cycles(batch.forecast_start, absolute, observed)
        self._residuals.add(residual)

    def _index(self, series_id: bytes, scale: float, usual_error: float) -> int:
        if series_id not in self._series:
            self._series[series_id] = len(self._scale)
            self._scale.append((float(scale), float(usual_error)))
        return self._series[series_id]

    def _add_lead(self, name: str, values: npt.NDArray[Any], series: Counts) -> None:
        self._lead[name] = self._lead.get(name, 0.0) + values.sum(axis=0)
        if len(self._series) <= MOST_APART:
            kept = self._lead_apart.setdefault(name, np.zeros((MOST_APART, values.shape[1])))
            np.add.at(kept, series, values)

    def _add_cycles(self, forecast_start: Counts, absolute: Values, observed: npt.NDArray[np.bool_]) -> None:
        if not self._cycles:
            return
        steps = self._grid.ordinals(forecast_start)[:, None] + np.arange(absolute.shape[1])
        # Windows overlap, and series share their times: each time is looked up once.
        distinct, position = np.unique(steps.ravel(), return_inverse=True)
        seconds = self._grid.timestamps(distinct)
        for cycle, sums in self._cycles.items():
            phase = cycle.phase(seconds, self._grid.timezone)[position.ravel()]
            for row, values in zip(sums, (absolute, observed), strict=True):
                row += np.bincount(phase, weights=values.ravel(), minlength=len(row))

    def result(self) -> SplitErrors:
        """Returns what was added up, in the order in which it was added.

        Raises:
            ValueError: No window was added.
        """
        if not self._windows:
            raise ValueError("windows: none were added; the test split must hold at least one.")
        series, start, absolute, naive, observed, first = (
            np.concatenate(column) for column in zip(*self._windows, strict=True)
        )
        order = sorted(self._series, key=lambda name: name)
        rank = np.empty(len(order), np.int64)
        rank[[self._series[name] for name in order]] = np.arange(len(order))
        with np.errstate(invalid="ignore", divide="ignore"):
            lead = {name: self._lead[name] / self._lead["observed"] for name in (FORECAST, *BASELINES)}
            apart = {}
            if len(order) <= MOST_APART:
                rows = [self._series[name] for name in order]
                kept = {name: sums[rows] for name, sums in self._lead_apart.items()}
                apart = {name: kept[name] / kept["observed"] for name in (FORECAST, *BASELINES)}
            cycles = {cycle: sums[0] / sums[1] for cycle, sums in self._cycles.items()}
        return SplitErrors(
            series_ids=tuple(order),
            scale=np.array([self._scale[self._series[name]][0] for name in order]),
            usual_error=np.array([self._scale[self._series[name]][1] for name in order]),
            series=rank[series],
            forecast_start=start,
            absolute=absolute,
            naive=naive,
            observed=observed,
            first_residual=first,
            lead_step=lead,
            series_lead_step=apart,
            cycles=cycles,
            residuals=self._residuals.values(),
            residual_stride=self._residuals.stride,
        )
