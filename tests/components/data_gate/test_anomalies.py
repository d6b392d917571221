from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from tapeline.components.data_gate.anomalies import explain_anomalies

SCHEMA = text_format.Parse(
    'feature { name: "target" type: FLOAT float_domain { min: 280 max: 500 } }', schema_pb2.Schema()
)


def anomalies(column: str, *reasons: tuple[str, str]) -> anomalies_pb2.Anomalies:
    """As TFDV writes them: one entry a column, one reason a rule."""
    result = anomalies_pb2.Anomalies()
    info = result.anomaly_info[column]
    info.path.step.append(column)
    info.description = " ".join(text for _, text in reasons)
    for kind, text in reasons:
        info.reason.add(type=anomalies_pb2.AnomalyInfo.Type.Value(kind), description=text)
    return result


def texts(found: anomalies_pb2.Anomalies) -> list[tuple[str | None, str, str]]:
    findings = list(explain_anomalies(found, split="eval", schema=SCHEMA))
    assert all(finding.severity == "error" and finding.split == "eval" for finding in findings)
    return [(finding.column, finding.message, finding.fix) for finding in findings]


def test_a_value_out_of_range_is_said_with_the_schemas_limits() -> None:
    high = ("FLOAT_TYPE_BIG_FLOAT", "Unexpectedly high value: 3700>500(upto six significant digits)")
    assert texts(anomalies("target", high)) == [
        (
            "target",
            "Unexpectedly high value: 3700>500; the schema allows 280 to 500.",
            "correct or empty these cells, or widen float_domain in the schema.",
        )
    ]


def test_a_column_that_the_schema_does_not_know() -> None:
    new = ("SCHEMA_NEW_COLUMN", "New column (column in data but not in schema)")
    assert texts(anomalies("wind", new)) == [
        (
            "wind",
            "the schema does not know this column.",
            "add the column to the schema (`tapeline schema` writes one), or take it out of features.",
        )
    ]


def test_a_column_without_values_in_a_split() -> None:
    missing = ("SCHEMA_MISSING_COLUMN", "Column is completely missing")
    ((column, message, _),) = texts(anomalies("wind", missing))
    assert (column, message) == ("wind", "not one value, and the schema requires the column.")


def test_every_reason_of_a_column_is_a_finding() -> None:
    low = ("FEATURE_TYPE_LOW_FRACTION_PRESENT", "The feature was present in fewer examples than expected: 0.9")
    names = ("FLOAT_TYPE_SMALL_FLOAT", "Unexpectedly low value: 1<280")
    assert [message for _, message, _ in texts(anomalies("target", low, names))] == [
        "The feature was present in fewer examples than expected: 0.9.",
        "Unexpectedly low value: 1<280; the schema allows 280 to 500.",
    ]


def test_a_broken_shape_is_not_said_beside_the_missing_values_that_break_it() -> None:
    shape = ("INVALID_FEATURE_SHAPE", "The feature has a shape, but it's not always present")
    low = ("FEATURE_TYPE_LOW_FRACTION_PRESENT", "present in fewer examples")
    assert [message for _, message, _ in texts(anomalies("target", shape, low))] == ["present in fewer examples."]
    assert [message for _, message, _ in texts(anomalies("target", shape))] == [
        "The feature has a shape, but it's not always present."
    ]


def test_infinity_is_left_to_the_checks_that_name_its_rows() -> None:
    assert texts(anomalies("target", ("FLOAT_TYPE_HAS_INF", "Float feature has Inf values."))) == []


def test_a_domain_of_the_time_is_ignored_and_its_absence_is_not() -> None:
    assert texts(anomalies("timestamp", ("INT_TYPE_BIG_INT", "Unexpectedly large value: 9"))) == []
    ((column, message, _),) = texts(anomalies("timestamp", ("SCHEMA_MISSING_COLUMN", "gone")))
    assert (column, message) == ("timestamp", "not one value, and the schema requires the column.")


def test_no_data_and_anomalies_of_the_whole_are_said() -> None:
    empty = anomalies_pb2.Anomalies(data_missing=True)
    empty.dataset_anomaly_info.description = "The dataset has fewer examples than expected."
    assert [message for _, message, _ in texts(empty)] == [
        "no rows.",
        "The dataset has fewer examples than expected.",
    ]


def test_an_anomaly_without_reasons_is_said_in_tfdvs_words() -> None:
    bare = anomalies_pb2.Anomalies()
    bare.anomaly_info["wind"].description = "Something new."
    assert [(column, message) for column, message, _ in texts(bare)] == [("wind", "Something new.")]


def test_a_category_that_later_splits_alone_hold_is_told_elsewhere() -> None:
    unseen = anomalies("sky", ("ENUM_TYPE_UNEXPECTED_STRING_VALUES", "Examples contain values missing: fog."))
    assert not list(explain_anomalies(unseen, split="test", categorical=("sky",)))
    # Train breaks no domain that was inferred from it: this one was written by hand.
    assert len(list(explain_anomalies(unseen, split="train", categorical=("sky",)))) == 1
    assert len(list(explain_anomalies(unseen, split="test"))) == 1
