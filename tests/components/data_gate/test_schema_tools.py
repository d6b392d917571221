import pathlib
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tapeline.components.data_gate.schema_tools import (
    MAX_NAMES,
    infer_schema_text,
    load_statistics,
    widen,
    write_schema,
)
from tapeline.schemas.errors import ConfigError, DataError

GOLDEN = pathlib.Path(__file__).parent / "inferred_schema.pbtxt"


def split(rows: int, *, names: Any = ("north", "south"), target: Any = (10.0, 20.0), present: int | None = None) -> Any:
    """Statistics of one split, as StatisticsGen writes them."""
    dataset = statistics_pb2.DatasetFeatureStatistics(num_examples=rows)
    series = dataset.features.add(type=statistics_pb2.FeatureNameStatistics.STRING)
    series.path.step.append("series_id")
    series.string_stats.unique = len(names)
    for name in names:
        series.string_stats.rank_histogram.buckets.add(label=name)
    time = dataset.features.add(type=statistics_pb2.FeatureNameStatistics.INT)
    time.path.step.append("timestamp")
    for column, (low, high) in {"wind": (0.0, 0.25), "target": target}.items():
        feature = dataset.features.add(type=statistics_pb2.FeatureNameStatistics.FLOAT)
        feature.path.step.append(column)
        numbers = feature.num_stats
        numbers.min, numbers.max = low, high
        numbers.common_stats.num_non_missing = rows if present is None or column != "target" else present
    return dataset


def write(folder: pathlib.Path, **splits: Any) -> pathlib.Path:
    for name, dataset in splits.items():
        part = folder / f"Split-{name}"
        part.mkdir(parents=True)
        statistics = statistics_pb2.DatasetFeatureStatisticsList(datasets=[dataset])
        (part / "FeatureStats.pb").write_bytes(statistics.SerializeToString())
    return folder


def parsed(text: str) -> schema_pb2.Schema:
    return text_format.Parse(text, schema_pb2.Schema())


def test_the_inferred_schema_reads_well() -> None:
    # Written by infer_schema_text; write it anew when the layout of the schema changes on purpose.
    text = infer_schema_text([split(100, present=97), split(50, names=("east",), target=(12.0, 31.5))])
    assert text == GOLDEN.read_text()


def test_names_and_times_are_required_and_values_are_not() -> None:
    features = {feature.name: feature for feature in parsed(infer_schema_text([split(100, present=97)])).feature}
    assert list(features) == ["series_id", "timestamp", "row_number", "target", "wind"]
    for name in ("series_id", "timestamp", "row_number"):
        assert features[name].presence.min_fraction == 1.0
        assert features[name].shape.dim[0].size == 1
    for name in ("target", "wind"):
        assert not features[name].HasField("shape")
    # 97 of 100 present, a twentieth less: 0.9215, rounded down.
    assert features["target"].presence.min_fraction == 0.92
    assert features["wind"].presence.min_fraction == 0.95


def test_with_many_series_any_name_passes() -> None:
    many = split(1000, names=tuple(f"s{number}" for number in range(MAX_NAMES + 1)))
    schema = parsed(infer_schema_text([many]))
    assert not schema.string_domain
    assert not schema.feature[0].domain


@given(
    st.floats(-1e6, 1e6, allow_nan=False),
    st.floats(0, 1e6, allow_nan=False),
)
def test_limits_hold_what_was_seen_and_keep_its_sign(low: Any, span: Any) -> None:
    limits = widen(low, low + span)
    assert limits[0] <= low
    assert low + span <= limits[1]
    if low >= 0:
        assert limits[0] >= 0
    if low + span <= 0:
        assert limits[1] <= 0


def test_limits_are_round() -> None:
    # A range of 61 ppm: 313 - 61 = 252, 374 + 61 = 435.
    assert widen(313.0, 374.0) == (252.0, 435.0)
    assert widen(0.1, 0.3) == (0.0, 0.5)
    assert widen(5.0, 5.0) == (0.0, 10.0)


def test_a_curated_schema_is_not_overwritten_without_force(tmp_path: pathlib.Path) -> None:
    statistics = write(tmp_path / "statistics", train=split(100), eval=split(20))
    output = tmp_path / "schemas" / "load" / "schema.pbtxt"
    write_schema(statistics, output)
    written = output.read_text()
    output.write_text("curated")
    with pytest.raises(ConfigError, match="exists, and may hold what someone curated"):
        write_schema(statistics, output)
    assert output.read_text() == "curated"
    write_schema(statistics, output, force=True)
    assert output.read_text() == written
    assert [path.name for path in output.parent.iterdir()] == ["schema.pbtxt"]


def test_no_statistics_are_an_error(tmp_path: pathlib.Path) -> None:
    with pytest.raises(DataError, match="Run the pipeline up to StatisticsGen first"):
        load_statistics(tmp_path)


def test_categories_are_required_and_any_of_them_passes() -> None:
    statistics = split(10)
    statistics.features.add(type=statistics_pb2.FeatureNameStatistics.STRING).path.step.append("sky")
    text = infer_schema_text([statistics, statistics])
    (sky,) = [feature for feature in parsed(text).feature if feature.name == "sky"]
    assert sky.type == schema_pb2.BYTES
    assert sky.presence.min_fraction == 1.0
    assert not sky.HasField("domain")
    assert "Without a domain any value passes" in text
