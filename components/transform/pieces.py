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
from typing import Any, NamedTuple

import tensorflow as tf

from components.transform.chunking import Rows
from components.transform.survey import Survey


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

    def write(self, rows: Rows) -> Piece:
        """Writes some rows and returns where they lie."""
        content = pickle.dumps(rows, protocol=5)
        self._file.write(content)
        piece = Piece(self._path, self._offset, len(content), len(rows.code))
        self._offset += len(content)
        return piece


def read_piece(piece: Piece) -> Rows:
    """Returns the rows of a piece."""
    with tf.io.gfile.GFile(piece.path, "rb") as file:
        file.seek(piece.offset)
        return pickle.loads(file.read(piece.size))


def save_survey(survey: Survey, folder: str) -> str:
    """Writes a survey into a new file and returns its path."""
    path = os.path.join(folder, f"survey-{uuid.uuid4().hex}")
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(pickle.dumps(survey, protocol=5))
    return path


def load_survey(path: str) -> Survey:
    """Reads what `save_survey` wrote."""
    with tf.io.gfile.GFile(path, "rb") as file:
        return pickle.loads(file.read())
