"""From Arrow batches of a source to rows, which every later component reads.

>>> layout = RowLayout.of(DataConfig(time="day", target="y", frequency="D"), FeaturesConfig())
>>> rows = read_rows(pa.RecordBatch.from_pydict({"day": ["2021-01-01"], "y": [2.5]}), layout, first_row=0)
>>> rows.numbers, rows.problems
({'y': array([2.5])}, [])

Columns are converted whole. `row_batches` is the one maker of the row layout, which `grouping.rows_io` writes and reads.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tapeline.schemas import features as names
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig
from tapeline.series.arrays import Bools, Floats
from tapeline.series.sources.problems import Column, Problem
from tapeline.series.sources.timestamps import Times, read_times
from tapeline.series.sources.values import join_series_ids, read_categories, read_numbers

_SAVE = "Save the file in UTF-8"


@dataclasses.dataclass(frozen=True, kw_only=True)
class RowLayout:
    """Which column of a source plays which part.

    Attributes:
        time: Column of times.
        time_format: How they are written; None for ISO 8601.
        timezone: IANA zone of times that carry none.
        target: Columns to forecast.
        series_id: Columns that name the series; empty where none does.
        covariates: The other columns, each with the argument that names it.
        decimal: Decimal mark of numbers that are text.
        texts: Those of them that hold categories.
    """

    time: str
    time_format: str | None
    timezone: str
    target: tuple[str, ...]
    series_id: tuple[str, ...]
    covariates: dict[str, str]
    decimal: str = "."
    texts: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: DataConfig, features: FeaturesConfig) -> "RowLayout":
        """Takes the roles from the configuration."""
        return cls(
            time=data.time,
            time_format=data.time_format,
            timezone=data.timezone,
            target=data.target,
            series_id=data.series_columns,
            covariates={
                **dict.fromkeys(features.past_covariates, "features.past_covariates"),
                **dict.fromkeys(features.future_covariates, "features.future_covariates"),
                **dict.fromkeys(features.static_covariates, "features.static_covariates"),
            },
            decimal="," if data.decimal == "comma" else ".",
            texts=features.text_columns,
        )

    @property
    def numbers(self) -> tuple[str, ...]:
        """Targets, then the covariates that hold amounts."""
        return (*self.target, *(column for column in self.covariates if column not in self.texts))

    @property
    def columns(self) -> dict[str, str]:
        """Every column that is read, with the argument that names it."""
        series_id = dict.fromkeys(self.series_id, "data.series_id")
        targets = dict.fromkeys(self.target, "data.target")
        return {self.time: "data.time", **series_id, **targets, **self.covariates}

    def label(self, column: str) -> str:
        """Argument and column, as messages name them."""
        return f"{self.columns[column]}: column {column!r}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rows:
    """A batch of a source, read.

    Attributes:
        first_row: Row number of its first row.
        times: When, `[N]`.
        series_ids: Which series, binary `[N]`; None where no column names it.
        numbers: Each target and covariate that holds amounts by its column, float64 `[N]`, NaN where missing.
        texts: Each covariate that holds categories by its column, binary `[N]`, empty where missing.
        problems: What is wrong.
    """

    first_row: int
    times: Times
    series_ids: pa.Array | None
    numbers: dict[str, Floats]
    texts: dict[str, pa.Array]
    problems: list[Problem]

    def __len__(self) -> int:
        return len(self.times.seconds)

    def ids_of(self, target: str, layout: RowLayout) -> pa.Array:
        """Returns the series that the values of a target column belong to, binary `[N]`."""
        if self.series_ids is not None:
            return self.series_ids
        name = target if len(layout.target) > 1 else names.SINGLE_SERIES
        return pa.array([name.encode()] * len(self), pa.binary())


def read_rows(batch: pa.RecordBatch, layout: RowLayout, *, first_row: int) -> Rows:
    """Reads a batch.

    Args:
        batch: Holds the layout's columns.
        layout: Their roles.
        first_row: Row number of the first row.
    """
    columns = {}
    for name in layout.columns:
        column = Column(batch.column(name), label=layout.label(name), first_row=first_row)
        column.values = _plain(column)
        columns[name] = column
    times = read_times(
        columns[layout.time].values,
        time_format=layout.time_format,
        timezone=layout.timezone,
        name=layout.time,
        first_row=first_row,
    )
    series_ids = join_series_ids([columns[name] for name in layout.series_id]) if layout.series_id else None
    numbers = {name: read_numbers(columns[name], decimal=layout.decimal) for name in layout.numbers}
    texts = {name: read_categories(columns[name]) for name in layout.texts}
    problems = [*times.problems, *(problem for column in columns.values() for problem in column.problems)]
    return Rows(
        first_row=first_row, times=times, series_ids=series_ids, numbers=numbers, texts=texts, problems=problems
    )


def _plain(column: Column) -> pa.Array:
    """Undoes dictionaries and long offsets, and reads bytes as UTF-8."""
    values = column.values
    if pa.types.is_dictionary(values.type):
        values = pc.cast(values, values.type.value_type)
    if pa.types.is_large_string(values.type):
        values = pc.cast(values, pa.string())
    if not (pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type)):
        return values
    try:
        return pc.cast(values, pa.string())
    except pa.ArrowInvalid:
        texts = [_text(value) for value in values.to_pylist()]
    read = pa.array(texts, pa.string())
    column.note(pc.xor(values.is_null(), read.is_null()).to_numpy(zero_copy_only=False), "is not UTF-8 text", _SAVE)
    return read


def _text(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode("utf-8")
    except UnicodeDecodeError:
        return None


def row_batches(rows: Rows, layout: RowLayout, *, targets: Sequence[str], chosen: Bools) -> Iterator[pa.RecordBatch]:
    """Turns some rows into record batches that `grouping.rows_io.RowFile` writes, one a target column.

    Args:
        rows: Rows without problems.
        layout: Their roles.
        targets: Columns to forecast.
        chosen: bool `[N]`.
    """
    at = np.flatnonzero(chosen)
    shared = {names.TIMESTAMP: pa.array(rows.times.seconds[at]), names.ROW_NUMBER: pa.array(rows.first_row + at)}
    for column in layout.covariates:
        texts = column in layout.texts
        shared[column] = rows.texts[column].take(pa.array(at)) if texts else _floats(rows.numbers[column][at])
    for target in targets:
        series_ids = rows.ids_of(target, layout).take(pa.array(at))
        columns = {names.SERIES_ID: series_ids, **shared, names.TARGET: _floats(rows.numbers[target][at])}
        yield pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def _floats(values: Floats) -> pa.Array:
    """Numbers, null where missing, and infinite where a float32 is: TensorFlow computes in those."""
    with np.errstate(over="ignore"):
        infinite = np.isinf(values.astype(np.float32))
    return pa.array(np.where(infinite, np.copysign(np.inf, values), values), mask=np.isnan(values))
