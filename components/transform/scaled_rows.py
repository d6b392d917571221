"""Rows of a file through the transform graph, block by block: what windows are cut from."""

import dataclasses
import functools
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tapeline.components.transform.graph_inputs import GraphInputs
from tapeline.schemas import features as names
from tapeline.series.arrays import Array
from tapeline.series.grouping.rows_io import read_rows
from tapeline.series.grouping.series_rows import NUMBERS


@dataclasses.dataclass(frozen=True)
class ReadScaled:
    """From the path of a file of rows to its rows, scaled.

    Attributes:
        graph_uri: Folder of the TransformGraph artifact; workers reach it.
        inputs: What the graph takes.
        vectors: Covariates by role, and how many each row has; it may be 0.
    """

    graph_uri: str
    inputs: GraphInputs
    vectors: Mapping[str, int]

    def __call__(self, path: str) -> Iterator[dict[str, Array]]:
        """Yields scaled rows in batches, as `SeriesRows.of` takes them: `NUMBERS` is the target, float32 `[N, 1]`."""
        graph = _load(self.graph_uri)
        for batch in read_rows(path, self.inputs.rows):
            columns = self.inputs.columns(batch)
            scaled = graph({name: tf.constant(values) for name, values in columns.items()})
            nothing = np.zeros((len(batch[names.TIMESTAMP]), 0), np.float32)
            yield {
                names.SERIES_ID: batch[names.SERIES_ID],
                names.TIMESTAMP: batch[names.TIMESTAMP],
                NUMBERS: scaled[names.TARGET].numpy()[:, np.newaxis],
                **{role: scaled[role].numpy() if width else nothing for role, width in self.vectors.items()},
            }


@functools.lru_cache(maxsize=1)
def _load(graph_uri: str) -> Any:
    """One graph stays loaded in a worker: its tables are filled once."""
    loaded = tf.saved_model.load(os.path.join(graph_uri, "transform_fn"))
    # The function of a loaded model needs the model to live.
    return functools.partial(_apply, loaded)


def _apply(loaded: Any, inputs: dict[str, tf.Tensor]) -> Any:
    return loaded.transform_fn(inputs)
