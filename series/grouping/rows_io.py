"""The one writer and the one reader of files of rows, as Parquet: columns of a block of rows, one behind the other.

Nothing here needs TensorFlow, whose import every worker would wait for, and a reader unpacks only the columns that it
asks for. `series/sources/rows.py` makes the batches.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tapeline.schemas.features import ROW_NUMBER, SERIES_ID, TIMESTAMP
from tapeline.series.arrays import Array
from tapeline.series.grouping.remote_files import open_read, open_write
from tapeline.series.grouping.series_rows import NUMBERS, TEXTS, RowFeatures

_ROWS_A_BATCH = 32_768


class RowFile:
    """A new file of rows.

    Args:
        path: The file, on any file system that Beam knows.
    """

    def __init__(self, path: str) -> None:
        self._file = open_write(path)
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.RecordBatch] = []

    def __enter__(self) -> "RowFile":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Writes rows behind those that are there; all batches have the same columns."""
        self._waiting.append(batch)
        if sum(map(len, self._waiting)) >= _ROWS_A_BATCH:
            self._write_waiting()

    def close(self) -> None:
        """Ends the file."""
        if self._waiting:
            self._write_waiting()
        if self._writer is not None:
            self._writer.close()
        self._file.close()

    def _write_waiting(self) -> None:
        table = pa.Table.from_batches(self._waiting)
        self._waiting = []
        if self._writer is None:
            # Level 1 of Zstandard: hardly larger than gzip's level 6, in a fraction of the time.
            self._writer = pq.ParquetWriter(self._file, table.schema, compression="zstd", compression_level=1)
        self._writer.write_table(table)


def count_rows(paths: Iterable[str]) -> int:
    """Returns how many rows files hold, by their footers."""
    rows = 0
    for path in paths:
        with open_read(path) as file:
            rows += pq.ParquetFile(file).metadata.num_rows
    return rows


def read_rows(path: str, features: RowFeatures, *, one_in: int = 1) -> Iterator[dict[str, Array]]:
    """Yields the rows of one file in batches.

    Args:
        path: A file that `RowFile` wrote.
        features: What is read; of its numbers, a column that the file lacks is missing in every row.
        one_in: Of so many rows, the first is read.

    Yields:
        `series_id` (bytes `[N]`), `timestamp` (int64 `[N]`), `NUMBERS` (float64 `[N, numbers]`, NaN where missing),
        `row_number` (int64 `[N]`) where it is asked for, and `TEXTS` (bytes `[N, texts]`) where there are any.
    """
    with open_read(path) as file:
        # A name is one object, however many rows bear it.
        parquet = pq.ParquetFile(file, read_dictionary=[SERIES_ID, *features.texts])
        numbers = [name for name in features.numbers if name in parquet.schema_arrow.names]
        others = [SERIES_ID, TIMESTAMP, *([ROW_NUMBER] if features.row_number else []), *features.texts]
        first = 0
        for batch in parquet.iter_batches(_ROWS_A_BATCH, columns=[*others, *numbers]):
            found = {name: batch.column(batch.schema.get_field_index(name)) for name in (*others, *numbers)}
            plain = {name: _plain(column)[first::one_in] for name, column in found.items()}
            first = (first - batch.num_rows) % one_in
            rows = {name: plain[name] for name in others if name not in features.texts}
            missing = np.full(len(rows[TIMESTAMP]), np.nan)
            values = [plain.get(name, missing) for name in features.numbers]
            rows[NUMBERS] = np.stack(values, axis=1) if values else np.zeros((len(missing), 0))
            if features.texts:
                rows[TEXTS] = np.stack([plain[name] for name in features.texts], axis=1)
            yield rows


def _plain(column: pa.Array) -> Array:
    """Returns a column as NumPy has it; NaN stands for null."""
    if pa.types.is_dictionary(column.type):
        texts: Array = column.dictionary.to_numpy(zero_copy_only=False)
        values: Array = texts[column.indices.to_numpy()]
    else:
        values = column.to_numpy(zero_copy_only=False)
    return values
