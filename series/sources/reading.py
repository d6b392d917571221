"""Sources cut into blocks, and blocks read as Arrow batches.

A block is a piece of one source that a worker reads by itself: a range of
lines, a run of Parquet row groups, a compressed file. No file has to fit into
memory, and reading never holds more than one batch.

>>> (block,) = plan_blocks(Source(built_in="co2"), needed={"co2": "data.target"})
>>> sum(batch.num_rows for batch in read_batches(block))
2284
"""

import contextlib
import csv
import dataclasses
import io
import lzma
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Literal

import pyarrow as pa
import pyarrow.csv

from tapeline.schemas.errors import DataError, escaped
from tapeline.series.sources.file_ranges import RANGES, read_header, unpacked
from tapeline.series.sources.headers import check_header, check_same_columns
from tapeline.series.sources.parquet_files import open_parquet
from tapeline.series.sources.problems import SHOWN, show
from tapeline.series.sources.quotes import FIX as QUOTES_FIX
from tapeline.series.sources.quotes import QuoteError, StrictStream, row_at
from tapeline.series.sources.source import Source, load_built_in, partition_of

BLOCK_BYTES = 32 << 20
"""Bytes of a CSV or Parquet file that one worker reads at a time."""

DAMAGES = (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException)
"""What reading a damaged file raises."""

BATCH_BYTES = 4 << 20
"""Bytes of a CSV file that one batch is read from."""

_BATCH_ROWS = 65_536


