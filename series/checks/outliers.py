"""How far each value of a series lies from its neighbourhood: the Hampel identifier over many series at once.

>>> values = np.append(np.tile([1.0, 2.0, 3.0, 2.0], 10), 90.0)
>>> np.flatnonzero(outliers(values, np.zeros(41, int), starts=np.array([0]), ends=np.array([41]), limit=20.0)[0])
array([40])

A value is held against the median of the values around it, in units of their
median absolute deviation: Hampel (1974), "The Influence Curve and Its Role in
Robust Estimation"; as a moving window, Pearson (2002), "Outliers in Process
Modeling and Identification". Trend, season and level move the median along, so
a value that is usual for the series may still be far from where it stands.
"""

import numpy as np
import pandas as pd
from pandas.api.indexers import BaseIndexer

from tapeline.series.arrays import Bools, Floats, Ints

REACH = 12
"""Values on either side that are a value's neighbourhood: runs of up to this many wrong ones are found."""

_TO_DEVIATIONS = 1.4826
"""A median absolute deviation times this is the standard deviation of normal values."""


class _Neighbourhood(BaseIndexer):
    """Windows around each value that do not reach into another series.

    Attributes:
        begin: First position of each window `[N]`.
        end: Position after its last `[N]`.
    """

    begin: Ints
    end: Ints

    def get_window_bounds(
        self,
        num_values: int = 0,
        min_periods: int | None = None,
        center: bool | None = None,
        closed: str | None = None,
        step: int | None = None,
    ) -> tuple[Ints, Ints]:
        return self.begin, self.end


def outliers(values: Floats, code: Ints, *, starts: Ints, ends: Ints, limit: float) -> tuple[Bools, Floats]:
    """Finds the values that lie far from the median around them, and the only ones of their series that do.

    Where neighbours hardly differ, the unit is that of the whole series: the median of all distances that are not 0.
    A series at rest, or mostly 0, thus does not call its every step an outlier. And what a hundredth of all values do
    is a habit of the series, no outlier.

    Args:
        values: Finite values, series after series in the order of time, `[N]`.
        code: Position of each value's series, ascending `[N]`.
        starts: Position of each series' first value `[u]`.
        ends: Position after its last `[u]`.
        limit: Largest distance from that median, in robust standard deviations.

    Returns:
        Whether each value is an outlier `[N]`, and the medians, float64 `[N]`.
    """
    if not len(values):
        return np.zeros(0, bool), np.zeros(0)
    at, values = np.arange(len(values)), values.astype(np.float64)
    begin, end = np.maximum(at - REACH, starts[code]), np.minimum(at + REACH + 1, ends[code])
    windows = _Neighbourhood(begin=begin, end=end)
    median = pd.Series(values).rolling(windows, min_periods=1).median().to_numpy()
    away = np.abs(values - median)
    usual = pd.Series(np.where(away > 0.0, away, np.nan)).groupby(code).transform("median").fillna(0.0).to_numpy()
    flagged = (usual > 0.0) & (away > limit * _TO_DEVIATIONS * usual)
    # Restless neighbours only bring a value nearer: they matter for the few that are far.
    far = np.flatnonzero(flagged)
    flagged[far] = away[far] > limit * _TO_DEVIATIONS * _spread(values, median, far, begin, end)
    marked = np.bincount(code[flagged], minlength=len(starts))
    return flagged & (marked <= np.maximum(MOST_FEW, (ends - starts) * _FEW_SHARE))[code], median


def _spread(values: Floats, median: Floats, far: Ints, begin: Ints, end: Ints) -> Floats:
    """Median absolute deviation around each of some values, `[len(far)]`."""
    around = begin[far, np.newaxis] + np.arange(2 * REACH + 1)
    inside = around < end[far, np.newaxis]
    near = np.abs(values[np.where(inside, around, 0)] - median[far, np.newaxis])
    spread: Floats = np.nanmedian(np.where(inside, near, np.nan), axis=1)
    return spread


MOST_FEW = 5
"""So many values of a series are few, however short it is."""

_FEW_SHARE = 0.01
"""Of a long series, so large a share."""
