"""Rows of many series as columns: what lies on disk between two passes."""

import dataclasses
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

GROUP_ROWS = 250_000
"""Rows that one worker holds at a time, about."""

R = TypeVar("R", bound="SeriesRows")


@dataclasses.dataclass(frozen=True, eq=False)
class SeriesRows:
    """Rows of some series, in any order; subclasses add columns, arrays `[N, ...]`.

    Attributes:
        ids: The series, bytes `[u]`.
        code: Position of each row's series in `ids`, int64 `[N]`.
    """

    ids: np.ndarray
    code: np.ndarray

    def take(self: R, index: np.ndarray) -> R:
        """Returns some of the rows, and only their series."""
        used, code = np.unique(self.code[index], return_inverse=True)
        return type(self)(self.ids[used], code, *(getattr(self, name)[index] for name in self._columns()))

    @classmethod
    def join(cls: type[R], pieces: Sequence[R]) -> R:
        """Returns all rows of several pieces; series in ascending order."""
        every = pd.Index(np.concatenate([piece.ids for piece in pieces]), dtype=object)
        code_of, ids = pd.factorize(every, sort=True)
        base = np.cumsum([0] + [len(piece.ids) for piece in pieces])
        code = np.concatenate([code_of[piece.code + start] for piece, start in zip(pieces, base, strict=False)])
        columns = (np.concatenate([getattr(piece, name) for piece in pieces]) for name in cls._columns())
        return cls(ids.to_numpy(), code, *columns)

    @classmethod
    def _columns(cls) -> list[str]:
        return [field.name for field in dataclasses.fields(cls)][2:]
