"""Arrays that wait on disk between two passes, so that no runner has to hold them.

>>> unpack(pack({"ids": np.array([b"a", b"bc"], object)}))
{'ids': array([b'a', b'bc'], dtype=object)}

What goes through a Beam pipeline is `Piece`s: a few bytes that tell where rows lie. The rows themselves lie in files
that every worker reaches, as it reaches the artifacts. They lie in NumPy's npz
format without pickled objects: reading a file runs no code that it holds.
"""

import io
import os
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import tensorflow as tf

from tapeline.series.arrays import Array
from tapeline.series.grouping.series_rows import GROUP_ROWS, SeriesRows

_LENGTHS, _BYTES = "/lengths", "/bytes"


class Piece(NamedTuple):
    """Where some rows lie.

    Attributes:
        path: The file.
        offset: First byte.
        size: Bytes.
        rows: How many rows they are.
    """

    path: str
    offset: int
    size: int
    rows: int


class PieceWriter:
    """Writes rows, one piece behind the other, into a file of its own.

    Args:
        folder: Where the file goes.
    """

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, f"rows-{uuid.uuid4().hex}")
        self._file = tf.io.gfile.GFile(self._path, "wb")
        self._offset = 0

    def __enter__(self) -> "PieceWriter":
        return self

    def __exit__(self, *exception: Any) -> None:
        self._file.close()

    def write(self, rows: SeriesRows) -> Piece:
        """Writes some rows and returns where they lie."""
        content = pack(rows.arrays())
        self._file.write(content)
        piece = Piece(self._path, self._offset, len(content), len(rows.code))
        self._offset += len(content)
        return piece


def read_piece(piece: Piece) -> SeriesRows:
    """Returns the rows of a piece."""
    with tf.io.gfile.GFile(piece.path, "rb") as file:
        file.seek(piece.offset)
        return SeriesRows.from_arrays(unpack(file.read(piece.size)))


def divide(pieces: Sequence[Piece]) -> list[tuple[Piece, ...]]:
    """Divides pieces into loads of about `GROUP_ROWS` rows, in their order."""
    before = np.cumsum([0, *(piece.rows for piece in pieces[:-1])])
    edges = np.flatnonzero(np.diff(before // GROUP_ROWS)) + 1
    return [tuple(pieces[at] for at in run) for run in np.split(np.arange(len(pieces)), edges)]


def save(arrays: Mapping[str, Array], folder: str) -> str:
    """Writes arrays into a new file and returns its path."""
    path = os.path.join(folder, f"arrays-{uuid.uuid4().hex}")
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(pack(arrays))
    return path


def load(path: str) -> dict[str, Array]:
    """Reads what `save` wrote."""
    with tf.io.gfile.GFile(path, "rb") as file:
        return unpack(file.read())


def pack(arrays: Mapping[str, Array]) -> bytes:
    """Returns arrays as an npz file; those of bytes, such as series ids, as their lengths and all their bytes."""
    flat: dict[str, Array] = {}
    for name, array in arrays.items():
        if array.dtype == object:
            flat[name + _LENGTHS] = np.fromiter(map(len, array), np.int64, len(array))
            flat[name + _BYTES] = np.frombuffer(b"".join(array), np.uint8)
        else:
            flat[name] = array
    buffer = io.BytesIO()
    np.savez(buffer, **flat)
    return buffer.getvalue()


def unpack(content: bytes) -> dict[str, Array]:
    """Reads what `pack` returned."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        flat = {name: file[name] for name in file.files}
    arrays: dict[str, Array] = {}
    for name, array in flat.items():
        if name.endswith(_LENGTHS):
            plain = name.removesuffix(_LENGTHS)
            buffers = [None, *map(pa.py_buffer, (np.append(0, np.cumsum(array)), flat[plain + _BYTES]))]
            values = pa.Array.from_buffers(pa.large_binary(), len(array), buffers)
            arrays[plain] = values.to_numpy(zero_copy_only=False)
        elif not name.endswith(_BYTES):
            arrays[name] = array
    return arrays
