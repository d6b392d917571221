"""Autoregressions at rolling origins: each forecast comes from a fit that has seen nothing at or after its start."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from tapeline.forecaster.statistical.autoregression import Autoregression, LagSums, autoregression_maps, lag_sums
from tapeline.forecaster.statistical.histories import Origins
from tapeline.series.arrays import Array, Bools, Ints


@dataclasses.dataclass(frozen=True, eq=False)
class FittedAutoregression:
    """One setting, fitted.

    Attributes:
        setting: What it looks at.
        coefficients: Of the fit on the whole train split, `[1, k]` for all series; or `[1 + G, k]`, row 0 for all.
        forecasts: At the origins `[N, H]`, each from the fit of its block.
    """

    setting: Autoregression
    coefficients: Array
    forecasts: Array

    def maps(self, rows: Ints, *, season: int, context_length: int) -> Array:
        """Returns the maps of some rows, `[R, T, H]`; see `autoregression_maps`."""
        own = self.coefficients[rows if len(self.coefficients) > 1 else np.zeros(len(rows), np.int64)]
        horizon = self.forecasts.shape[1]
        return autoregression_maps(own, self.setting, season=season, context_length=context_length, horizon=horizon)


def fit_autoregressions(
    series: Sequence[Array],
    context: Array,
    origins: Origins,
    settings: Sequence[Autoregression],
    *,
    season: int,
    per_series: bool,
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
        per_series: Whether each series gets coefficients of its own; else all share them.
    """
    sums: dict[tuple[tuple[int, ...], bytes], list[LagSums]] = {}
    fitted = []
    for setting in settings:
        key = setting.lags(season), setting.differencing(season).tobytes()
        if key not in sums:
            sums[key] = _block_sums(series, origins.cuts, setting, season)
        solved = [_solve(block, setting, season, per_series) for block in sums[key]]
        used = np.unique(origins.block)
        if not all(enough for _, enough in [solved[block] for block in used] + solved[-1:]):
            continue
        forecasts = np.zeros((len(context), origins.target.shape[1]), np.float32)
        for block in used:
            _forecast(forecasts, solved[block][0], setting, context, origins, rows=origins.block == block, season=season)
        fitted.append(FittedAutoregression(setting, solved[-1][0], forecasts))
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


def _forecast(
    forecasts: Array,
    coefficients: Array,
    setting: Autoregression,
    context: Array,
    origins: Origins,
    *,
    rows: Bools,
    season: int,
) -> None:
    """Writes the forecasts of one block's windows."""
    length, horizon = context.shape[1], forecasts.shape[1]
    maps = autoregression_maps(coefficients, setting, season=season, context_length=length, horizon=horizon)
    if len(maps) == 1:
        forecasts[rows] = context[rows] @ maps[0]
        return
    own = maps.astype(np.float32)[1 + origins.series[rows]]
    forecasts[rows] = np.matmul(context[rows][:, np.newaxis], own)[:, 0]
