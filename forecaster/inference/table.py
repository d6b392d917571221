"""A forecast of one series, and forecasts as a table in long form: one row a series and step."""

import csv
import dataclasses
import io
import math
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet

from tapeline.schemas.errors import ConfigError
from tapeline.schemas.features import SERIES_ID
from tapeline.schemas.served_model import levels_of
from tapeline.schemas.whole_files import replacing, write_whole
from tapeline.series.sources.time_writer import TimeWriter

TIME = "time"
MODEL = "model"
"""Column that says of which model a forecast is, where that is not the pushed one."""
SUFFIXES = (".csv", ".parquet")
"""Endings of the files that a table can be written to."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """A forecast of one series, in the target's unit.

    Attributes:
        series_id: The series.
        times: Epoch seconds, int64 `[h]`.
        levels: Each of `served_model.LEVELS`, and the model's quantiles, float64 `[h]`; float32 of a model that gives such.
    """

    series_id: bytes
    times: npt.NDArray[np.int64]
    levels: dict[str, npt.NDArray[np.floating[Any]]]


def forecast_table(
    forecasts: Sequence[Forecast], *, times: TimeWriter, series: bool, typed: bool, mark: str = ""
) -> pa.Table:
    """Returns the columns `series_id` (where there are several), `time`, `LEVELS`, and the quantiles, lowest first.

    Args:
        forecasts: In the order of the rows.
        times: Writes times in the form of the data.
        series: Whether rows need the name of their series.
        typed: Whether times are timestamps, for Parquet; else text, for CSV.
        mark: What a last column, `MODEL`, says in each row; "" leaves it out.
    """
    seconds = np.concatenate([forecast.times for forecast in forecasts])
    columns: dict[str, pa.Array] = {}
    if series:
        names = [forecast.series_id.decode("utf-8", errors="replace") for forecast in forecasts]
        counts = [len(forecast.times) for forecast in forecasts]
        columns[SERIES_ID] = pa.array(names, pa.string()).take(pa.array(np.repeat(np.arange(len(names)), counts)))
    columns[TIME] = times.typed(seconds) if typed else pa.array(times.texts(seconds), pa.string())
    for level in levels_of(forecasts[0].levels):
        columns[level] = pa.array(np.concatenate([forecast.levels[level] for forecast in forecasts]))
    if mark:
        columns[MODEL] = pa.array([mark] * len(seconds), pa.string())
    return pa.table(columns)


def to_csv(table: pa.Table) -> bytes:
    """Returns a table as CSV; text is quoted only where it must be."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(table.column_names)
    # As text, a float is the shortest decimal that means it.
    columns = (table[name].to_numpy() for name in table.column_names)
    writer.writerows(zip(*(values.astype(str) for values in columns), strict=True))
    return sink.getvalue().encode()


def to_records(table: pa.Table) -> list[dict[str, Any]]:
    """Returns the rows of a table as JSON can hold them: an interval without an end there has None."""
    return [
        {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()}
        for row in table.to_pylist()
    ]


def check_output(path: str | os.PathLike[str], *, argument: str, suffixes: Sequence[str]) -> pathlib.Path:
    """Returns the path of a file that is to be written.

    Raises:
        ConfigError: Its ending is not one of `suffixes`, or its folder is missing.
    """
    target = pathlib.Path(path).expanduser()
    if target.suffix not in suffixes:
        raise ConfigError(f"{argument}: got {str(target)!r}, must end in {' or '.join(suffixes)}. Give another name.")
    if not target.parent.is_dir():
        raise ConfigError(f"{argument}: no folder {str(target.parent)!r}. Make it, or give another name.")
    if target.is_dir():
        raise ConfigError(f"{argument}: {str(target)!r} is a folder. Give the name of a file.")
    return target


def write_table(table: pa.Table, path: pathlib.Path) -> None:
    """Writes a table as CSV or Parquet, as the ending says; a file that is there is replaced in one step."""
    if path.suffix == ".parquet":
        with replacing(path) as part:
            pa.parquet.write_table(table, part)
    else:
        write_whole(path, to_csv(table))
