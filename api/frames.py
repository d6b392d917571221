"""Data frames in: of pandas, of polars, of whoever gives Arrow tables or pandas frames of what they hold."""

import hashlib
import os
import pathlib
import shutil
import tempfile
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tapeline.schemas.errors import DataError

TIME = "time"
"""What an index of times is called that has no name."""


def is_frame(source: Any) -> bool:
    """Whether this is a data frame, and no path."""
    return not isinstance(source, str | os.PathLike)


def arrow_table(frame: Any) -> pa.Table:
    """Returns a data frame as an Arrow table.

    >>> arrow_table(pd.DataFrame({"sold": [3.0]}, index=pd.DatetimeIndex(["2024-03-01"], name="day"))).column_names
    ['day', 'sold']

    Args:
        frame: Of pandas; or anything with `to_arrow` (polars), `arrow` (DuckDB) or `to_pandas`; or an Arrow table.

    Raises:
        DataError: It is none of these, or a column holds what no file of rows can.
    """
    for method in ("to_arrow", "arrow", "to_pandas"):
        if not isinstance(frame, pa.Table | pd.DataFrame) and hasattr(frame, method):
            frame = getattr(frame, method)()
    if isinstance(frame, pa.Table):
        return _plain(frame)
    if not isinstance(frame, pd.DataFrame):
        raise DataError(
            f"frame: got {type(frame).__name__}, must be a data frame (pandas, polars) or the path of a file."
        )
    # What is in the index of a frame is a column of a file: times by convention, names of series beside them.
    if isinstance(frame.index, pd.MultiIndex | pd.DatetimeIndex | pd.PeriodIndex):
        if isinstance(frame.index, pd.PeriodIndex):
            frame = frame.set_axis(frame.index.to_timestamp(), axis=0)
        frame = frame.rename_axis(index=[name or TIME for name in frame.index.names]).reset_index()
    try:
        return _plain(pa.Table.from_pandas(frame.rename(columns=str), preserve_index=False))
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError) as error:
        raise DataError(f"frame: {error}. Give each column values of one kind, and each a name of its own.") from error


def _plain(table: pa.Table) -> pa.Table:
    """The same rows in the types that files of rows have: text in place of categories and of large text."""
    kinds = [kind.value_type if pa.types.is_dictionary(kind) else kind for kind in table.schema.types]
    kinds = [pa.string() if pa.types.is_large_string(kind) else kind for kind in kinds]
    return table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True))))


def write_frame(frame: Any, folder: pathlib.Path) -> pathlib.Path:
    """Writes a data frame as Parquet, under a name that its content gives; returns the file.

    Args:
        frame: As `arrow_table` takes it.
        folder: Made when missing.

    Raises:
        DataError: It is no data frame.
    """
    table = arrow_table(frame)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as work:
        part = pathlib.Path(work) / "frame.parquet"
        # What pandas notes of its own index and types says nothing of the rows.
        pq.write_table(table.replace_schema_metadata(), part)
        file = folder / f"{hashlib.sha256(part.read_bytes()).hexdigest()[:16]}.parquet"
        if not file.exists():
            shutil.move(part, file)
    return file
