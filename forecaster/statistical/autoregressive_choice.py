"""Autoregressions at rolling origins: each forecast comes from a fit that has seen nothing at or after its start."""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from tapeline.forecaster.statistical.affine_maps import AffineMaps
from tapeline.forecaster.statistical.autoregression import (
    Autoregression,
    LagSums,
    autoregression_maps,
    lag_sums,
    mean_of_changes,
)
from tapeline.forecaster.statistical.histories import Origins
from tapeline.series.arrays import Array, Ints


@dataclasses.dataclass(frozen=True, eq=False)
class FittedAutoregression:
    """One setting, fitted.

    Attributes:
        setting: What it looks at.
        coefficients: Of the fit on the whole train split, `[1, k]` for all series; or `[1 + G, k]`, row 0 for all.
        means: After differencing, of what that fit has seen, `[1 + G]`; NaN in row 0, for series that are not known.
        forecasts: At the origins `[N, H]`, each from the fit of its block.
    """

    setting: Autoregression
    coefficients: Array
    means: Array
    forecasts: Array

    def maps(self, rows: Ints, *, season: int, context_length: int) -> AffineMaps:
        """Returns the maps of some rows; see `autoregression_maps`."""
        return autoregression_maps(
            self.coefficients[rows if len(self.coefficients) > 1 else np.zeros(len(rows), np.int64)],
            self.setting,
            season=season,
            context_length=context_length,
            horizon=self.forecasts.shape[1],
            means=self.means[rows] if self.setting.mean == "train" else None,
        )


def fit_autoregressions(
    series: Sequence[Array],
    context: Array,
    origins: Origins,
    settings: Sequence[Autoregression],
    *,
    season: int,
    per_series: Sequence[bool],
) -> list[FittedAutoregression]:
    """Fits each setting at each block, and forecasts the block's origins.

    A setting that some block has too few values for is left out; of a series' own coefficients, those of all series
    stand in.

    Args:
        series: Values of each series in the view of the members, float `[n]`; NaN where missing.
        context: The contexts of the origins in the same view, completed, `[N, T]`.
        origins: The windows.
        settings: What to fit.
        season: Steps of a season.
        per_series: Whether each series gets coefficients of its own, or all share them; or one after the other.
    """
    sums: dict[tuple[tuple[int, ...], bytes], list[LagSums]] = {}
    used = np.unique(origins.block)
    fitted = []
    for own, setting in itertools.product(per_series, settings):
        key = setting.lags(season), setting.differencing(season).tobytes()
        if key not in sums:
            sums[key] = _block_sums(series, origins.cuts, setting, season)
        solved = [_solve(block, setting, season, own) for block in sums[key]]
        if not all(enough for _, enough in [solved[block] for block in used] + solved[-1:]):
            continue
        # One call for the fits of all blocks: its cost is that of its steps, not of its rows.
        every = np.concatenate([coefficients for coefficients, _ in solved])
        rows = origins.block * len(solved[0][0]) + (1 + origins.series if own else 0)
        means = np.stack([np.append(np.nan, block.means()) for block in sums[key]])
        forecasts = _forecasts(
            every,
            setting,
            context,
            rows,
            means=means[origins.block, 1 + origins.series],
            horizon=origins.target.shape[1],
            season=season,
        )
        fitted.append(FittedAutoregression(setting, solved[-1][0], means[-1], forecasts))
    return fitted


def _block_sums(series: Sequence[Array], cuts: Ints, setting: Autoregression, season: int) -> list[LagSums]:
    """Returns the sums over what each fit has seen; each step is read once."""
    result: list[LagSums] = []
    for block in range(cuts.shape[1]):
        pieces = [values[:cut] for values, cut in zip(series, cuts[:, block], strict=True)]
        begin = cuts[:, block - 1].tolist() if block else None
        new = lag_sums(pieces, setting, season=season, begin=begin)
        result.append(result[-1] + new if result else new)
    return result


def _solve(sums: LagSums, setting: Autoregression, season: int, per_series: bool) -> tuple[Array, bool]:
    shared, enough = sums.together().solve(setting, season=season)
    if not per_series:
        return shared, bool(enough[0])
    own, own_enough = sums.solve(setting, season=season)
    return np.concatenate([shared, np.where(own_enough[:, np.newaxis], own, shared)]), bool(enough[0])


def _forecasts(
    coefficients: Array,
    setting: Autoregression,
    context: Array,
    rows: Ints,
    *,
    means: Array,
    horizon: int,
    season: int,
) -> Array:
    """Returns the forecasts of windows, each with the coefficients of its row and its own mean, `[N, H]`."""
    length = context.shape[1]
    of_train = setting.mean == "train"
    maps = autoregression_maps(
        coefficients,
        setting,
        season=season,
        context_length=length,
        horizon=horizon,
        means=np.ones(len(coefficients)) if of_train else None,
    )
    forecasts: Array = np.matmul(context[:, np.newaxis], maps.matrices.astype(np.float32)[rows])[:, 0]
    if of_train:
        of_context = context @ mean_of_changes(setting, season=season, context_length=length)
        mean = np.where(np.isnan(means), of_context, means)
        forecasts += (mean[:, np.newaxis] * maps.constants[rows]).astype(np.float32)
    return forecasts
