r"""Count, mean, spread and extremes of every series, in tables that merge in any order.

>>> first = moments(np.array([b"a", b"b"], object), np.array([1.0, 5.0]))
>>> table = merge([first, moments(np.array([b"a"], object), np.array([3.0]))])
>>> table.mean, scale_file(table, ScalingConfig())
(array([2., 5.]), b'\\*\t1.0\t4.0\tall\n')

Two tables merge by the parallel form of the variance (Chan, Golub and LeVeque,
"Updating Formulae and a Pairwise Algorithm for Computing Sample Variances",
1979), so a mean far from 0 costs no precision.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from tapeline.schemas.sections import ScalingConfig
from tapeline.series.arrays import Floats, Names
from tapeline.series.scaling import scale_lines, scope_of


class Moments(NamedTuple):
    """One row a series: what min-max and standard scaling need.

    Attributes:
        ids: Series, bytes `[n]`, each once.
        size: Number of measured values, float64 `[n]`.
        mean: Their mean.
        square_sum: Sum of their squared distances from the mean.
        low: Their minimum.
        high: Their maximum.
    """

    ids: Names
    size: Floats
    mean: Floats
    square_sum: Floats
    low: Floats
    high: Floats


def moments(ids: Names, values: Floats) -> Moments:
    """Returns the moments of values, by series; NaN is left out.

    Args:
        ids: The series of each value, bytes `[N]`.
        values: Float `[N]`.
    """
    measured = ~np.isnan(values)
    values = values[measured].astype(np.float64)
    each = np.ones(len(values)), values, np.zeros(len(values)), values, values
    return merge([Moments(np.asarray(ids, object)[measured], *each)])


def merge(tables: Iterable[Moments]) -> Moments:
    """Returns one table with each series once."""
    ids, count, mean, square_sum, low, high = (np.concatenate(parts) for parts in zip(*tables, strict=True))
    code, names = pd.factorize(pd.Index(ids, dtype=object))
    rows = len(names)
    total = np.bincount(code, count, rows).astype(float)
    center = np.bincount(code, count * mean, rows) / total
    spread = np.bincount(code, square_sum + count * (mean - center[code]) ** 2, rows).astype(float)
    lowest, highest = np.full(rows, np.inf), np.full(rows, -np.inf)
    np.minimum.at(lowest, code, low)
    np.maximum.at(highest, code, high)
    return Moments(names.to_numpy(), total, center, spread, lowest, highest)


def fit(table: Moments, method: str) -> tuple[Floats, Floats]:
    """Returns offset and scale of each series, float64 `[n]` each.

    A constant series has no spread to scale by: its scale is 1, so that its
    own value becomes 0 and a later change keeps its size.

    Args:
        table: Moments of the train split, `[n]`.
        method: `min_max` or `standard` (divides by the population's standard deviation).
    """
    constant = table.high == table.low
    if method == "min_max":
        return table.low, np.where(constant, 1.0, table.high - table.low)
    spread = np.sqrt(table.square_sum / table.size)
    return np.where(constant, table.low, table.mean), np.where(constant | (spread == 0), 1.0, spread)


def scale_file(table: Moments, scaling: ScalingConfig) -> bytes:
    """Returns the content of the scale file.

    Without any measured value the overall scale is NaN, and so is all that is scaled by it.

    Args:
        table: Moments of the train split, by series.
        scaling: Method and scope.
    """
    # All values as those of one series; no row where nothing was measured.
    offset, scale = fit(merge([table._replace(ids=np.full(len(table.ids), b"", object))]), scaling.method)
    over_all = (float(offset[0]), float(scale[0])) if len(offset) else (np.nan, np.nan)
    order = np.argsort(table.ids, kind="stable") if scaling.per_series else np.zeros(0, np.int64)
    rows = Moments._make(part[order] for part in table)
    scope = scope_of(per_series=scaling.per_series, unseen_series=scaling.unseen_series)
    return scale_lines(rows.ids, *fit(rows, scaling.method), overall=over_all, scope=scope)
