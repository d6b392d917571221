"""The one writer of chunk files and of windows, whose one reader is `window_reader`.

It makes Arrow record batches, which tfx_bsl's C++ encoder turns into Examples. Nothing here loops over rows or windows: a column is one buffer of values and
one of offsets.
"""

import numpy as np
import pyarrow as pa

from tapeline.schemas import features as names
from tapeline.series.arrays import Array, Ints, Names
from tapeline.series.chunking import ChunkBounds, Grid, ranges


def chunk_batch(chunks: ChunkBounds, grid: Grid, *, timestamp: Ints) -> pa.RecordBatch:
    """Returns chunks as a record batch.

    Args:
        chunks: Where they lie in the grid.
        grid: The steps; holes in the calendar are filled.
        timestamp: Epoch seconds of each step, int64 `[L]`.
    """
    length = chunks.end - chunks.begin
    steps = ranges(chunks.begin, length)
    series = grid.code[chunks.begin]
    starts = np.diff(chunks.split_at)
    columns = {
        names.SERIES_ID: _ids(grid.ids[series]),
        names.TIMESTAMP: _lists(timestamp[steps], length),
        names.TARGET: _lists(grid.target[steps], length),
        names.PAST_COVARIATES: _lists(grid.past[steps], length),
        names.FUTURE_COVARIATES: _lists(grid.future[steps], length),
        names.STATIC_COVARIATES: _lists(grid.static[series], np.ones(len(series), np.int64)),
        names.FORECAST_OFFSETS: _lists(chunks.starts - np.repeat(chunks.begin, starts), starts),
    }
    return _batch(columns)


def window_batch(windows: dict[str, Array]) -> pa.RecordBatch:
    """Returns windows as a record batch.

    Args:
        windows: Each window feature with `n` rows, as `group.GroupCut.windows` gives them.
    """
    columns = {names.SERIES_ID: _ids(windows[names.SERIES_ID])}
    for name, values in windows.items():
        if name != names.SERIES_ID:
            steps = values.shape[1] if values.ndim > 1 else 1
            flat = values.reshape(len(values) * steps, *values.shape[2:])
            columns[name] = _lists(flat, np.full(len(values), steps))
    return _batch(columns)


def _batch(columns: dict[str, pa.Array | None]) -> pa.RecordBatch:
    """Features of width 0 are left out."""
    present = {name: column for name, column in columns.items() if column is not None}
    return pa.RecordBatch.from_arrays(list(present.values()), list(present))


def _ids(ids: Names) -> pa.Array:
    return pa.LargeListArray.from_arrays(np.arange(len(ids) + 1), pa.array(ids, pa.large_binary()))


def _lists(values: Array, lengths: Ints) -> pa.Array | None:
    """One list a record: `lengths` rows of `values` each; a row may hold several numbers."""
    width = int(np.prod(values.shape[1:], dtype=np.int64))
    if not width:
        return None
    offsets = np.concatenate([[0], np.cumsum(lengths)]) * width
    return pa.LargeListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(values).reshape(-1)))
