"""Fits the transform graph with TensorFlow Transform, on Arrow record batches that are whole blocks of a file.

TFX's Transform reads record by record, which takes longer than all the rest. What comes out is in the same format.
"""

import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence

import apache_beam as beam
import pyarrow as pa
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.pipeline import Pipeline

from tapeline.components.transform.graph_inputs import GraphInputs
from tapeline.components.transform.preprocessing import preprocessing_fn
from tapeline.series.grouping.rows_io import read_rows


def fit_graph(
    make_pipeline: Callable[[], Pipeline],
    files: Sequence[str],
    *,
    inputs: GraphInputs,
    sections: Mapping[str, str],
    target: str,
    folder: str,
) -> None:
    """Fits scales and categories and writes the graph that applies them.

    Args:
        make_pipeline: Makes a Beam pipeline.
        files: Those of the train split: nothing is learned from any other.
        inputs: What the graph takes.
        sections: JSON of the sections `data`, `features` and `scaling`.
        target: Folder of the TransformGraph artifact.
        folder: For temporary files; workers reach it.
    """
    function = functools.partial(preprocessing_fn, custom_config=dict(sections))
    with make_pipeline() as pipeline, tft_beam.Context(temp_dir=folder, use_deep_copy_optimization=True):
        rows = (
            pipeline
            | beam.Create(files)
            | beam.Reshuffle()
            | "Read" >> beam.FlatMap(functools.partial(_read, inputs=inputs)).with_output_types(pa.RecordBatch)
        )
        _ = inputs.metadata | tft_beam.WriteMetadata(
            os.path.join(target, tft.TFTransformOutput.RAW_METADATA_DIR), pipeline
        )
        graph = (rows, inputs.adapter) | tft_beam.AnalyzeDataset(function)
        _ = graph | tft_beam.WriteTransformFn(target)


def _read(path: str, inputs: GraphInputs) -> Iterator[pa.RecordBatch]:
    return map(inputs.record_batch, read_rows(path, inputs.rows))
