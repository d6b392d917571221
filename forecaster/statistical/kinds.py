"""The kinds of statistical forecasts: of each the mean of its best few settings, on values or on their logarithms.

A mean of linear maps is one map again: it costs one small matrix product, however many settings are in it.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tapeline.forecaster.statistical.affine_maps import AffineMaps
from tapeline.forecaster.statistical.autoregressive_choice import FittedAutoregression, fit_autoregressions
from tapeline.forecaster.statistical.choice_of_settings import ChosenSettings, choose_settings
from tapeline.forecaster.statistical.grids import TSB_SHARES, autoregression_grid, fixed_maps
from tapeline.forecaster.statistical.histories import History, Origins
from tapeline.forecaster.statistical.intermittent import tsb_forecast
from tapeline.forecaster.statistical.origin_views import View
from tapeline.series.arrays import Array, Ints

MOST_MAP_NUMBERS = 5_000_000
"""Numbers in the maps of a kind; where one map a series would have more, all series share one."""

ZEROS = 0.3
"""Share of zeros from which on series are taken for ones of single demands."""


@dataclasses.dataclass(frozen=True, eq=False)
class Kind:
    """A kind of forecast, its settings chosen.

    Attributes:
        name: With `_log` where it sees logarithms.
        logs: Whether it does.
        parameters: Maps; of TSB its two shares, `[1, 2]` or `[1 + G, 2]`, row 0 for series that are not known.
        origin_forecasts: What it forecasts at the origins without having learned from what it is scored on, `[N, H]`.
    """

    name: str
    logs: bool
    parameters: AffineMaps | Array
    origin_forecasts: Array


class KindsChooser:
    """Chooses the settings of each kind on the same origins."""

    def __init__(self, series: Sequence[History], origins: Origins, season: int, *, others: bool) -> None:
        self.series = series
        self.origins = origins
        self.season = season
        self.length, self.horizon = origins.context.shape[1], origins.target.shape[1]
        self.per_series = (1 + len(series)) * self.length * self.horizon <= MOST_MAP_NUMBERS
        # A single series' maps are all that there is: others would return to its mean.
        self.own_means = not others if len(series) == 1 else self.per_series

    def fixed(self, view: View) -> list[Kind]:
        """Returns the kinds that learn nothing from data."""
        kinds = []
        all_maps = fixed_maps(season=self.season, context_length=self.length, horizon=self.horizon)
        for kind, maps in all_maps.items():
            flat = view.context @ maps.transpose(1, 0, 2).reshape(self.length, -1)
            forecasts = view.values(flat.reshape(len(flat), len(maps), self.horizon))
            kinds.append(self._kind(kind, view, forecasts, functools.partial(_same_for_all, maps)))
        return kinds

    def autoregressive(self, view: View) -> list[Kind]:
        """Returns the kinds that are fitted, where there are enough values for them."""
        several = len(self.series) > 1
        grid = autoregression_grid(season=self.season, context_length=self.length, small=several)
        fitted = fit_autoregressions(
            view.series,
            view.context,
            self.origins,
            [setting for setting in grid if self.own_means or setting.mean != "train"],
            season=self.season,
            per_series=(False, True) if several and self.per_series else (False,),
        )
        by_name: dict[str, list[FittedAutoregression]] = {
            "autoregression": [],
            "seasonal_autoregression": [],
            "mean_reversion": [],
        }
        for fit in fitted:
            seasonal = fit.setting.seasons + fit.setting.seasonal_differences
            name = "seasonal_autoregression" if seasonal else "autoregression"
            by_name["mean_reversion" if fit.setting.mean == "train" else name].append(fit)
        kinds = []
        for name, fits in by_name.items():
            if fits:
                forecasts = view.values(np.stack([fit.forecasts for fit in fits], axis=1))
                maps_of = functools.partial(_fitted, fits, self.season, self.length)
                own = name == "mean_reversion"
                kinds.append(self._kind(name, view, forecasts, maps_of, own=own))
        return kinds

    def intermittent(self, above_zero: Array) -> list[Kind]:
        """Returns TSB where many values are 0 and none is below.

        Args:
            above_zero: What is added to a scaled value so that no demand is 0, `[1 + G]`.
        """
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
        picked = forecasts[np.arange(len(forecasts)), chosen.picks[1 + self.origins.series, 0]]
        return [Kind("tsb", False, np.array(TSB_SHARES)[best], picked)]

    def _kind(
        self, kind: str, view: View, forecasts: Array, maps_of: Callable[[int, Ints], AffineMaps], *, own: bool = False
    ) -> Kind:
        """Makes a kind of the forecasts of its settings `[N, S, H]`.

        Args:
            kind: Its name.
            view: What the forecasts were made in.
            forecasts: In scaled space.
            maps_of: Gives the maps of a setting for some rows, row 0 for series that are not known.
            own: Whether series differ even if their settings are the same.
        """
        chosen = self._choose(forecasts)
        rows = np.arange(len(chosen.picks))
        if own and len(self.series) == 1:
            rows = rows[1:]
        elif chosen.shared and not own:
            rows = rows[:1]
        picks = chosen.picks[rows]
        matrices, constants = np.zeros((len(rows), self.length, self.horizon)), np.zeros((len(rows), self.horizon))
        for pick in np.unique(picks):
            places = np.flatnonzero((picks == pick).any(axis=1))
            maps = maps_of(int(pick), rows[places])
            matrices[places] += maps.matrices / picks.shape[1]
            constants[places] += maps.constants / picks.shape[1]
        at_origins = chosen.picks[1 + self.origins.series]
        picked = np.take_along_axis(forecasts, at_origins[:, :, np.newaxis], axis=1).mean(axis=1)
        return Kind(kind + view.suffix, view.logs is not None, AffineMaps(matrices, constants), picked)

    def _choose(self, forecasts: Array) -> ChosenSettings:
        with np.errstate(over="ignore"):
            distance = np.abs(forecasts - self.origins.target[:, np.newaxis])
        errors = np.nanmean(distance, axis=2).T
        return choose_settings(errors, self.origins.series, count=len(self.series), per_series=self.per_series)


def _same_for_all(maps: Array, pick: int, rows: Ints) -> AffineMaps:
    return AffineMaps.linear(np.broadcast_to(maps[pick], (len(rows), *maps.shape[1:])))


def _fitted(
    fits: Sequence[FittedAutoregression], season: int, context_length: int, pick: int, rows: Ints
) -> AffineMaps:
    return fits[pick].maps(rows, season=season, context_length=context_length)
