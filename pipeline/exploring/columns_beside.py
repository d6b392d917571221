"""Looks at the columns beside the target: what they may be, and what goes with the target in train."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from tapeline.pipeline.drafting.found_data import FoundData, OneSeries
from tapeline.series.arrays import Array, Floats
from tapeline.series.inspecting.covariate_looks import cross_correlation, kind_of
from tapeline.series.inspecting.regular_steps import on_steps

UNDECIDED = "undecided"
"""The part of a column that may be known ahead or not."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class CovariateLook:
    """A column beside the target.

    Attributes:
        name: Its name.
        kind: In words.
        part: What it is in the configuration, or may be.
        missing: Share of rows without a value.
        by_lag: Correlation of its steps with those of the target as many later, NaN without pairs; None for text and
            for what stays the same in a series.
        pairs: Behind the correlation at lag 0.
    """

    name: str
    kind: str
    part: str
    missing: float
    by_lag: Array | None = None
    pairs: int = 0


def look_at_covariates(
    found: FoundData, series: Sequence[OneSeries], cuts: Sequence[tuple[int, int]], lags: int
) -> Iterator[CovariateLook]:
    """Yields what each column beside the target is, and how it goes with it in train.

    Args:
        found: What the data hold.
        series: The series that are looked at.
        cuts: Steps of each before eval, and before test.
        lags: Longest lag.
    """
    parts = {name: role for role, names in found.unsure.items() for name in names}
    for name in (*found.ahead, *parts):
        numbers, role = found.table.numbers(name), parts.get(name, "")
        texts = found.table.texts(name)
        by_lag, pairs = None, 0
        if numbers is not None and role != "static_covariates":
            by_lag, counts = cross_correlation(_beside(series, numbers, cuts), longest=lags)
            pairs = int(counts[0])
        part = "known ahead" if name in found.ahead else UNDECIDED
        yield CovariateLook(
            name=name,
            kind=kind_of(numbers, categories=len(texts.unique().drop_null())),
            part="one a series" if role == "static_covariates" else part,
            missing=texts.null_count / len(found.table),
            by_lag=by_lag,
            pairs=pairs,
        )


def _beside(
    series: Sequence[OneSeries], numbers: Floats, cuts: Sequence[tuple[int, int]]
) -> Iterator[tuple[Floats, Floats]]:
    """Target and covariate of each series in train, on the grid, `[L]` each."""
    for each, (train, _) in zip(series, cuts, strict=True):
        both = on_steps(each.steps, np.stack([each.values, numbers[each.rows]], axis=1))[:train]
        yield both[:, 0], both[:, 1]
