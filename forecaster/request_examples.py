"""Requests on raw values as serialized Examples, which the signature `predict_examples` reads.

Every array is one feature under its name, flattened row by row.

>>> [example] = serialize_requests({"context": np.array([[338.0, 339.0]]), "series_id": np.array([b"co2"], object)})
>>> example.count(b"series_id"), example.count(b"context")
(1, 1)
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.schemas.features import rest
from tapeline.series.float_pairs import split_floats


def serialize_requests(inputs: Mapping[str, npt.NDArray[Any]]) -> list[bytes]:
    """Returns one serialized `tf.train.Example` for each row.

    Args:
        inputs: Arrays `[B, ...]` by input: floats, whole numbers, or bytes objects.
    """
    import tensorflow as tf

    def feature(values: npt.NDArray[Any]) -> "tf.train.Feature":
        flat = values.reshape(-1)
        if values.dtype == object:
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=flat.tolist()))
        if np.issubdtype(values.dtype, np.integer):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=flat))
        return tf.train.Feature(float_list=tf.train.FloatList(value=flat))

    (rows,) = {len(values) for values in inputs.values()}
    inputs = {part: array for name, values in inputs.items() for part, array in _parts(name, values)}
    return [
        tf.train.Example(
            features=tf.train.Features(
                feature={name: feature(values[row : row + 1]) for name, values in inputs.items()}
            )
        ).SerializeToString(deterministic=True)
        for row in range(rows)
    ]


def _parts(name: str, values: npt.NDArray[Any]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """An input as Examples hold it: of float64 also what a float32 rounds away, where that is anything."""
    if values.dtype != np.float64:
        yield name, values
        return
    rounded, left = split_floats(values)
    yield name, rounded
    if left.any():
        yield rest(name), left
