"""Fits the scale of every series on Beam, as an analyzer of Transform.

Batches are reduced to one row a series before anything is sent, and tables of
such rows are merged: the number of elements does not grow with the number of series.
"""

import os
from collections.abc import Iterable
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform.beam as tft_beam

from tapeline.schemas.sections import ScalingConfig
from tapeline.series.arrays import Floats, Names
from tapeline.series.moments import Moments, merge, moments, scale_file
from tapeline.series.scaling import SCALE_FILE

_MERGE_ROWS = 100_000


class _MergeMoments(beam.CombineFn):
    """Merges tables some at a time, so that many small ones cost one pass over each row."""

    def create_accumulator(self) -> list[Moments]:
        return []

    def add_input(self, accumulator: list[Moments], table: Moments) -> list[Moments]:
        accumulator.append(table)
        # The first table is the largest; what has piled up behind it is merged once it is as large.
        pending = sum(len(other.ids) for other in accumulator[1:])
        if pending > max(_MERGE_ROWS, len(accumulator[0].ids)):
            return [merge(accumulator)]
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[list[Moments]]) -> list[Moments]:
        tables = [table for accumulator in accumulators for table in accumulator]
        return [merge(tables)] if tables else []

    def extract_output(self, accumulator: list[Moments]) -> Moments:
        return merge(accumulator) if accumulator else moments(np.zeros(0, object), np.zeros(0))


class FitScales(tft_beam.experimental.PTransformAnalyzer):
    """Analyzer: batches of (series ids, values) to the path of the scale file.

    Args:
        scaling: Method, and whether each series gets a scale of its own.
    """

    def __init__(self, scaling: ScalingConfig) -> None:
        super().__init__()
        self._scaling = scaling

    def expand(self, batches: Any) -> Any:
        return (
            batches
            | "Moments" >> beam.MapTuple(moments if self._scaling.per_series else _moments_overall)
            | "Merge" >> beam.CombineGlobally(_MergeMoments())
            | "Write" >> beam.Map(_write, self._scaling.model_dump_json(), self.base_temp_dir)
        )


def _moments_overall(ids: Names, values: Floats) -> Moments:
    return moments(np.full(len(ids), b"", object), values)


def _write(table: Moments, scaling_json: str, folder: str) -> Any:
    # Beam takes the annotation as a type hint, and Transform accepts no array of a named element type.
    content = scale_file(table, ScalingConfig.model_validate_json(scaling_json))
    tf.io.gfile.makedirs(folder)
    path = os.path.join(folder, SCALE_FILE)
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(content)
    return np.array(path, object)
