"""Checks of categorical columns, from TFDV's counts of their values in each split.

What train did not hold is no error: the model has a number for it. It is told,
with the values, because a new name is often a misspelled old one.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from tensorflow_metadata.proto.v0 import statistics_pb2

from tapeline.schemas.errors import printable
from tapeline.schemas.features import MOST_CATEGORIES, SPLITS
from tapeline.series.checks.findings import Finding, listing, plural


@dataclasses.dataclass(frozen=True)
class CategoryCounts:
    """The values of one column in one split.

    Attributes:
        rows: How many rows hold each value, the most frequent first; without missing ones.
        missing: Rows without a value.
        different: How many different values there are; `rows` may hold the most frequent alone.
    """

    rows: Mapping[str, int]
    missing: int
    different: int


def category_counts(
    statistics: statistics_pb2.DatasetFeatureStatistics, *, columns: Sequence[str]
) -> dict[str, CategoryCounts]:
    """Returns the counts of each column.

    Args:
        statistics: Of one split.
        columns: Columns of categories.
    """
    counts = {}
    for feature in statistics.features:
        name = feature.path.step[0] if feature.path.step else feature.name
        if name in columns:
            rows = {each.label: int(each.sample_count) for each in feature.string_stats.rank_histogram.buckets}
            missing = rows.pop("", 0)
            different = max(int(feature.string_stats.unique) - int(missing > 0), len(rows))
            counts[str(name)] = CategoryCounts(rows, missing, different)
    return counts


def check_categories(
    splits: Mapping[str, Mapping[str, CategoryCounts]], *, columns: Sequence[str]
) -> Iterator[Finding]:
    """Yields an error for each column with too many values or none in train, and warnings for what is unseen or missing.

    Args:
        splits: Counts by split and column.
        columns: Columns of categories.
    """
    train, *others = SPLITS
    for column in columns:
        known = splits[train].get(column, CategoryCounts({}, 0, 0))
        if known.different > MOST_CATEGORIES:
            yield Finding(
                kind="many_categories",
                column=column,
                split=train,
                message=f"{known.different:,} different values; a categorical column may have {MOST_CATEGORIES:,}.",
                fix="put rare values together, or take the column out of features.categorical and give it as a number.",
            )
            continue
        if not known.rows:
            # A column that other splits have values of is a finding of `check_splits`.
            if not any(splits[split].get(column, known).rows for split in others):
                yield Finding(
                    kind="no_values",
                    column=column,
                    message="not one value in any row.",
                    fix="look where they were lost, or take the column out of features.",
                )
            continue
        yield from _missing(column, train, known)
        for split in others:
            here = splits[split].get(column, CategoryCounts({}, 0, 0))
            yield from _missing(column, split, here)
            unseen = {value: count for value, count in here.rows.items() if value not in known.rows}
            if unseen:
                shown = [
                    f"{printable(repr(value), most=60)} in {plural(count, 'row')}" for value, count in unseen.items()
                ]
                yield Finding(
                    kind="unseen_categories",
                    severity="warning",
                    column=column,
                    split=split,
                    message=(
                        f"{plural(sum(unseen.values()), 'row')} with values that train does not hold: "
                        f"{listing(shown, len(unseen))}."
                    ),
                    fix="none where they are new: the model takes all of them for one category. Else correct the spelling.",
                    count=sum(unseen.values()),
                )


def _missing(column: str, split: str, counts: CategoryCounts) -> Iterator[Finding]:
    if counts.missing:
        yield Finding(
            kind="missing_categories",
            severity="warning",
            column=column,
            split=split,
            message=f"{plural(counts.missing, 'row')} without a value: the model takes them for a category of its own.",
            fix="none where this is meant; else fill the values in.",
            count=counts.missing,
        )
