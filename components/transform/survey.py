"""What has to be known of all rows before windows are cut: the first pass, pure NumPy.

Surveys of parts merge in any order:

    survey = merge_surveys([survey_rows(...), survey_rows(...)])
    survey.splits()["eval"]          # (first ordinal, ordinal after the last)
    survey.groups(block)             # parts that a block is worked in, so that none is large
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from tapeline.schemas import features as names
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.chunking import OPEN_END, OPEN_START, Rows, blocks_of, ranges
from tapeline.series.grouping.rows import GROUP_ROWS

Key = tuple[int, int]
"""A block of time, and one group of the series in it."""


@dataclasses.dataclass(frozen=True, eq=False)
class Survey:
    """Facts about all rows.

    Attributes:
        split_first: Ordinal of each split's first row.
        split_rows: Rows in each split.
        ids: The series, bytes, ascending, `[u]`.
        first: Ordinal of each series' first row, int64 `[u]`.
        last: Ordinal of its last row.
        static: Its static covariates, as its first row has them (0 where missing), float32 `[u, S]`.
        unscaled: Whether it has values but no scale, bool `[u]`.
        blocks: Blocks that need rows, ascending, int64 `[m]`.
        block_rows: How many rows each needs.
    """

    split_first: dict[str, int]
    split_rows: dict[str, int]
    ids: np.ndarray
    first: np.ndarray
    last: np.ndarray
    static: np.ndarray
    unscaled: np.ndarray
    blocks: np.ndarray
    block_rows: np.ndarray

    def splits(self) -> dict[str, tuple[int, int]]:
        """Returns the ordinals that each split covers: from its own first row to the next split's."""
        starts = [OPEN_START, *(self.split_first.get(name) for name in names.SPLITS[1:]), OPEN_END]
        for index in range(len(starts) - 2, 0, -1):
            if starts[index] is None:
                starts[index] = starts[index + 1]
        return {name: (starts[i], starts[i + 1]) for i, name in enumerate(names.SPLITS)}  # type: ignore[misc]

    def groups(self, blocks: np.ndarray) -> np.ndarray:
        """Returns into how many groups of series the rows of blocks are divided, int64 `[N]`."""
        return self.block_rows[np.searchsorted(self.blocks, blocks)] // GROUP_ROWS + 1

    def find(self, ids: np.ndarray) -> np.ndarray:
        """Returns the positions of series in `ids`, int64 `[N]`."""
        return np.searchsorted(self.ids, ids)


def survey_rows(
    *,
    split: str,
    ids: np.ndarray,
    ordinal: np.ndarray,
    target: np.ndarray,
    static: np.ndarray,
    block_steps: int,
    spec: WindowSpec,
) -> Survey:
    """Returns the facts of one batch of rows.

    Args:
        split: The split that the rows lie in.
        ids: Series of each row, bytes `[N]`.
        ordinal: Step of each row, int64 `[N]`.
        target: Scaled values, float32 `[N]`; infinite where a series has no scale.
        static: Float32 `[N, S]`.
        block_steps: Ordinals in a block.
        spec: Context length and horizon.
    """
    low, high = blocks_of(ordinal, block_steps=block_steps, spec=spec)
    needed = ranges(low, high - low + 1)
    blocks, block_rows = np.unique(needed, return_counts=True)
    table = _merge_series(ids, ordinal, ordinal, np.nan_to_num(static), np.isinf(target))
    first = {split: int(ordinal.min())} if len(ordinal) else {}
    return Survey(first, {split: len(ordinal)}, *table, blocks, block_rows)


def merge_surveys(surveys: Sequence[Survey]) -> Survey:
    """Returns the facts of all parts together."""
    series = ("ids", "first", "last", "static", "unscaled")
    table = _merge_series(*(np.concatenate([getattr(part, name) for part in surveys]) for name in series))
    blocks, code = np.unique(np.concatenate([part.blocks for part in surveys]), return_inverse=True)
    rows = np.bincount(code, np.concatenate([part.block_rows for part in surveys]), len(blocks)).astype(np.int64)
    split_first: dict[str, int] = {}
    split_rows: dict[str, int] = {}
    for part in surveys:
        for name, ordinal in part.split_first.items():
            split_first[name] = min(ordinal, split_first.get(name, OPEN_END))
        for name, count in part.split_rows.items():
            split_rows[name] = split_rows.get(name, 0) + count
    return Survey(split_first, split_rows, *table, blocks, rows)


def _merge_series(
    ids: np.ndarray, first: np.ndarray, last: np.ndarray, static: np.ndarray, unscaled: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Brings each series into one row, in ascending order of ids."""
    code, index = pd.factorize(pd.Index(ids, dtype=object), sort=True)
    size = len(index)
    earliest, latest = np.full(size, OPEN_END), np.full(size, OPEN_START)
    np.minimum.at(earliest, code, first)
    np.maximum.at(latest, code, last)
    of_first = np.zeros((size, static.shape[1]), np.float32)
    is_first = first == earliest[code]
    of_first[code[is_first]] = static[is_first]
    return index.to_numpy(), earliest, latest, of_first, np.bincount(code, unscaled, size) > 0


def route(rows: Rows, survey: Survey, *, block_steps: int, spec: WindowSpec) -> Iterator[tuple[Key, Rows]]:
    """Yields the rows that each group of each block needs; a row goes to every block whose windows read it."""
    low, high = blocks_of(rows.ordinal, block_steps=block_steps, spec=spec)
    copies = high - low + 1
    index = np.repeat(np.arange(len(low)), copies)
    block = ranges(low, copies)
    series_hash = pd.util.hash_array(rows.ids) if len(rows.ids) else np.zeros(0, np.uint64)
    group = (series_hash[rows.code[index]] % survey.groups(block).astype(np.uint64)).astype(np.int64)
    order = np.lexsort((group, block))
    same = (np.diff(block[order]) == 0) & (np.diff(group[order]) == 0)
    for piece in np.split(order, np.flatnonzero(~same) + 1):
        if len(piece):
            yield (int(block[piece[0]]), int(group[piece[0]])), rows.take(index[piece])
