"""Categories: too many or none are errors; what train does not hold, and what is missing, is told."""

from collections.abc import Mapping

from tensorflow_metadata.proto.v0 import statistics_pb2

from tapeline.components.data_gate.category_checks import CategoryCounts, category_counts, check_categories
from tapeline.schemas.features import MOST_CATEGORIES


def statistics(
    column: str, rows: Mapping[str, int], *, unique: int | None = None
) -> statistics_pb2.DatasetFeatureStatistics:
    """As StatisticsGen writes them."""
    dataset = statistics_pb2.DatasetFeatureStatistics(num_examples=sum(rows.values()))
    feature = dataset.features.add(type=statistics_pb2.FeatureNameStatistics.STRING)
    feature.path.step.append(column)
    feature.string_stats.unique = len(rows) if unique is None else unique
    for value, count in rows.items():
        feature.string_stats.rank_histogram.buckets.add(label=value, sample_count=count)
    return dataset


def found(
    train: Mapping[str, int], test: Mapping[str, int], *, unique: int | None = None
) -> list[tuple[str, str, str, str]]:
    splits = {
        "train": category_counts(statistics("sky", train, unique=unique), columns=["sky"]),
        "eval": {},
        "test": category_counts(statistics("sky", test), columns=["sky"]),
    }
    findings = check_categories(splits, columns=["sky"])
    return [(each.severity, each.kind, each.split or "", each.message) for each in findings]


def test_other_columns_are_not_counted_and_the_empty_text_is_a_missing_value() -> None:
    counts = category_counts(statistics("sky", {"clear": 3, "": 2}), columns=["sky"])
    assert counts == {"sky": CategoryCounts({"clear": 3}, missing=2, different=1)}
    assert category_counts(statistics("sky", {"clear": 3}), columns=["kind"]) == {}


def test_values_that_train_holds_have_no_findings() -> None:
    assert found({"clear": 5, "mist": 1}, {"mist": 4}) == []


def test_unseen_values_are_named_and_counted_as_a_warning() -> None:
    assert found({"clear": 5}, {"clear": 1, "fog": 4, "hail\x1b": 1}) == [
        (
            "warning",
            "unseen_categories",
            "test",
            "5 rows with values that train does not hold: 'fog' in 4 rows, 'hail\\x1b' in 1 row.",
        )
    ]


def test_many_unseen_values_are_shown_in_part() -> None:
    (finding,) = found({"clear": 5}, {f"v{number}": 1 for number in range(40)})
    assert "40 rows" in finding[3]
    assert finding[3].endswith("'v4' in 1 row, ....")


def test_missing_values_are_counted_by_split() -> None:
    assert [each[:3] for each in found({"clear": 5, "": 2}, {"": 1, "clear": 1})] == [
        ("warning", "missing_categories", "train"),
        ("warning", "missing_categories", "test"),
    ]


def test_too_many_values_in_train_are_an_error() -> None:
    ((severity, kind, split, message),) = found({"a": 2}, {"a": 1}, unique=MOST_CATEGORIES + 1)
    assert (severity, kind, split) == ("error", "many_categories", "train")
    assert message == "1,001 different values; a categorical column may have 1,000."


def test_a_column_without_any_value_is_an_error() -> None:
    assert [each[:2] for each in found({"": 3}, {"": 2})] == [("error", "no_values")]