@dataclasses.dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of a source.

    Attributes:
        index: Its position among all blocks of the source, from 0.
        file: The path as messages show it, or the built-in data set's name.
        kind: How it is read: the file's ending, or `statsmodels`.
        header: All columns of the file.
        needed: Those that are read.
        partition: Columns that folders' names hold, each with its value in all rows.
        start: Where it starts: byte of a CSV file, row group of a Parquet file.
        stop: Where it ends; unused for compressed files and built-in data.
        separator: Mark between the fields of a CSV file.
    """

    index: int
    file: str
    kind: Literal["csv", "csv.gz", "csv.bz2", "csv.xz", "csv.zst", "parquet", "statsmodels"]
    header: tuple[str, ...]
    needed: tuple[str, ...]
    partition: tuple[tuple[str, str], ...] = ()
    start: int = 0
    stop: int = 0
    separator: str = ","


def plan_blocks(source: Source, *, needed: dict[str, str], block_bytes: int = BLOCK_BYTES) -> list[Block]:
    """Cuts a source into blocks.

    Args:
        source: What to read.
        needed: The columns to read, each with the argument that names it.
        block_bytes: About how many bytes of a file go into a block.

    Raises:
        DataError: A file is not what its name says, its header lacks a column
            or names one twice, or files differ in their columns.
    """
    if source.built_in is not None:
        header = tuple(str(column) for column in load_built_in(source.built_in).columns)
        check_header(header, f"statsmodels:{source.built_in}", needed=needed)
        return [Block(index=0, file=source.built_in, kind="statsmodels", header=header, needed=tuple(needed))]
    blocks: list[Block] = []
    expected: tuple[str, ...] | None = None
    for file in source.files:
        kind = next(kind for kind in RANGES if file.name.lower().endswith(f".{kind}"))
        try:
            header, ranges = RANGES[kind](file, block_bytes, source.separator)
        except (*DAMAGES, UnicodeDecodeError, csv.Error) as error:
            raise DataError(
                f"data.source: {str(file)!r} cannot be read as {kind}: {in_words(error)}. Correct the file."
            ) from error
        partition = partition_of(file, root=source.root) if source.root else {}
        columns = (*header, *partition)
        if expected is not None:
            check_same_columns(columns, str(file), expected=expected, first=str(source.files[0]))
        check_header(columns, str(file), needed=needed)
        expected = columns
        blocks += [
            Block(
                index=len(blocks) + at,
                file=str(file),
                kind=kind,  # type: ignore[arg-type]
                header=header,
                needed=tuple(column for column in needed if column in header),
                partition=tuple((column, value) for column, value in partition.items() if column in needed),
                start=start,
                stop=stop,
                separator=source.separator,
            )
            for at, (start, stop) in enumerate(ranges)
        ]
    return blocks


def in_words(error: BaseException) -> str:
    """Returns what an error says, in one line that can be printed, and without a full stop."""
    return escaped(" ".join(str(error).split()).rstrip("."))


def read_batches(block: Block) -> Iterator[pa.RecordBatch]:
    """Reads a block, batch by batch, in the order of its rows.

    CSV columns come as bytes, empty fields as null; columns out of folders' names as text; others in their own type.

    Raises:
        MalformedRowsError: Rows of a CSV file cannot be told apart into the header's fields.
        OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException: The file is damaged (`DAMAGES`).
    """
    names = [name for name, _ in block.partition]
    for batch in _file_batches(block):
        constants = [pa.repeat(pa.scalar(value), batch.num_rows) for _, value in block.partition]
        yield pa.RecordBatch.from_arrays([*batch.columns, *constants], [*batch.schema.names, *names])


def _file_batches(block: Block) -> Iterator[pa.RecordBatch]:
    if block.kind == "parquet":
        with open_parquet(block.file) as parquet:
            groups = list(range(block.start, block.stop))
            # A file of no row groups holds no rows.
            if groups:
                _check_zones(parquet.schema_arrow, block.needed)
                yield from parquet.iter_batches(_BATCH_ROWS, row_groups=groups, columns=list(block.needed))
    elif block.kind == "statsmodels":
        frame = load_built_in(block.file)[list(block.needed)]
        yield from pa.Table.from_pandas(frame, preserve_index=False).to_batches()
    else:
        try:
            with _rows_of(block) as stream:
                yield from _csv_batches(stream, block)
        except QuoteError as error:
            with _rows_of(block) as stream:
                row, text = row_at(stream, error.position, separator=block.separator)
            raise MalformedRowsError(
                count=1,
                rows=[(row, show(text))],
                rule="opens with a quote that is not closed before a comma or the line's end",
                fix=QUOTES_FIX,
            ) from error


def _check_zones(schema: pa.Schema, needed: Sequence[str]) -> None:
    """Raises as for a damaged file where a column of times names a zone that is none."""
    for name in needed:
        zone = getattr(schema.field(name).type, "tz", None)
        try:
            if zone is not None:
                pa.lib.string_to_tzinfo(zone)
        except (KeyError, ValueError) as error:
            # Those of pytz and of zoneinfo are KeyErrors.
            raise pa.ArrowInvalid(f"column {name!r} has the unknown time zone {zone!r}") from error


@contextlib.contextmanager
def _rows_of(block: Block) -> Iterator[BinaryIO | pa.NativeFile]:
    """Opens a block of CSV at its first row."""
    if block.kind == "csv":
        # Memory-mapped, a block costs address space only.
        with pa.memory_map(block.file) as file:
            yield pa.BufferReader(file.read_at(block.stop - block.start, block.start))
    else:
        with unpacked(block.file, BATCH_BYTES) as stream:
            read_header(stream, separator=block.separator)
            yield stream


class MalformedRowsError(Exception):
    """Rows cannot be told apart into fields.

    Attributes:
        count: How many.
        rows: The first of them, each with its row number in the block and its text.
        rule: What is wrong with them.
        fix: What the user can do.
    """

    def __init__(self, *, count: int, rows: list[tuple[int, str]], rule: str, fix: str) -> None:
        super().__init__(f"{count} rows: {rule}")
        self.count = count
        self.rows = rows
        self.rule = rule
        self.fix = fix


def _csv_batches(rows_of_file: BinaryIO | pa.NativeFile, block: Block) -> Iterator[pa.RecordBatch]:
    if not (rows_of_file.peek(1) if isinstance(rows_of_file, io.BufferedReader) else block.stop - block.start):
        return
    stream = StrictStream(rows_of_file, separator=block.separator)
    count = 0
    rows: list[tuple[int, str]] = []

    def note(row: pa.csv.InvalidRow) -> str:
        nonlocal count
        count += 1
        if len(rows) < SHOWN:
            rows.append((row.number - 1, show(row.text)))
        return "skip"

    try:
        # Closed also where a reader goes no further: Arrow reads ahead, in a thread of its own, from a file of Python's.
        with pa.csv.open_csv(
            stream,
            # One thread: Beam runs blocks side by side, and only so do rows that are refused have numbers.
            read_options=pa.csv.ReadOptions(column_names=block.header, use_threads=False, block_size=BATCH_BYTES),
            parse_options=pa.csv.ParseOptions(
                delimiter=block.separator, newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(block.needed, pa.binary()),
                include_columns=block.needed,
                strings_can_be_null=True,
                null_values=[""],
            ),
        ) as batches:
            yield from batches
    except pa.ArrowInvalid:
        # A quote that is never closed makes a row longer than Arrow reads: what is wrong is the quote.
        while stream.read():
            pass
        raise
    if count:
        fields = len(block.header)
        raise MalformedRowsError(
            count=count,
            rows=rows,
            rule=f"does not have the header's {fields} fields",
            fix="Quote values that hold a comma, write decimals with a point, and give every row all fields",
        )
