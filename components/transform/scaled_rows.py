"""Rows through the transform graph, a block at a time: what windows are cut from."""

import dataclasses
import functools
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tapeline.components.transform.graph_inputs import GraphInputs
from tapeline.schemas import features as names
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows


@dataclasses.dataclass(frozen=True)
class ScaleRows:
    """From rows as they were read to the same rows, scaled.

    Attributes:
        graph_uri: Folder of the TransformGraph artifact; workers reach it.
        inputs: What the graph takes.
        vectors: Covariates by role, and how many each row has; it may be 0.
    """

    graph_uri: str
    inputs: GraphInputs
    vectors: Mapping[str, int]

    def __call__(self, rows: SeriesRows) -> SeriesRows:
        """Returns the rows with other columns: `NUMBERS` is the target, float32 `[N, 1]`, beside each role."""
        columns = {name: tf.constant(values) for name, values in self.inputs.columns(rows).items()}
        # A name becomes a tensor once, however many rows bear it.
        columns[names.SERIES_ID] = tf.gather(tf.constant(rows.ids), rows.code)
        scaled = _load(self.graph_uri)(columns)
        nothing = np.zeros((len(rows.code), 0), np.float32)
        vectors = {role: scaled[role].numpy() if width else nothing for role, width in self.vectors.items()}
        return dataclasses.replace(rows, columns={NUMBERS: scaled[names.TARGET].numpy()[:, np.newaxis], **vectors})


@functools.lru_cache(maxsize=1)
def _load(graph_uri: str) -> Any:
    """One graph stays loaded in a worker: its tables are filled once."""
    loaded = tf.saved_model.load(os.path.join(graph_uri, "transform_fn"))
    # The function of a loaded model needs the model to live.
    return functools.partial(_apply, loaded)


def _apply(loaded: Any, inputs: dict[str, tf.Tensor]) -> Any:
    return loaded.transform_fn(inputs)
