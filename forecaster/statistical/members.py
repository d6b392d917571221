"""The statistical members of a pool: chosen on windows before the test split, ready to forecast any window.

members = statistical_members(series, season=12, context_length=60, horizon=12, offset=offset, scale=scale)
members.origins.target                                    # [N, H], what was forecast to choose
[(member.name, member.origin_forecasts) for member in members.members]
members.members[0].layer(window)                          # [B, H], scaled

A member is the mean of the best few settings of one kind, on values or on their logarithms. Where it is a linear map
the mean of settings is one map again: it costs one small matrix product.
"""

import dataclasses
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from tapeline.forecaster.statistical.autoregressive_choice import fit_autoregressions
from tapeline.forecaster.statistical.choice_of_settings import ChosenSettings, choose_settings
from tapeline.forecaster.statistical.completion import complete
from tapeline.forecaster.statistical.context_map import ContextMap, IntermittentMember
from tapeline.forecaster.statistical.grids import TSB_SHARES, autoregression_grid, fixed_maps
from tapeline.forecaster.statistical.histories import History, Origins, rolling_origins
from tapeline.forecaster.statistical.intermittent import tsb_forecast
from tapeline.forecaster.statistical.log_view import LogView, log_view
from tapeline.series.arrays import Array, Ints

MOST_WINDOWS = 200
"""Windows that settings are chosen on, of a single series."""

MOST_PANEL_WINDOWS = 3_000
"""The same of a panel."""

MOST_MAP_NUMBERS = 5_000_000
"""Numbers in the maps of a member; where one map a series would have more, all series share one."""

ZEROS = 0.3
"""Share of zeros from which on a series is taken for one of single demands."""


@dataclasses.dataclass(frozen=True, eq=False)
class StatisticalMember:
    """A forecaster of windows.

    Attributes:
        name: Its kind, with `_log` where it sees logarithms.
        layer: Takes windows, gives forecasts `[B, H]`, scaled.
        origin_forecasts: What it forecasts at the origins without having learned from what it is scored on, `[N, H]`.
    """

    name: str
    layer: keras.layers.Layer
    origin_forecasts: Array


