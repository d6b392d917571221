"""How each series fares against its own best naive forecast: sums by series, and what a gate asks of them.

>>> window = {"windows": 1, "observed": 4, "absolute": 0.6, "persistence": 0.4, "seasonal_naive": 0.8}
>>> table = {}
>>> add(table, b"north", vector(window))
>>> skills = SeriesSkills.of(table)
>>> skills.relative_mae.round(3).tolist(), skills.worse_than(0.25, least_windows=1).tolist()
([1.5], [True])

An error in scaled space says little about a series in a panel: where all share
one scale, a small series has a small error whatever is forecast for it. Its
error over that of the better naive forecast, on the same windows, says the same
for a series of any size: the relative MAE of Hyndman and Koehler (2006),
"Another look at measures of forecast accuracy", section 2.4.
"""

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from tapeline.schemas.served_model import NAIVE
from tapeline.series.arrays import Array, Bools, Floats, Ints, Names

SUMS = ("windows", "observed", "absolute", *NAIVE, "against_naive", "observed_against_naive")
"""What is summed for each series, named as in `WindowSums`; the order is that of a vector."""

MOST_SHOWN = 10
"""Series that are told by name, the worst first."""

Table = dict[bytes, npt.NDArray[np.float64]]
"""A vector of `SUMS` for each series."""


def vector(sums: Mapping[str, float]) -> npt.NDArray[np.float64]:
    """Returns sums as a vector; 0 for those that are not given."""
    return np.array([sums.get(name, 0.0) for name in SUMS])


def add(table: Table, series_id: bytes, sums: npt.NDArray[np.float64]) -> None:
    """Adds sums to those of a series."""
    table[series_id] = table[series_id] + sums if series_id in table else sums


def merge(tables: Iterable[Table]) -> Table:
    """Returns the sums of several tables, in any order."""
    merged: Table = {}
    for table in tables:
        for series_id, sums in table.items():
            add(merged, series_id, sums)
    return merged


def relative_mae(error: Array, naive: Array, mase: Array) -> Floats:
    """Returns errors over those of the best naive forecast, `[n]`.

    A series that does not move in the test split is forecast without error by
    repeating it, and nothing can be divided by that. Its error is then told in
    its usual steps: 1 for none, and 1 more for each error "as a season ago"
    within the train split.

    Args:
        error: MAE `[n]`.
        naive: MAE of each naive forecast `[n, len(NAIVE)]`.
        mase: The error over that of "as a season ago" within train `[n]`; NaN where that is 0.

    Returns:
        1 where the error is that of the best naive forecast, less where it is smaller; NaN where the error is NaN.
    """
    best = np.min(naive, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        resting = np.where(error == 0.0, 1.0, 1.0 + np.where(np.isnan(mase) & ~np.isnan(error), np.inf, mase))
        return np.where(best == 0.0, resting, error / best)


@dataclasses.dataclass(frozen=True, eq=False)
class SeriesSkills:
    """All series of a split, the worst first.

    Attributes:
        ids: Bytes `[n]`.
        windows: Test windows of each, int64 `[n]`.
        mae_scaled: Float64 `[n]`.
        relative_mae: Float64 `[n]`; infinite where the error is not a number.
    """

    ids: Names
    windows: Ints
    mae_scaled: Floats
    relative_mae: Floats

    @classmethod
    def of(cls, table: Table) -> "SeriesSkills":
        """Returns the series of a table; those of equal skill by name."""
        ids = sorted(table)
        sums = np.array([table[name] for name in ids]).reshape(-1, len(SUMS))
        column = dict(zip(SUMS, sums.T, strict=True))
        with np.errstate(invalid="ignore", divide="ignore"):
            error = column["absolute"] / column["observed"]
            naive = np.stack([column[name] / column["observed"] for name in NAIVE], axis=-1)
            mase = column["against_naive"] / column["observed_against_naive"]
        relative = relative_mae(error, naive, mase)
        relative = np.where(np.isnan(relative), np.inf, relative)
        order = np.argsort(-relative, kind="stable")
        names = np.empty(len(ids), object)
        names[:] = ids
        return cls(names[order], column["windows"].astype(np.int64)[order], error[order], relative[order])

    def judged(self, least_windows: int) -> Bools:
        """Whether a series has windows enough for its error to say something, `[n]`."""
        return self.windows >= least_windows

    def worse_than(self, share: float, *, least_windows: int) -> Bools:
        """Whether a judged series errs by more than a share above its best naive forecast, `[n]`."""
        return self.judged(least_windows) & (self.relative_mae > 1.0 + share)
