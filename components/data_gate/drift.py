"""How far the splits' distributions lie apart, by TFDV.

>>> (finding,) = drift_findings({"target": 0.8, "wind": 0.1}, split="test", max_drift=0.5)
>>> finding.severity, finding.place
('warning', 'target, test: ')

Splits by time differ by nature: a trending series has another level in each.
So drift is a warning, and its text says what it may mean.
"""

from collections.abc import Iterable, Iterator, Mapping

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tapeline.schemas.features import TARGET
from tapeline.series.checks.findings import Finding


def column_distances(
    control: statistics_pb2.DatasetFeatureStatisticsList,
    treatment: statistics_pb2.DatasetFeatureStatisticsList,
    *,
    columns: Iterable[str],
) -> dict[str, float]:
    """Returns the Jensen-Shannon divergence (base 2, 0 to 1) of each numeric column.

    Args:
        control: Statistics of the train split.
        treatment: Statistics of another split.
        columns: Float columns; those without values in one of the splits are left out.
    """
    schema = schema_pb2.Schema()
    for column in columns:
        feature = schema.feature.add(name=column, type=schema_pb2.FLOAT)
        feature.drift_comparator.jensen_shannon_divergence.threshold = 0.0
    anomalies = tfdv.validate_statistics(treatment, schema, previous_statistics=control)
    return {
        info.path.step[0]: measurement.value
        for info in anomalies.drift_skew_info
        for measurement in info.drift_measurements
    }


def drift_findings(distances: Mapping[str, float], *, split: str, max_drift: float) -> Iterator[Finding]:
    """Yields a warning for each column that lies farther from train than allowed.

    Args:
        distances: Divergence by column, of `split` from train.
        split: The split.
        max_drift: Largest divergence without a warning.
    """
    for column, distance in sorted(distances.items()):
        if distance > max_drift:
            level = (
                "a trend or another level does this, and forecasts relative to the last value can bear it"
                if column == TARGET
                else "the model will see values that train hardly held"
            )
            yield Finding(
                kind="drift",
                severity="warning",
                column=column,
                split=split,
                message=(
                    f"the values lie {distance:.2f} from those of train (0 the same, 1 disjoint; "
                    f"checks.max_drift is {max_drift:g}): {level}."
                ),
                fix="none where this is expected; else look for a changed unit or sensor, or cut time otherwise.",
            )
