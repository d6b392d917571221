"""Fits the transform graph with TensorFlow Transform, on Arrow record batches that are whole blocks of rows.

TFX's Transform reads record by record, which takes longer than all the rest. What comes out is in the same format.
"""

import functools
import os
from collections.abc import Iterator, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam

from tapeline.components.transform.graph_inputs import GraphInputs
from tapeline.components.transform.preprocessing import preprocessing_fn
from tapeline.schemas.features import SPLITS
from tapeline.series.grouping.pieces import Piece, read_piece

_ROWS_A_BATCH = 65_536


class FitGraph(beam.PTransform[Any, Any]):
    """From `(split, piece)` of all rows to the graph: it fits scales and categories on train, and writes what applies them.

    Args:
        inputs: What the graph takes.
        sections: JSON of the sections `data`, `features` and `scaling`.
        target: Folder of the TransformGraph artifact.
        folder: For temporary files; workers reach it.
    """

    def __init__(self, *, inputs: GraphInputs, sections: Mapping[str, str], target: str, folder: str) -> None:
        super().__init__()
        self._inputs = inputs
        self._function = functools.partial(preprocessing_fn, custom_config=dict(sections))
        self._target = target
        self._folder = folder

    def expand(self, pieces: Any) -> Any:
        batches = functools.partial(_batches, inputs=self._inputs)
        rows = pieces | "Train" >> beam.FlatMapTuple(batches).with_output_types(pa.RecordBatch)
        raw_metadata = os.path.join(self._target, tft.TFTransformOutput.RAW_METADATA_DIR)
        _ = self._inputs.metadata | tft_beam.WriteMetadata(raw_metadata, pieces.pipeline)
        with tft_beam.Context(temp_dir=self._folder):
            graph = (rows, self._inputs.adapter) | tft_beam.AnalyzeDataset(self._function)
        return graph | tft_beam.WriteTransformFn(self._target)


def _batches(split: str, piece: Piece, inputs: GraphInputs) -> Iterator[pa.RecordBatch]:
    """Yields the rows of train; nothing is learned from any other."""
    if split == SPLITS[0]:
        rows = read_piece(piece)
        for start in range(0, len(rows.code), _ROWS_A_BATCH):
            yield inputs.record_batch(rows.take(np.arange(start, min(start + _ROWS_A_BATCH, len(rows.code)))))
