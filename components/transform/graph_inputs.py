"""What the transform graph takes of a row: the same columns whether Arrow brings them, NumPy or a server.

>>> inputs = GraphInputs.of(FeaturesConfig())
>>> inputs.rows
RowFeatures(numbers=('target',), texts=(), vectors={}, row_number=False)
>>> list(inputs.spec)
['series_id', 'timestamp', 'target', 'float32_rest_of_target']
"""

import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
from tensorflow_transform.tf_metadata.dataset_metadata import DatasetMetadata
from tfx_bsl.public import tfxio

from tapeline.schemas import features as names
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.series.arrays import Array
from tapeline.series.float_pairs import split_floats
from tapeline.series.grouping.series_rows import NUMBERS, TEXTS, RowFeatures, SeriesRows


@dataclasses.dataclass(frozen=True)
class GraphInputs:
    """The inputs of the graph; each holds one value a row, NaN or an empty text where it is missing.

    Attributes:
        numbers: The target, and the covariates that hold amounts.
        texts: Those that hold categories.
    """

    numbers: tuple[str, ...]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, features: FeaturesConfig) -> "GraphInputs":
        """Takes the columns from the configuration."""
        amounts = (column for column in features.columns if column not in features.text_columns)
        return cls((names.TARGET, *amounts), features.text_columns)

    @property
    def rows(self) -> RowFeatures:
        """Returns what is read of a row, besides its series and its time."""
        return RowFeatures(numbers=self.numbers, texts=self.texts)

    @property
    def spec(self) -> dict[str, Any]:
        """Returns the inputs as TensorFlow parses them."""
        kinds = {names.SERIES_ID: tf.string, names.TIMESTAMP: tf.int64}
        for name in self.numbers:
            kinds |= {name: tf.float32, names.rest(name): tf.float32}
        kinds |= dict.fromkeys(self.texts, tf.string)
        return {name: tf.io.FixedLenFeature([], kind) for name, kind in kinds.items()}

    @property
    def metadata(self) -> DatasetMetadata:
        """Returns the inputs as TensorFlow Transform knows them."""
        return DatasetMetadata.from_feature_spec(self.spec)

    @property
    def adapter(self) -> tfxio.TensorAdapterConfig:
        """Returns how `record_batch` becomes tensors."""
        rows = tfxio.TFExampleBeamRecord(
            physical_format="arrow", telemetry_descriptors=["Transform"], schema=self.metadata.schema
        )
        return rows.TensorAdapterConfig()

    def columns(self, rows: SeriesRows) -> dict[str, Array]:
        """Returns the inputs of some rows but for the series, each `[N]`.

        Args:
            rows: As `rows_io.read_rows` reads them.
        """
        columns: dict[str, Array] = {names.TIMESTAMP: rows.timestamp}
        for at, name in enumerate(self.numbers):
            columns[name], columns[names.rest(name)] = split_floats(rows.columns[NUMBERS][:, at])
        return columns | {name: rows.columns[TEXTS][:, at] for at, name in enumerate(self.texts)}

    def record_batch(self, rows: SeriesRows) -> pa.RecordBatch:
        """Returns the inputs of some rows, as Arrow brings them."""
        schema, ends = self.adapter.arrow_schema, np.arange(len(rows.code) + 1)
        columns = {name: pa.array(values) for name, values in self.columns(rows).items()}
        columns[names.SERIES_ID] = pa.array(rows.ids, pa.large_binary()).take(pa.array(rows.code))
        lists = [
            pa.LargeListArray.from_arrays(ends, columns[field.name].cast(field.type.value_type)) for field in schema
        ]
        return pa.RecordBatch.from_arrays(lists, schema=schema)