@dataclasses.dataclass(frozen=True, eq=False)
class StatisticalMembers:
    """All kinds, the simplest first, and the windows that they were chosen on."""

    origins: Origins
    members: tuple[StatisticalMember, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class _View:
    """The origins as the members of one view see them."""

    suffix: str
    logs: LogView | None
    rows: Array  # the row of each origin in the tables of `logs`, [N]
    context: Array  # completed, [N, T]
    series: tuple[Array, ...]

    def values(self, ahead: Array) -> Array:
        """Brings forecasts `[N, ..., H]` into scaled space."""
        if self.logs is None:
            return ahead
        return np.asarray(self.logs.to_values(tf.constant(ahead), self.rows, context=tf.constant(self.context)))


def statistical_members(
    series: Sequence[History], *, season: int, context_length: int, horizon: int, offset: Array, scale: Array
) -> StatisticalMembers:
    """Chooses the settings of each kind of member.

    Args:
        series: Their values before the test split.
        season: Steps of a season; 1 is none.
        context_length: `T`.
        horizon: `H`.
        offset: Of the scaled space of each series, `[1 + G]`; row 0 for all series that are not among them.
        scale: Likewise.

    Returns:
        The members; none where no window lies before the test split.
    """
    most = MOST_WINDOWS if len(series) == 1 else MOST_PANEL_WINDOWS
    origins = rolling_origins(series, context_length=context_length, horizon=horizon, most=most)
    members: list[StatisticalMember] = []
    if len(origins.series):
        chosen = _Chooser(series, origins, season)
        for view in _views(series, origins, season, offset, scale):
            members += [*chosen.fixed(view), *chosen.autoregressive(view)]
        members += chosen.intermittent(offset, scale)
    return StatisticalMembers(origins, tuple(members))


def _views(series: Sequence[History], origins: Origins, season: int, offset: Array, scale: Array) -> list[_View]:
    observed, context = tf.constant(origins.observed), tf.constant(origins.context)
    completed = np.asarray(complete(context, observed, season=season))
    views = [_View("", None, np.zeros(0, np.int32), completed, tuple(history.values for history in series))]
    least = np.array([np.nanmin(history.values, initial=np.inf) for history in series])
    least = np.concatenate([least.min(keepdims=True), np.where(np.isfinite(least), least, 0.0)])
    logs = log_view(least, offset=offset, scale=scale)
    if logs is not None:
        alone = len(logs.ratio) == 1
        rows = np.zeros(len(origins.series), np.int32) if alone else (1 + origins.series).astype(np.int32)
        completed = np.asarray(complete(logs.to_logs(context, rows), observed, season=season))
        # A maximum may take a number rather than NaN.
        values = [
            np.where(
                np.isnan(history.values),
                np.float32(np.nan),
                logs.to_logs(tf.constant(history.values[np.newaxis]), [0 if alone else 1 + index])[0],
            )
            for index, history in enumerate(series)
        ]
        views.append(_View("_log", logs, rows, completed, tuple(values)))
    return views


class _Chooser:
    """Makes members of the origins."""

    def __init__(self, series: Sequence[History], origins: Origins, season: int) -> None:
        self.series = series
        self.origins = origins
        self.season = season
        self.length, self.horizon = origins.context.shape[1], origins.target.shape[1]
        self.per_series = (1 + len(series)) * self.length * self.horizon <= MOST_MAP_NUMBERS

    def fixed(self, view: _View) -> list[StatisticalMember]:
        """Returns the members that learn nothing from data."""
        members = []
        kinds = fixed_maps(season=self.season, context_length=self.length, horizon=self.horizon)
        for kind, maps in kinds.items():
            flat = view.context @ maps.transpose(1, 0, 2).reshape(self.length, -1)
            forecasts = view.values(flat.reshape(len(flat), len(maps), self.horizon))
            members.append(
                self._member(kind, view, forecasts, lambda pick, rows, maps=maps: np.repeat(maps[[pick]], len(rows), 0))
            )
        return members

    def autoregressive(self, view: _View) -> list[StatisticalMember]:
        """Returns the member that is fitted, where there are enough values for it."""
        several = len(self.series) > 1
        fitted = []
        for per_series in (False, True) if several and self.per_series else (False,):
            grid = autoregression_grid(season=self.season, context_length=self.length, small=several)
            fitted += fit_autoregressions(
                view.series, view.context, self.origins, grid, season=self.season, per_series=per_series
            )
        if not fitted:
            return []
        forecasts = view.values(np.stack([fit.forecasts for fit in fitted], axis=1))
        return [
            self._member(
                "autoregression",
                view,
                forecasts,
                lambda pick, rows: fitted[pick].maps(rows, season=self.season, context_length=self.length),
            )
        ]

    def intermittent(self, offset: Array, scale: Array) -> list[StatisticalMember]:
        """Returns the member for series with many zeros, where there are such and no value is below 0."""
        above_zero = offset / scale
        values = [history.values + above_zero[1 + index] for index, history in enumerate(self.series)]
        known = np.concatenate([one[np.isfinite(one)] for one in values])
        if not len(known) or known.min() < -1e-4 or np.mean(known < 1e-5) < ZEROS:
            return []
        zero = above_zero[1 + self.origins.series].astype(np.float32)[:, np.newaxis]
        context, observed = tf.constant(self.origins.context + zero), tf.constant(self.origins.observed)
        levels = [tsb_forecast(context, observed=observed, alpha=alpha, beta=beta) for alpha, beta in TSB_SHARES]
        forecasts = np.repeat((np.stack(levels, axis=1) - zero)[:, :, np.newaxis], self.horizon, axis=2)
        chosen = self._choose(forecasts)
        best = chosen.picks[:1, 0] if chosen.shared else chosen.picks[:, 0]
        layer = IntermittentMember(
            np.array(TSB_SHARES)[best],
            above_zero=above_zero[:1] if np.ptp(above_zero) == 0.0 else above_zero,
            horizon=self.horizon,
            name="tsb",
        )
        picked = forecasts[np.arange(len(forecasts)), chosen.picks[1 + self.origins.series, 0]]
        return [StatisticalMember("tsb", layer, picked)]

    def _member(
        self, kind: str, view: _View, forecasts: Array, maps_of: Callable[[int, Ints], Array]
    ) -> StatisticalMember:
        """Makes a member of the forecasts of a kind's settings `[N, S, H]`."""
        chosen = self._choose(forecasts)
        picks = chosen.picks[:1] if chosen.shared else chosen.picks
        maps = np.zeros((len(picks), self.length, self.horizon))
        for pick in np.unique(picks):
            rows = np.flatnonzero((picks == pick).any(axis=1))
            maps[rows] += maps_of(int(pick), rows) / picks.shape[1]
        name = kind + view.suffix
        layer = ContextMap(maps, season=self.season, logs=view.logs, name=name)
        own = chosen.picks[1 + self.origins.series]
        return StatisticalMember(name, layer, np.take_along_axis(forecasts, own[:, :, np.newaxis], axis=1).mean(axis=1))

    def _choose(self, forecasts: Array) -> ChosenSettings:
        with np.errstate(over="ignore"):
            distance = np.abs(forecasts - self.origins.target[:, np.newaxis])
        errors = np.nanmean(distance, axis=2).T
        return choose_settings(errors, self.origins.series, count=len(self.series), per_series=self.per_series)
