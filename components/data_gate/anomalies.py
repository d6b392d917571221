"""TFDV's anomalies as findings of the gate, in plain words.

TFDV compares the statistics of a split with the schema. Its sentences name
what its own schema update would do ("Column dropped"); these name what is
wrong with the data and what a user can do.
"""

from collections.abc import Iterator, Sequence

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from tapeline.schemas.features import ROW_NUMBER, SPLITS, TIMESTAMP
from tapeline.series.checks.findings import Finding

_TIME_COLUMNS = frozenset({TIMESTAMP, ROW_NUMBER})

_CURATE = "correct the data, or change the column's entry in the schema (`tapeline schema` writes a new one)"

_FIXES = {
    "SCHEMA_MISSING_COLUMN": "give the column values in this split, or take its `presence` out of the schema.",
    "SCHEMA_NEW_COLUMN": "add the column to the schema (`tapeline schema` writes one), or take it out of features.",
    "FEATURE_TYPE_LOW_FRACTION_PRESENT": "fill values in, or lower presence.min_fraction in the schema.",
    "FEATURE_TYPE_LOW_NUMBER_PRESENT": "fill values in, or lower presence.min_count in the schema.",
    "ENUM_TYPE_UNEXPECTED_STRING_VALUES": "correct the names, or add them to the column's string domain in the schema.",
    "FLOAT_TYPE_BIG_FLOAT": "correct or empty these cells, or widen float_domain in the schema.",
    "FLOAT_TYPE_SMALL_FLOAT": "correct or empty these cells, or widen float_domain in the schema.",
    "FLOAT_TYPE_HAS_NAN": "leave the cells empty instead of NaN.",
}

_WORDS = {
    "SCHEMA_MISSING_COLUMN": "not one value, and the schema requires the column",
    "SCHEMA_NEW_COLUMN": "the schema does not know this column",
    "FLOAT_TYPE_HAS_NAN": "NaN values, which the schema forbids",
}

# Told better elsewhere: the shape by the missing values that break it, infinity by the series' checks, with its rows.
_ECHOES = frozenset({"INVALID_FEATURE_SHAPE", "FLOAT_TYPE_HAS_INF"})


def explain_anomalies(
    anomalies: anomalies_pb2.Anomalies,
    *,
    split: str,
    schema: schema_pb2.Schema | None = None,
    categorical: Sequence[str] = (),
) -> Iterator[Finding]:
    """Yields one finding for every reason of every anomaly.

    Domains of the time columns are left out: later data have later times, and
    the checks of the series judge them.

    Args:
        anomalies: What ExampleValidator wrote for one split.
        split: The split.
        schema: The schema it was compared with; its limits are shown.
        categorical: Columns of categories. What a later split holds and train did not is told by `category_checks`.
    """
    limits = {feature.name: feature for feature in schema.feature} if schema is not None else {}
    if anomalies.data_missing:
        yield Finding(kind="schema", split=split, message="no rows.", fix="change split so that every part has rows.")
    for name, info in sorted(anomalies.anomaly_info.items()):
        column = ".".join(info.path.step) or name
        reasons = {anomalies_pb2.AnomalyInfo.Type.Name(reason.type): reason.description for reason in info.reason}
        reasons = reasons or {"UNKNOWN_TYPE": info.description}
        if column in _TIME_COLUMNS:
            reasons = {kind: text for kind, text in reasons.items() if "PRESENT" in kind or "MISSING" in kind}
        if column in categorical and split != SPLITS[0]:
            reasons.pop("ENUM_TYPE_UNEXPECTED_STRING_VALUES", None)
        if reasons.keys() - _ECHOES or "FLOAT_TYPE_HAS_INF" in reasons:
            reasons = {kind: text for kind, text in reasons.items() if kind not in _ECHOES}
        for kind, description in reasons.items():
            text = _WORDS.get(kind) or _cleaned(description) or kind.lower().replace("_", " ")
            yield Finding(
                kind="schema",
                column=column,
                split=split,
                message=f"{text}{_limit(kind, limits.get(column))}.",
                fix=_FIXES.get(kind, f"{_CURATE}."),
            )
    if anomalies.HasField("dataset_anomaly_info"):
        yield Finding(
            kind="schema",
            split=split,
            message=anomalies.dataset_anomaly_info.description.strip() or "the data set as a whole breaks the schema.",
            fix=f"{_CURATE}.",
        )


def _cleaned(description: str) -> str:
    text = description.replace("(upto six significant digits)", "").replace("(up to six significant digits)", "")
    return " ".join(text.split()).rstrip(".")


def _limit(kind: str, feature: schema_pb2.Feature | None) -> str:
    if feature is None:
        return ""
    if kind in ("FLOAT_TYPE_BIG_FLOAT", "FLOAT_TYPE_SMALL_FLOAT") and feature.HasField("float_domain"):
        domain = feature.float_domain
        return f"; the schema allows {domain.min:g} to {domain.max:g}"
    return ""
