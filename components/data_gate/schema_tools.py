"""A schema to start from, written out of statistics and made to be curated by hand.

The layout of the rows is known (`docs/data-formats.md`), so nothing is
guessed: names and times are required; the target and the covariates get the
limits that the data suggest, widened, because a limit at the very extremes of
the past would refuse the next record.
"""

import dataclasses
import math
import os
import pathlib
from collections.abc import Iterable, Sequence

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tapeline.schemas.errors import ConfigError, DataError
from tapeline.schemas.features import ROW_NUMBER, SERIES_ID, TARGET, TIMESTAMP
from tapeline.schemas.whole_files import write_whole

MAX_NAMES = 100
"""Series that a domain lists; with more of them, any name is allowed."""

_STATISTICS_FILE = "FeatureStats.pb"

_CATEGORIES = "Categories; empty where missing. Without a domain any value passes: what train does not hold is told."

_HEADER = """\
# Schema of the rows, inferred by `tapeline schema`; curate it, then name it in schema_path.
# ExampleValidator compares each split with it; DataGate refuses what breaks it.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ColumnSummary:
    """What the statistics of all splits say about one float column.

    Attributes:
        name: The column.
        present: Least share of rows with a value, over the splits.
        minimum: Smallest value.
        maximum: Largest value.
    """

    name: str
    present: float
    minimum: float
    maximum: float


def write_schema(
    statistics_uri: str | os.PathLike[str], output: str | os.PathLike[str], *, force: bool = False
) -> None:
    """Writes a schema inferred from a statistics artifact.

    Args:
        statistics_uri: Folder of the artifact: `Split-train/FeatureStats.pb` and so on.
        output: Where the schema goes; the file appears whole or not at all.
        force: Whether a file that is there may be replaced: it may have been curated.

    Raises:
        ConfigError: `output` exists and `force` is not set.
        DataError: The artifact holds no statistics.
    """
    path = pathlib.Path(output)
    if path.exists() and not force:
        raise ConfigError(
            f"--output: {str(path)!r} exists, and may hold what someone curated. "
            "Give another path, or --force to replace it."
        )
    write_whole(path, infer_schema_text(load_statistics(statistics_uri)))


def load_statistics(uri: str | os.PathLike[str]) -> list[statistics_pb2.DatasetFeatureStatistics]:
    """Reads the statistics of every split of an artifact.

    Raises:
        DataError: There are none.
    """
    files = sorted(pathlib.Path(uri).glob(f"Split-*/{_STATISTICS_FILE}"))
    lists = [statistics_pb2.DatasetFeatureStatisticsList.FromString(file.read_bytes()) for file in files]
    found = [dataset for statistics in lists for dataset in statistics.datasets if dataset.num_examples]
    if not found:
        raise DataError(f"statistics: none in {str(uri)!r}. Run the pipeline up to StatisticsGen first.")
    return found


def infer_schema_text(splits: Sequence[statistics_pb2.DatasetFeatureStatistics]) -> str:
    """Returns a commented schema in text format.

    Args:
        splits: Statistics of the rows, one a split.
    """
    blocks = [_HEADER, *_identity_blocks(_series_names(splits))]
    blocks += [_value_block(column) for column in summarise(splits)]
    blocks += [_block("feature", _required(name, schema_pb2.BYTES), _CATEGORIES) for name in _text_columns(splits)]
    return "\n".join(blocks)


def summarise(splits: Sequence[statistics_pb2.DatasetFeatureStatistics]) -> list[ColumnSummary]:
    """Returns the float columns, the target first, then by name."""
    merged: dict[str, ColumnSummary] = {}
    for dataset in splits:
        for feature in dataset.features:
            name = _name(feature)
            if feature.type != statistics_pb2.FeatureNameStatistics.FLOAT:
                continue
            numbers = feature.num_stats
            part = ColumnSummary(
                name=name,
                present=numbers.common_stats.num_non_missing / dataset.num_examples,
                minimum=numbers.min,
                maximum=numbers.max,
            )
            before = merged.get(name, part)
            merged[name] = ColumnSummary(
                name=name,
                present=min(before.present, part.present),
                minimum=min(before.minimum, part.minimum),
                maximum=max(before.maximum, part.maximum),
            )
    return sorted(merged.values(), key=lambda column: (column.name != TARGET, column.name))


def _name(feature: statistics_pb2.FeatureNameStatistics) -> str:
    return str(feature.path.step[0] if feature.path.step else feature.name)


def _text_columns(splits: Iterable[statistics_pb2.DatasetFeatureStatistics]) -> list[str]:
    """All columns of texts but the one that names the series, by name."""
    kinds = (statistics_pb2.FeatureNameStatistics.STRING, statistics_pb2.FeatureNameStatistics.BYTES)
    found = {_name(feature) for dataset in splits for feature in dataset.features if feature.type in kinds}
    return sorted(found - {SERIES_ID})


def _series_names(splits: Iterable[statistics_pb2.DatasetFeatureStatistics]) -> list[str]:
    """All names of series, or none where they are more than `MAX_NAMES`."""
    names: set[str] = set()
    for dataset in splits:
        for feature in dataset.features:
            if _name(feature) == SERIES_ID:
                buckets = feature.string_stats.rank_histogram.buckets
                names |= {bucket.label for bucket in buckets}
                if feature.string_stats.unique > len(buckets):
                    return []
    return sorted(names) if len(names) <= MAX_NAMES else []


def _identity_blocks(names: Sequence[str]) -> list[str]:
    series_id = _required(SERIES_ID, schema_pb2.BYTES)
    blocks = []
    if names:
        series_id.domain = SERIES_ID
        domain = schema_pb2.StringDomain(name=SERIES_ID, value=names)
        comment = "The series. A name that is not listed is refused; without `domain` any name passes."
        blocks += [_block("feature", series_id, comment), _block("string_domain", domain)]
    else:
        blocks.append(_block("feature", series_id, f"The series: more than {MAX_NAMES}, so any name passes."))
    timestamp = _required(TIMESTAMP, schema_pb2.INT)
    blocks.append(_block("feature", timestamp, "Epoch seconds, UTC. No domain: later data have later times."))
    blocks.append(_block("feature", _required(ROW_NUMBER, schema_pb2.INT)))
    return blocks


def _required(name: str, kind: "schema_pb2.FeatureType.ValueType") -> schema_pb2.Feature:
    feature = schema_pb2.Feature(name=name, type=kind)
    feature.presence.min_fraction = 1.0
    feature.presence.min_count = 1
    feature.shape.dim.add(size=1)
    return feature


def _value_block(column: ColumnSummary) -> str:
    feature = schema_pb2.Feature(name=column.name, type=schema_pb2.FLOAT)
    feature.value_count.max = 1
    # A twentieth more may be missing than was in the worst split.
    feature.presence.min_fraction = math.floor(95 * column.present) / 100
    feature.presence.min_count = 1
    feature.float_domain.disallow_nan = True
    feature.float_domain.disallow_inf = True
    seen = f"Present in {column.present:.1%} of the rows or more"
    if math.isfinite(column.minimum) and math.isfinite(column.maximum):
        feature.float_domain.min, feature.float_domain.max = widen(column.minimum, column.maximum)
        seen += f", between {column.minimum:.6g} and {column.maximum:.6g}; the limits are as far out again"
    return _block("feature", feature, f"{seen}.")


def widen(minimum: float, maximum: float) -> tuple[float, float]:
    """Returns limits one range beyond the extremes, rounded outward to two digits of the range; 0 stays a border.

    Args:
        minimum: Smallest value seen.
        maximum: Largest value seen.
    """
    # A constant column has its size as its range; next to nothing counts as 0.
    span = next((size for size in (maximum - minimum, abs(maximum)) if size > 1e-30), 1.0)
    unit = 10.0 ** (math.floor(math.log10(span)) - 1)
    low = math.floor((minimum - span) / unit) * unit
    high = math.ceil((maximum + span) / unit) * unit
    if minimum >= 0.0:
        low = max(low, 0.0)
    if maximum <= 0.0:
        high = min(high, 0.0)
    # 12 digits hide what binary fractions make of 0.1; where that rounds inward, the extremes themselves hold.
    return min(minimum, float(f"{low:.12g}")), max(maximum, float(f"{high:.12g}"))


def _block(name: str, message: object, comment: str | None = None) -> str:
    body = text_format.MessageToString(message, as_utf8=True, indent=2)
    return (f"# {comment}\n" if comment else "") + f"{name} {{\n{body}}}\n"
