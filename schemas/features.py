"""The names under which values travel between components.

Three record layouts exist; `docs/data-formats.md` shows them side by side.

* a row (`SeriesExampleGen`, `DataGate`): `SERIES_ID`, `TIMESTAMP`,
  `ROW_NUMBER`, `TARGET` and each covariate under its column's own name, and
  beside each number what a float32 rounds away (`rest`);
* a scaled row (inside `Transform`): `SERIES_ID`, `TIMESTAMP`, `TARGET` and the
  covariates gathered into one vector a role;
* a window (`Transform`): the context, its mask, the covariates, the target.

Letters: `B` batch, `T` context, `H` horizon, `P` past, `K` future-known and
`S` static covariates.
"""

PIPELINE_NAME = "[A-Za-z0-9][A-Za-z0-9_-]{0,62}"
"""Pattern of a pipeline's name, which is that of a folder too."""

SERIES_ID = "series_id"
"""Which series a row or window belongs to (bytes)."""

TIMESTAMP = "timestamp"
"""Time of a row, whole seconds since 1970-01-01T00:00:00Z (int64)."""

ROW_NUMBER = "row_number"
"""Position of a row in its source, from 0 (int64)."""

TARGET = "target"
"""The value to forecast: `[1]` in a row, `[H]` in a window; NaN where unobserved."""

PAST_COVARIATES = "past_covariates"
"""Values known up to the cutoff only: `[P]` in a scaled row, `[T, P]` in a window."""

FUTURE_COVARIATES = "future_covariates"
"""Values known ahead, calendar last: `[K]` in a scaled row, `[T + H, K]` in a window."""

STATIC_COVARIATES = "static_covariates"
"""Values that belong to a series: `[S]`."""

PAST_CATEGORIES, FUTURE_CATEGORIES, STATIC_CATEGORIES = "past_categories", "future_categories", "static_categories"
"""Texts of the categorical columns of a role, in a request alone: `[T, ...]`, `[T + H, ...]` and `[...]`; empty where
missing. In a scaled row and in a window a category is a number among the covariates of its role."""

CATEGORIES = {
    PAST_COVARIATES: PAST_CATEGORIES,
    FUTURE_COVARIATES: FUTURE_CATEGORIES,
    STATIC_COVARIATES: STATIC_CATEGORIES,
}
"""Each role of covariates, and the name of its texts."""

UNSEEN = 0
"""The number of a category that train did not hold, and of a missing one; those of train count from 1."""

MOST_CATEGORIES = 1000
"""Different values that a categorical column may have in train."""

CONTEXT = "context"
"""Scaled target values the model sees, gaps filled: `[T]`."""

CONTEXT_OBSERVED = "context_observed"
"""1.0 where a context value was measured, 0.0 where it was filled: `[T]`."""

FORECAST_START = "forecast_start"
"""Time of the first forecast value, whole seconds since the epoch (int64)."""

FORECAST_OFFSETS = "forecast_offsets"
"""Positions in a chunk where a window's forecast starts: `[n]` (int64)."""

SERIES_INDEX = "series_index"
"""Position of the window's series among the trained ones, sorted by id; -1 for any other: `[B]` (int32)."""

FOLD = "fold"
"""Which block in time of the train split a training window starts in; -1 for none: `[B]` (int32)."""

RESERVED = frozenset({SERIES_ID, TIMESTAMP, ROW_NUMBER, TARGET})
"""Names that a covariate column may not have."""

REST = "float32_rest_of_"
"""How features begin that hold what a float32 rounds away; no column's name may begin like it."""


def rest(column: str) -> str:
    """Returns the feature that stands beside a float feature: the value is the sum of both, to 48 bits.

    A `tf.train.Example` holds no wider float than 32 bits: 24 of precision.
    """
    return REST + column


SINGLE_SERIES = "series"
"""The series id of data that hold one series and name none."""

SPLITS = ("train", "eval", "test")
"""The splits of every data set, in the order of time."""
