"""What the first pass finds out about every series, and which group each one goes to.

>>> Grouping(shared=1, alone=(b"long",)).keys(np.array([b"long", b"short"], object))
array([1, 0])

A group has whole series. Short ones share groups of about `GROUP_ROWS` rows; a
longer one is a group of its own. Letters: `u` series, `S` splits.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tapeline.schemas.errors import DataError
from tapeline.schemas.features import SPLITS
from tapeline.series.arrays import Array, Ints, Names
from tapeline.series.grouping.series_rows import GROUP_ROWS, SeriesRows

NEVER = 2**60
"""A time or a row number after every other."""

HELD_BYTES = 2 * 2**30
"""Memory that a worker takes for one series, at most."""
BYTES_A_ROW, BYTES_A_FLOAT = 128, 8
"""What a row takes while its group is worked on, and each float of it besides.

Measured over 2,000,000 rows in any order: DataGate takes 127 bytes with one float and 223 with 13, windowing 103 and 199.
So of rows with the target alone, 2 GiB hold 2^31 / (128 + 8) = 15.8 million: 1,800 years of hours, 30 of minutes.
"""


@dataclasses.dataclass(frozen=True, eq=False)
class SeriesSurvey:
    """Facts about all rows.

    Attributes:
        ids: The series, bytes, ascending, `[u]`.
        rows: How many rows each has, int64 `[u]`.
        first: Time of its first row, epoch seconds.
        last: Time of its last one.
        split_rows: Rows in each split, int64 `[S]`.
        split_first: Time of each split's first row; `NEVER` without rows.
    """

    ids: Names
    rows: Ints
    first: Ints
    last: Ints
    split_rows: Ints
    split_first: Ints


def survey_rows(rows: SeriesRows) -> SeriesSurvey:
    """Returns the facts of some rows."""
    split_first = np.full(len(SPLITS), NEVER)
    np.minimum.at(split_first, rows.split, rows.timestamp)
    split_rows = np.bincount(rows.split, minlength=len(SPLITS))
    one = np.ones(len(rows.code), np.int64)
    return merge_surveys(
        [SeriesSurvey(rows.ids[rows.code], one, rows.timestamp, rows.timestamp, split_rows, split_first)]
    )


def merge_surveys(surveys: Sequence[SeriesSurvey]) -> SeriesSurvey:
    """Returns the facts of all parts together, series in ascending order."""
    code, ids = pd.factorize(pd.Index(np.concatenate([part.ids for part in surveys]), dtype=object), sort=True)
    order = np.argsort(code, kind="stable")
    starts = np.searchsorted(code[order], np.arange(len(ids)))

    def joined(name: str) -> Array:
        values: Array = np.concatenate([getattr(part, name) for part in surveys])
        return values[order]

    return SeriesSurvey(
        ids=ids.to_numpy(),
        rows=np.add.reduceat(joined("rows"), starts),
        first=np.minimum.reduceat(joined("first"), starts),
        last=np.maximum.reduceat(joined("last"), starts),
        split_rows=np.sum([part.split_rows for part in surveys], axis=0),
        split_first=np.min([part.split_first for part in surveys], axis=0),
    )


def refuse_long(survey: SeriesSurvey, sizes: Ints, *, unit: str, width: int) -> None:
    """Refuses series that are too long for one worker to hold.

    Args:
        survey: The series.
        sizes: How long each is, int64 `[u]`.
        unit: What is counted: rows, or steps.
        width: Floats in a row.

    Raises:
        DataError: A series takes more than `HELD_BYTES`.
    """
    limit = HELD_BYTES // (BYTES_A_ROW + BYTES_A_FLOAT * width)
    long = np.flatnonzero(sizes > limit)
    if not len(long):
        return
    worst = long[np.argmax(sizes[long])]
    more = f" (and {len(long) - 1:,} more series are too long)" if len(long) > 1 else ""
    raise DataError(
        f"data: series {survey.ids[worst].decode(errors='replace')!r} has {sizes[worst]:,} {unit}{more}. A worker holds "
        f"a series whole: at most {limit:,} {unit} of {width} numbers, {HELD_BYTES / 2**30:g} GiB. "
        "Give a coarser data.frequency, or fewer years."
    )


@dataclasses.dataclass(frozen=True)
class Grouping:
    """Which group each series is in.

    Attributes:
        shared: Groups that series share; a hash of its name says which one.
        alone: Series with a group of their own, ascending.
        known: What is told to every group of all rows together; little, it goes with every piece.
    """

    shared: int
    alone: tuple[bytes, ...]
    known: tuple[Any, ...] = ()

    @classmethod
    def of(
        cls, survey: SeriesSurvey, weights: Ints, *, known: tuple[Any, ...] = (), group_rows: int | None = None
    ) -> "Grouping":
        """Divides the series.

        Args:
            survey: The series.
            weights: How many rows each counts for, int64 `[u]`.
            known: What is told to every group.
            group_rows: Rows in a group, about; as a rule `GROUP_ROWS`.
        """
        limit = GROUP_ROWS if group_rows is None else group_rows
        long = weights > limit
        return cls(int(weights[~long].sum()) // limit + 1, tuple(survey.ids[long].tolist()), known)

    def keys(self, ids: Names) -> Ints:
        """Returns the group of each series, int64 `[u]`."""
        keys = (pd.util.hash_array(ids) % np.uint64(self.shared)).astype(np.int64)
        if self.alone:
            own = np.empty(len(self.alone), object)
            own[:] = self.alone
            place = np.minimum(np.searchsorted(own, ids), len(own) - 1)
            keys = np.where(own[place] == ids, self.shared + place, keys)
        return keys


def divide(survey: SeriesSurvey, *, width: int) -> Grouping | None:
    """Divides series into groups; None where one is too long, which is refused in the main process."""
    try:
        refuse_long(survey, survey.rows, unit="rows", width=width)
    except DataError:
        return None
    return Grouping.of(survey, survey.rows)
