"""Looks at data before anything is trained on them: gaps, outliers, seasons, covariates.

    look = look_closer(found, plan)
    look.series[0].outliers, look.seasons

What a model could be chosen by (seasons, autocorrelation, what covariates go with) is computed on train alone, by the
split that was drafted. What is wrong with the data is looked for everywhere, as the data gate does.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from tapeline.pipeline.drafting.found_data import FoundData, OneSeries
from tapeline.pipeline.drafting.horizons import Plan
from tapeline.pipeline.exploring.columns_beside import CovariateLook, look_at_covariates
from tapeline.schemas.errors import DataError
from tapeline.schemas.sections import ChecksConfig
from tapeline.series.arrays import Array, Bools, Floats, Ints
from tapeline.series.checks.outliers import outliers
from tapeline.series.choices import CYCLE_REPETITIONS, longest_season, seasons_in
from tapeline.series.inspecting.regular_steps import gaps, longest_rest, on_steps
from tapeline.series.season_finder import autocorrelation, chance
from tapeline.series.seasons import natural_seasons, week_of

MOST_LAGS = 400
"""Longest lag that is shown."""

_LEAST_LAGS = 24

_MOST_STEPS_A_ROW = 100
"""With fewer values for its steps a series is not on this grid."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SeriesLook:
    """One series.

    Attributes:
        name: Its name.
        first: Ordinal of its first value.
        values: From its first value to its last on the grid, NaN where there is none, float64 `[L]`.
        train: How many of these steps are in train.
        test: Steps in eval and test start at `train` and `test`; the same where the series is in train whole.
        gaps: First step of each gap, and its steps, int64 `[G]` each.
        rest: The longest run of one value.
        outliers: Positions in `values`, int64 `[K]`.
        usual: The median around each outlier `[K]`.
        rows: The row of each outlier `[K]`.
        seasons: Those that it shows by itself.
        echo: Autocorrelation of its steps in train, by lag.
    """

    name: str
    first: int
    values: Floats
    train: int
    test: int
    gaps: tuple[Ints, Ints]
    rest: int
    outliers: Ints
    usual: Floats
    rows: Ints
    seasons: tuple[int, ...]
    echo: Array

    @property
    def missing(self) -> int:
        """Steps without a value."""
        return int(np.isnan(self.values).sum())


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class DataLook:
    """What was seen.

    Attributes:
        series: All of them.
        seasons: Those of all series together, in steps, ascending: a run finds the same.
        longest_cycle: The longest cycle of the calendar that was looked for, in steps.
        echo: Autocorrelation of the steps of all series together, by lag.
        by_chance: How strong it is by chance alone, by lag.
        covariates: The columns beside the target.
        limit: From where on a value is an outlier, in robust standard deviations.
    """

    series: tuple[SeriesLook, ...]
    seasons: tuple[int, ...]
    longest_cycle: int
    echo: Array
    by_chance: Array
    covariates: tuple[CovariateLook, ...]
    limit: float


def look_closer(found: FoundData, plan: Plan) -> DataLook:
    """Looks at what was found.

    Args:
        found: What the data hold.
        plan: How the draft cuts time.

    Raises:
        DataError: The rows lie so far apart that there is nothing to draw.
    """
    frequency = found.grid.grid.frequency
    series = [each for each in map(_finite, found.series) if len(each.values)]
    _require_grid(series)
    cuts = [_cuts(each, plan) for each in series]
    whole = [_dense(each) for each in series]
    limit = ChecksConfig().max_outlier or np.inf
    marked, usual = _outliers(series, limit)
    trained = [values[:train] for values, (train, _) in zip(whole, cuts, strict=True)]
    lengths = [len(values) for values in trained if len(values)] or [0]
    # As `pipeline.settling` looks for them, so that the page and a run say the same.
    steps, room = max(lengths), min(lengths) - plan.horizon
    seasons = seasons_in(trained, frequency=frequency, steps=steps, room=room)
    lags = _lags(max(lengths), (*seasons, *natural_seasons(frequency), week_of(frequency) or 0))
    looks = []
    for at, (each, values, (train, test)) in enumerate(zip(series, whole, cuts, strict=True)):
        own = len(trained[at])
        looks.append(
            SeriesLook(
                name=each.name,
                first=int(each.steps[0]),
                values=values,
                train=train,
                test=test,
                gaps=gaps(each.steps),
                rest=longest_rest(each.values),
                outliers=each.steps[marked[at]] - each.steps[0],
                usual=usual[at][marked[at]],
                rows=each.rows[marked[at]],
                seasons=seasons_in([trained[at]], frequency=frequency, steps=own, room=own - plan.horizon),
                echo=autocorrelation([trained[at]], longest=lags)[0],
            )
        )
    echo, pairs = autocorrelation(trained, longest=lags)
    return DataLook(
        series=tuple(looks),
        seasons=seasons,
        longest_cycle=longest_season(steps, room=room, repetitions=CYCLE_REPETITIONS),
        echo=echo,
        by_chance=chance(pairs),
        covariates=tuple(look_at_covariates(found, series, cuts, lags)),
        limit=limit,
    )


def _finite(series: OneSeries) -> OneSeries:
    """A series without what is infinite: the data gate refuses that, and nothing can be drawn of it."""
    kept = np.isfinite(series.values)
    return dataclasses.replace(
        series, rows=series.rows[kept], steps=series.steps[kept], values=series.values[kept].astype(np.float64)
    )


def _require_grid(series: Sequence[OneSeries]) -> None:
    rows = sum(len(each.values) for each in series)
    steps = sum(int(each.steps[-1] - each.steps[0]) + 1 for each in series)
    if steps > _MOST_STEPS_A_ROW * max(rows, 1):
        raise DataError(
            f"--explore: the {rows:,} values lie on {steps:,} steps, so there is next to nothing to show. Look for a time "
            "far away from all others, and correct it."
        )


def _cuts(series: OneSeries, plan: Plan) -> tuple[int, int]:
    """Steps of a series before eval, and before test."""
    first, length = int(series.steps[0]), int(series.steps[-1] - series.steps[0]) + 1
    if plan.cuts is not None:
        evaluated, test = (min(max(cut - first, 0), length) for cut in plan.cuts[1:3])
        return evaluated, test
    assert plan.parts is not None
    if length <= sum(plan.parts):
        return length, length
    return length - sum(plan.parts), length - plan.parts[1]


def _dense(series: OneSeries) -> Floats:
    return on_steps(series.steps, series.values[:, np.newaxis])[:, 0]


def _lags(length: int, seasons: Sequence[int]) -> int:
    """Longest lag that is worth a look: a little over two seasons, as far as the series are long enough."""
    return max(1, min(MOST_LAGS, length // 3, max(_LEAST_LAGS, int(2.2 * max(seasons)))))


def _outliers(series: Sequence[OneSeries], limit: float) -> tuple[list[Bools], list[Floats]]:
    """Which values of each series the data gate tells as outliers, and the medians around all, `[N]` each."""
    lengths = [len(each.values) for each in series]
    ends = np.cumsum(lengths)
    flagged, median = outliers(
        np.concatenate([each.values for each in series]),
        np.repeat(np.arange(len(series)), lengths),
        starts=ends - lengths,
        ends=ends,
        limit=limit,
    )
    return np.split(flagged, ends[:-1]), np.split(median, ends[:-1])
