"""Where a file of rows can be cut into pieces: its columns, and ranges that can be read by themselves.

a CSV file                 ranges of bytes, cut at line ends
a Parquet file             ranges of row groups
a compressed CSV file      one range: it cannot be entered in its middle
"""

import bz2
import csv
import gzip
import io
import lzma
import pathlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from tapeline.series.sources.parquet_files import open_parquet
from tapeline.series.sources.quotes import PIECE, Quotes

_LONGEST_HEADER = 1 << 20

_PACKED_BYTES = 1 << 16


class _Unpacker(io.RawIOBase):
    """A file of one or more bzip2 or xz streams, read to its end.

    Python's own readers take what follows the first stream for rubbish where it cannot be unpacked, and end there.
    """

    def __init__(self, file: str, decompressor: Callable[[], Any]) -> None:
        super().__init__()
        self._file = open(file, "rb")  # noqa: SIM115 (closed by `close`)
        self._new = decompressor
        self._stream = decompressor()

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Unpacks until there are bytes, or the file ends."""
        while True:
            packed = b""
            if self._stream.eof:
                packed = self._next_stream()
                if not packed:
                    return 0
                self._stream = self._new()
            elif self._stream.needs_input and not (packed := self._file.read(_PACKED_BYTES)):
                raise EOFError("it ends in the middle of what was compressed")
            if found := self._stream.decompress(packed, len(buffer)):
                buffer[: len(found)] = found
                return len(found)

    def _next_stream(self) -> bytes:
        packed: bytes = self._stream.unused_data or self._file.read(_PACKED_BYTES)
        # xz may pad its streams by zeros; whatever else follows one is a stream, or damage.
        while self._new is lzma.LZMADecompressor and packed and not (packed := packed.lstrip(b"\0")):
            packed = self._file.read(_PACKED_BYTES)
        return packed

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
        super().close()


_OPEN: dict[str, Callable[[str], Any]] = {
    "gz": gzip.open,
    "bz2": lambda file: _Unpacker(file, bz2.BZ2Decompressor),
    "xz": lambda file: _Unpacker(file, lzma.LZMADecompressor),
}

Ranges = list[tuple[int, int]]


def _cut_csv(file: pathlib.Path, block_bytes: int, separator: str) -> tuple[tuple[str, ...], Ranges]:
    with file.open("rb") as stream:
        header = read_header(stream, separator=separator)
        return header, list(_line_ranges(stream, file.stat().st_size, block_bytes, separator))


def _cut_packed(file: pathlib.Path, block_bytes: int, separator: str) -> tuple[tuple[str, ...], Ranges]:
    with unpacked(str(file)) as stream:
        return read_header(stream, separator=separator), [(0, 0)]


def unpacked(file: str, buffer: int = io.DEFAULT_BUFFER_SIZE) -> io.BufferedReader:
    """Opens a compressed file for reading; its ending names the compression."""
    ending = file.rsplit(".", 1)[-1].lower()
    opened: Any = pa.CompressedInputStream(file, "zstd") if ending == "zst" else _OPEN[ending](file)
    return io.BufferedReader(opened, buffer)


def _cut_parquet(file: pathlib.Path, block_bytes: int, separator: str) -> tuple[tuple[str, ...], Ranges]:
    with open_parquet(file) as parquet:
        sizes = [parquet.metadata.row_group(at).total_byte_size for at in range(parquet.num_row_groups)]
        header = tuple(parquet.schema_arrow.names)
    ranges, start, size = [], 0, 0
    for at, group in enumerate(sizes):
        size += group
        if size >= block_bytes or at == len(sizes) - 1:
            ranges.append((start, at + 1))
            start, size = at + 1, 0
    # A file of no row groups is a block of no rows.
    return header, ranges or [(0, 0)]


RANGES: dict[str, Callable[[pathlib.Path, int, str], tuple[tuple[str, ...], Ranges]]] = {
    **dict.fromkeys(("csv.gz", "csv.bz2", "csv.xz", "csv.zst"), _cut_packed),
    "csv": _cut_csv,
    "parquet": _cut_parquet,
}


def read_header(stream: BinaryIO, *, separator: str = ",") -> tuple[str, ...]:
    """Reads the column names and leaves the stream at the first row."""
    line = b""
    while not line.strip(b" \r\n\xef\xbb\xbf"):
        line = stream.readline(_LONGEST_HEADER)
        if not line:
            raise OSError("it holds no line")
    # A quoted name may hold a line break.
    quotes, more = Quotes(strict=False, separator=separator), line
    while more and len(line) < _LONGEST_HEADER:
        quotes.read(more.removeprefix(b"\xef\xbb\xbf"))
        more = stream.readline(_LONGEST_HEADER) if quotes.inside else b""
        line += more
    if b"\0" in line or len(line) >= _LONGEST_HEADER:
        raise OSError("its first line is no list of column names in UTF-8")
    text = line.decode("utf-8-sig").rstrip("\r\n")
    try:
        return tuple(name.strip() for name in next(csv.reader(io.StringIO(text), delimiter=separator, strict=True)))
    except csv.Error as error:
        raise OSError(
            f"a quote among the column names is not closed before a comma or the line's end ({error})"
        ) from error


def _line_ranges(stream: BinaryIO, size: int, block_bytes: int, separator: str) -> Iterator[tuple[int, int]]:
    """Cuts the rest of a stream at line ends that lie outside quotes, about every `block_bytes`."""
    first = start = stream.tell()
    if size - start <= block_bytes:
        yield start, size
        return
    quotes = Quotes(strict=False, separator=separator)
    read, stop, end = 0, block_bytes, 0
    while chunk := stream.read(min(PIECE, stop - read)):
        read += len(chunk)
        end = quotes.read(chunk).last_line_end() or end
        if read == stop:
            if first + end > start:
                yield start, first + end
                start = first + end
            stop += block_bytes
    if start < size:
        yield start, size
