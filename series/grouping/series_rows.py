"""Rows of many series as columns: what lies on disk between two passes, and what a worker holds.

>>> batch = {"series_id": np.array([b"b", b"a", b"b"], object), "timestamp": np.array([0, 0, 3600])}
>>> rows = SeriesRows.of(batch, split="train")
>>> rows.ids, rows.code
(array([b'b', b'a'], dtype=object), array([0, 1, 0]))

Letters: `N` rows, `u` series.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from tapeline.schemas.features import SERIES_ID, SPLITS, TIMESTAMP
from tapeline.series.arrays import Array, Ints, Names

GROUP_ROWS = 250_000
"""Rows that one worker holds at a time, about; a longer series is held alone."""

NUMBERS = "numbers"
"""The single values of a row, side by side."""

TEXTS = "texts"
"""Its categories, side by side."""

TEXT_FLOATS = 8
"""Floats that take as much memory as one text."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RowFeatures:
    """Which features of a row are read, besides its series and its time.

    Attributes:
        numbers: Floats with one value a row, or none.
        texts: Bytes with one value a row, empty where it is missing.
        vectors: Floats with a fixed number of values in every row, and that number; it may be 0.
        row_number: Whether the row's place in the source is read.
    """

    numbers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    vectors: Mapping[str, int] = dataclasses.field(default_factory=dict)
    row_number: bool = False

    @property
    def width(self) -> int:
        """How many floats a row has; a text counts as `TEXT_FLOATS`."""
        return len(self.numbers) + TEXT_FLOATS * len(self.texts) + sum(self.vectors.values())


@dataclasses.dataclass(frozen=True, eq=False)
class SeriesRows:
    """Rows of some series, in any order.

    Attributes:
        ids: The series, bytes `[u]`.
        code: Position of each row's series in `ids`, int64 `[N]`.
        split: Position of its split in `SPLITS`, int8 `[N]`.
        timestamp: Epoch seconds, int64 `[N]`.
        columns: What else is known of each row, arrays `[N, ...]`.
    """

    ids: Names
    code: Ints
    split: npt.NDArray[np.int8]
    timestamp: Ints
    columns: dict[str, Array]

    @classmethod
    def of(cls, batch: dict[str, Array], *, split: str) -> "SeriesRows":
        """Takes a batch of one split, as it is read from a file."""
        code, ids = pd.factorize(pd.Index(batch[SERIES_ID], dtype=object))
        columns = {name: values for name, values in batch.items() if name not in (SERIES_ID, TIMESTAMP)}
        splits = np.full(len(code), SPLITS.index(split), np.int8)
        return cls(ids.to_numpy(), code, splits, batch[TIMESTAMP], columns)

    def arrays(self) -> dict[str, Array]:
        """Returns all arrays by name, as they lie on disk."""
        return {"ids": self.ids, "code": self.code, "split": self.split, "timestamp": self.timestamp, **self.columns}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array]) -> "SeriesRows":
        """Takes what `arrays` gave."""
        rest = dict(arrays)
        ids, code, split, timestamp = (rest.pop(name) for name in ("ids", "code", "split", "timestamp"))
        return cls(ids, code, split, timestamp, rest)

    def take(self, index: Array) -> "SeriesRows":
        """Returns some of the rows, and only their series."""
        used, code = np.unique(self.code[index], return_inverse=True)
        columns = {name: values[index] for name, values in self.columns.items()}
        return SeriesRows(self.ids[used], code, self.split[index], self.timestamp[index], columns)

    @classmethod
    def join(cls, pieces: Sequence["SeriesRows"]) -> "SeriesRows":
        """Returns all rows of several pieces; series in ascending order."""
        every = pd.Index(np.concatenate([piece.ids for piece in pieces]), dtype=object)
        code_of, ids = pd.factorize(every, sort=True)
        base = np.cumsum([0] + [len(piece.ids) for piece in pieces])
        return cls(
            ids.to_numpy(),
            np.concatenate([code_of[piece.code + start] for piece, start in zip(pieces, base, strict=False)]),
            np.concatenate([piece.split for piece in pieces]),
            np.concatenate([piece.timestamp for piece in pieces]),
            {name: np.concatenate([piece.columns[name] for piece in pieces]) for name in pieces[0].columns},
        )
