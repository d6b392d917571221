"""A source read whole, as text, before anybody knows what its columns mean.

    table = read_table("sales.csv")
    table.columns["day"]       # text, as the file has it
    table.numbers("sold")      # float64; NaN where a field is empty

A mark between fields and a decimal mark are found out; everything else is read
by the rules of `series.sources`.
"""

import csv
import dataclasses
import functools
import io

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tapeline.schemas.errors import DataError
from tapeline.schemas.sections import DataConfig
from tapeline.series.arrays import Floats
from tapeline.series.sources.file_ranges import unpacked
from tapeline.series.sources.problems import Column
from tapeline.series.sources.reading import DAMAGES, MalformedRowsError, in_words, plan_blocks, read_batches
from tapeline.series.sources.source import Source, find_source, partition_of
from tapeline.series.sources.values import read_numbers

MOST_ROWS = 2_000_000
"""Rows that are looked at; of a longer source, the first."""

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}

_HEAD_BYTES = 1 << 16
_LINES = 20
_DECIMAL_COMMA = r"^[+-]?[0-9]*,([0-9]{1,2}|[0-9]{4,})$"
"""Three digits behind a comma may be thousands."""
_NUMBER_WITH_COMMA = r"^[+-]?([0-9]+(,[0-9]+)?|,[0-9]+)$"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class RawTable:
    """The rows of a source.

    Attributes:
        source: What `data.source` says.
        separator: Name of the mark between fields.
        decimal: Name of the decimal mark.
        columns: The columns by name, `[N]` each; text where they come from CSV.
        whole: Whether these are all rows.
    """

    source: str
    separator: str
    decimal: str
    columns: dict[str, pa.Array]
    whole: bool = True

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def numbers(self, name: str) -> Floats | None:
        """Returns a column as numbers, float64 `[N]`; None where a value is none, or all are missing."""
        return self._numbers.get(name)

    @functools.cached_property
    def _numbers(self) -> dict[str, Floats]:
        found = {}
        for name, values in self.columns.items():
            column = Column(values, label=name)
            numbers = read_numbers(column, decimal=_mark(self.decimal))
            if not column.problems and not np.isnan(numbers).all():
                found[name] = numbers
        return found

    def texts(self, name: str) -> pa.Array:
        """Returns a column as text without spaces around, null where it is empty."""
        texts = pc.utf8_trim_whitespace(pc.cast(self.columns[name], pa.string()))
        return pc.if_else(pc.equal(texts, ""), None, texts)


def read_table(source: str) -> RawTable:
    """Reads a source.

    Args:
        source: A path, a glob, a folder or a built-in data set, as `data.source` takes it.

    Raises:
        DataError: There is nothing, or it cannot be read.
    """
    found = find_source(DataConfig(source=source, frequency="D"))
    separator = find_separator(_head(found)) if found.files else "comma"
    found = dataclasses.replace(found, separator=SEPARATORS[separator])
    (first, *_) = plan_blocks(found, needed={})
    folders = partition_of(found.files[0], root=found.root) if found.root else {}
    needed = {name: "data.source" for name in (*first.header, *folders) if name}
    batches: list[dict[str, pa.Array]] = []
    rows = 0
    try:
        for block in plan_blocks(found, needed=needed):
            for batch in read_batches(block):
                batches.append({name: batch.column(name) for name in needed})
                rows += batch.num_rows
                if rows >= MOST_ROWS:
                    break
            if rows >= MOST_ROWS:
                break
    except MalformedRowsError as error:
        shown = ", ".join(f"row {row} {text}" for row, text in error.rows)
        raise DataError(f"data.source: {source!r}: {error.rule} ({shown}). {error.fix}.") from error
    except DAMAGES as error:
        raise DataError(f"data.source: {source!r} cannot be read: {in_words(error)}. Correct the file.") from error
    if not rows:
        raise DataError(f"data.source: {source!r} has no rows under the header. Give data with rows.")
    columns = {name: _plain(pa.concat_arrays([batch[name] for batch in batches]), name) for name in needed}
    decimal = "comma" if any(map(_has_decimal_commas, columns.values())) else "point"
    return RawTable(source=source, separator=separator, decimal=decimal, columns=columns, whole=rows < MOST_ROWS)


def find_separator(head: str) -> str:
    r"""Returns the name of the mark that splits lines into the most fields, the same number in each.

    >>> find_separator("day;sold\\n2021-01-01;1,5\\n2021-01-02;2,5\\n")
    'semicolon'

    Args:
        head: The first lines of a file.
    """
    best, most = "comma", 1
    for name, mark in SEPARATORS.items():
        rows = [row for row in csv.reader(io.StringIO(head), delimiter=mark) if row][:_LINES]
        fields = {len(row) for row in rows}
        if len(fields) == 1 and max(fields) > most:
            best, most = name, max(fields)
    return best


def _mark(decimal: str) -> str:
    return "," if decimal == "comma" else "."


def _head(source: Source) -> str:
    file = source.files[0]
    if file.name.lower().endswith(".parquet"):
        return ""
    try:
        with file.open("rb") if file.name.lower().endswith(".csv") else unpacked(str(file)) as stream:
            head = stream.read(_HEAD_BYTES)
    except DAMAGES as error:
        raise DataError(f"data.source: {str(file)!r} cannot be read: {in_words(error)}. Correct the file.") from error
    text = head.decode("utf-8-sig", "replace")
    # The last line may be cut off.
    return text if len(head) < _HEAD_BYTES else text[: text.rfind("\n") + 1]


def _plain(values: pa.Array, name: str) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = pc.cast(values, values.type.value_type)
    if (
        pa.types.is_binary(values.type)
        or pa.types.is_large_binary(values.type)
        or pa.types.is_large_string(values.type)
    ):
        try:
            return pc.cast(values, pa.string())
        except pa.ArrowInvalid as error:
            raise DataError(f"data.source: column {name!r} is not UTF-8 text. Save the file in UTF-8.") from error
    return values


def _has_decimal_commas(values: pa.Array) -> bool:
    """Whether all values of a column are numbers, and some of them have a comma."""
    if not pa.types.is_string(values.type):
        return False
    texts = pc.drop_null(pc.utf8_trim_whitespace(values))
    texts = texts.filter(pc.not_equal(texts, ""))
    with_comma = pc.any(pc.match_substring_regex(texts, _DECIMAL_COMMA)).as_py()
    return bool(with_comma and pc.all(pc.match_substring_regex(texts, _NUMBER_WITH_COMMA)).as_py())
