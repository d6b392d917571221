"""Rows that wait on disk between two passes, so that no runner has to hold them.

    with PieceWriter(folder) as writer:
        piece = writer.write(rows)         # a few bytes that say where the rows lie
    rows = read_piece(piece)

What goes through a Beam pipeline is `Piece`s. The rows themselves lie in files
that every worker reaches, as it reaches the artifacts.
"""

import os
import pickle
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tapeline.series.grouping.rows import GROUP_ROWS, SeriesRows


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
        content = pickle.dumps(rows, protocol=5)
        self._file.write(content)
        piece = Piece(self._path, self._offset, len(content), len(rows.code))
        self._offset += len(content)
        return piece


def read_piece(piece: Piece) -> Any:
    """Returns the rows of a piece, of the class that was written."""
    with tf.io.gfile.GFile(piece.path, "rb") as file:
        file.seek(piece.offset)
        return pickle.loads(file.read(piece.size))


def divide(pieces: Sequence[Piece]) -> list[tuple[Piece, ...]]:
    """Divides pieces into loads of about `GROUP_ROWS` rows, in their order."""
    before = np.cumsum([0, *(piece.rows for piece in pieces[:-1])])
    edges = np.flatnonzero(np.diff(before // GROUP_ROWS)) + 1
    return [tuple(pieces[at] for at in run) for run in np.split(np.arange(len(pieces)), edges)]


def load_from_json(load: Sequence) -> tuple[Piece, ...]:
    """Reads a load that went through JSON."""
    return tuple(Piece(*piece) for piece in load)


def save(content: Any, folder: str) -> str:
    """Writes what all workers need, such as a survey, into a new file and returns its path."""
    path = os.path.join(folder, f"shared-{uuid.uuid4().hex}")
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(pickle.dumps(content, protocol=5))
    return path


def load(path: str) -> Any:
    """Reads what `save` wrote."""
    with tf.io.gfile.GFile(path, "rb") as file:
        return pickle.loads(file.read())
