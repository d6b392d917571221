"""Files of rows as SeriesExampleGen writes them, by hand."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tapeline.schemas.features import ROW_NUMBER, SERIES_ID, TIMESTAMP
from tapeline.series.grouping.rows_io import RowFile

SUFFIX = ".parquet"


def write_row_file(path: pathlib.Path | str, columns: Mapping[str, Any], *, texts: Sequence[str] = ()) -> str:
    """Writes columns, with None or NaN where a number is missing; returns the path."""
    kinds = dict.fromkeys((SERIES_ID, *texts), pa.binary()) | dict.fromkeys((TIMESTAMP, ROW_NUMBER), pa.int64())
    arrays = [
        pa.array(list(values), kinds.get(name, pa.float64()), from_pandas=True) for name, values in columns.items()
    ]
    with RowFile(str(path)) as file:
        file.write(pa.RecordBatch.from_arrays(arrays, list(columns)))
    return str(path)


def read_row_file(path: pathlib.Path | str) -> list[dict[str, Any]]:
    """Returns the rows of a file as they lie in it; None is missing."""
    rows: list[dict[str, Any]] = pq.read_table(str(path)).to_pylist()
    return rows
