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
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tapeline.series.arrays import Array
from tapeline.series.grouping.remote_files import open_read, open_write
from tapeline.series.grouping.series_rows import SeriesRows

_LENGTHS, _BYTES = "/lengths", "/bytes"


class Piece(NamedTuple):
    """Where some rows lie.

    Attributes:
        path: The file.
        offset: First byte.
        size: Bytes.
    """

    path: str
    offset: int
    size: int


def write_pieces(parts: Iterable[SeriesRows], folder: str) -> list[Piece]:
    """Writes rows, one part behind the other, into a new file, and returns where each part lies."""
    path, offset = os.path.join(folder, f"rows-{uuid.uuid4().hex}"), 0
    pieces = []
    with open_write(path) as file:
        for rows in parts:
            content = pack(rows.arrays())
            file.write(content)
            pieces.append(Piece(path, offset, len(content)))
            offset += len(content)
    return pieces


def read_piece(piece: Piece) -> SeriesRows:
    """Returns the rows of a piece."""
    with open_read(piece.path) as file:
        file.seek(piece.offset)
        return SeriesRows.from_arrays(unpack(file.read(piece.size)))


def save(arrays: Mapping[str, Array], folder: str) -> str:
    """Writes arrays into a new file and returns its path."""
    path = os.path.join(folder, f"arrays-{uuid.uuid4().hex}")
    with open_write(path) as file:
        file.write(pack(arrays))
    return path


def load(path: str) -> dict[str, Array]:
    """Reads what `save` wrote."""
    with open_read(path) as file:
        return unpack(file.read())


def pack(arrays: Mapping[str, Array]) -> bytes:
    """Returns arrays as an npz file; those of bytes, such as series ids, as their lengths and all their bytes."""
    flat: dict[str, Array] = {}
    for name, array in arrays.items():
        if array.dtype == object:
            texts = array.ravel()
            flat[name + _LENGTHS] = np.fromiter(map(len, texts), np.int64, len(texts)).reshape(array.shape)
            flat[name + _BYTES] = np.frombuffer(b"".join(texts), np.uint8)
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
            values = pa.Array.from_buffers(pa.large_binary(), array.size, buffers)
            arrays[plain] = values.to_numpy(zero_copy_only=False).reshape(array.shape)
        elif not name.endswith(_BYTES):
            arrays[name] = array
    return arrays
