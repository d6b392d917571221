"""One series as the checks see it, and the rules that it must keep.

Letters: `N` rows of the series.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from schemas.features import TARGET
from schemas.time_grid import TimeGrid
from schemas.window_spec import WindowSpec


@dataclasses.dataclass(frozen=True)
class Series:
    """The rows of one series, in source order.

    Attributes:
        series_id: Its name.
        timestamps: Epoch seconds, int64 `[N]`.
        rows: Row numbers in the source, int64 `[N]`, ascending.
        splits: Index into `SPLITS` of each row, int8 `[N]`.
        values: Target and covariates by column, float `[N]`; NaN where missing.
    """

    series_id: str
    timestamps: np.ndarray
    rows: np.ndarray
    splits: np.ndarray
    values: Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """What a series must keep.

    Attributes:
        grid: The regular times.
        spec: The shape of a window.
        max_gap: Longest run of missing steps or values, in steps.
        max_constant: Longest run of one value, in measured values.
        min_observed: Least share of measured values in a context.
        past: Past covariates by column.
        future: Future-known covariates by column.
        static: Static covariates by column.
    """

    grid: TimeGrid
    spec: WindowSpec
    max_gap: int = 24
    max_constant: int = 48
    min_observed: float = 0.5
    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Target and covariates."""
        return (TARGET, *self.past, *self.future, *self.static)
