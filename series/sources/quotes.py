"""Quotes in CSV, read by the strict rule: what Arrow forgives loses rows.

A quote opens a field at its start and nowhere else; elsewhere it is a letter (`5" pipe`). In a quoted field two quotes
stand for one, and behind the quote that closes it a comma or the line's end must follow. Arrow takes text there for a
part of the field, and reads a field that is never closed to the end of the file.

Quotes come in runs. What a run does depends on whether it is odd, on whether it starts a field, and on whether it
stands inside quotes, so a whole chunk is judged with array operations:

    run             outside            inside
    even            stays outside      stays inside
    odd, at start   goes inside        goes outside
    odd, elsewhere  stays outside      goes outside
"""

import io
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tapeline.series.arrays import Bools, Ints

FIX = (
    "Close the quote before the comma or the line's end, write a quote inside quotes twice, and remove one that is no "
    "part of the text"
)

_QUOTE = ord('"')
_LINE_END = np.isin(np.arange(256), list(b"\r\n"))
_FIELD_END = {mark: np.isin(np.arange(256), list(b"\r\n" + mark.encode())) for mark in ",;\t|"}
"""By separator: which bytes end a field."""
PIECE = 1 << 18
"""Bytes that are looked at together: what NumPy makes of them stays in the processor's cache."""

_CHUNK = 4 << 20
_LONGEST_FIELD = 100


class QuoteError(Exception):
    """A field opens with a quote and is not closed before a comma or a line end.

    Attributes:
        position: Byte of the stream that the field starts at.
    """

    def __init__(self, position: int) -> None:
        super().__init__(f"the quote in byte {position} is not closed before a comma or the line's end")
        self.position = position


class _Runs(NamedTuple):
    """Runs of quotes in a chunk, `[N]` each.

    Attributes:
        first: Where they start.
        behind: Where the byte after them stands.
        inside: Whether that byte is inside quotes.
        starts: Whether they start a field.
        wrong: Whether they close a field that goes on.
    """

    first: Ints
    behind: Ints
    inside: Bools
    starts: Bools
    wrong: Bools


class Piece(NamedTuple):
    """A piece of a stream whose quotes were followed.

    Attributes:
        body: Its bytes.
        start: Position of the first.
        before: The byte before it.
        inside: Whether it starts inside quotes.
        runs: Its quotes; None where it has none.
    """

    body: bytes
    start: int
    before: int
    inside: bool
    runs: _Runs | None

    def last_line_end(self) -> int:
        """Returns the position behind its last line feed outside of quotes, counted from the stream's start; or 0."""
        if self.runs is None:
            found = -1 if self.inside else self.body.rfind(b"\n")
        else:
            ends = np.flatnonzero(np.frombuffer(self.body, np.uint8) == ord("\n"))
            ends = ends[~self._inside_at(ends)]
            found = int(ends[-1]) if len(ends) else -1
        return self.start + found + 1 if found >= 0 else 0

    def rows_ended(self) -> int:
        """Returns how many rows end in it; lines that hold nothing are none."""
        codes = np.frombuffer(self.body, np.uint8)
        ends = np.flatnonzero(_LINE_END[codes])
        before = np.where(ends > 0, codes[ends - 1], self.before)
        return int(np.count_nonzero(~_LINE_END[before] & ~self._inside_at(ends)))

    def _inside_at(self, at: Ints) -> Bools:
        """Whether bytes that are no quotes lie inside of them."""
        if self.runs is None:
            return np.full(len(at), self.inside)
        return np.append(self.inside, self.runs.inside)[np.searchsorted(self.runs.behind, at, side="right")]


class Quotes:
    """Follows the quotes of a stream, chunk by chunk, from the start of a line.

    Args:
        strict: Whether quotes that break the rule raise `QuoteError`.
        separator: Mark between fields.
    """

    def __init__(self, *, strict: bool = True, separator: str = ",") -> None:
        self.strict = strict
        self._field_end = _FIELD_END[separator]
        self.inside = False
        self._position = 0
        self._before = ord("\n")
        self._opened = 0
        self._held = b""

    def read(self, chunk: bytes, *, last: bool = False) -> Piece:
        """Reads a chunk; the quotes at its end wait for the next one, unless it is the last."""
        chunk = self._held + chunk if self._held else chunk
        body = chunk if last else chunk.rstrip(b'"')
        self._held = chunk[len(body) :]
        runs = None
        if b'"' in body:
            codes = np.frombuffer(body, np.uint8)
            runs = _runs(codes, before=self._before, inside=self.inside, field_end=self._field_end)
        piece = Piece(body=body, start=self._position, before=self._before, inside=self.inside, runs=runs)
        if runs is not None:
            self._follow(runs)
        self._before = body[-1] if body else self._before
        self._position += len(body)
        if last and self.inside and self.strict:
            raise QuoteError(self._opened)
        return piece

    def _follow(self, runs: _Runs) -> None:
        opened = runs.first[runs.starts]
        if self.strict and runs.wrong.any():
            at = int(np.searchsorted(opened, runs.first[np.argmax(runs.wrong)], side="right"))
            raise QuoteError(self._position + int(opened[at - 1]) if at else self._opened)
        if len(opened):
            self._opened = self._position + int(opened[-1])
        self.inside = bool(runs.inside[-1])


def _runs(codes: npt.NDArray[np.uint8], *, before: int, inside: bool, field_end: Bools) -> _Runs:
    """Finds the runs of quotes in a chunk.

    Args:
        codes: The chunk, with at least one quote.
        before: The byte before it.
        inside: Whether it starts inside quotes.
        field_end: Which bytes end a field, `[256]`.
    """
    at = np.flatnonzero(codes == _QUOTE)
    heads = np.flatnonzero(np.diff(at, prepend=-2) != 1)
    first = at[heads]
    length = np.diff(heads, append=len(at))
    behind = first + length
    odd = length % 2 == 1
    at_start = field_end[np.where(first > 0, codes[first - 1], before)]
    toggles = np.cumsum(odd & at_start)
    # An odd run elsewhere leads outside, whatever was before: toggles count from the last of these.
    resets = np.maximum.accumulate(np.where(odd & ~at_start, np.arange(1, len(first) + 1), 0))
    since = toggles - np.append(0, toggles)[resets] + np.where(resets == 0, inside, 0)
    after = since % 2 == 1
    was = np.append(inside, after[:-1])
    closes = np.where(was, odd, at_start & ~odd)
    ended = field_end[np.where(behind < len(codes), codes[np.minimum(behind, len(codes) - 1)], ord("\n"))]
    return _Runs(first=first, behind=behind, inside=after, starts=~was & at_start, wrong=closes & ~ended)


class StrictStream(io.RawIOBase):
    """A stream that Arrow reads, and that raises `QuoteError` where its quotes break the rule."""

    def __init__(self, stream: "BinaryIO | pa.NativeFile", *, separator: str = ",") -> None:
        super().__init__()
        self._stream = stream
        self._quotes = Quotes(separator=separator)

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def read(self, size: int = _CHUNK) -> bytes:
        """Reads on; nothing at the end."""
        chunk = bytes(self._stream.read(size))
        for at in range(0, len(chunk), PIECE):
            self._quotes.read(chunk[at : at + PIECE])
        if not chunk:
            self._quotes.read(b"", last=True)
        return chunk


def row_at(stream: "BinaryIO | pa.NativeFile", position: int, *, separator: str = ",") -> tuple[int, str]:
    """Returns the number of the row that a byte of a stream lies in, and the text from there.

    Args:
        stream: Stands at the start of a row; what is before `position` keeps the rule.
        position: The first byte of a field.
        separator: Mark between fields.
    """
    quotes, rows = Quotes(separator=separator), 0
    while position and (chunk := bytes(stream.read(min(position, _CHUNK)))):
        rows += quotes.read(chunk).rows_ended()
        position -= len(chunk)
    return rows, bytes(stream.read(_LONGEST_FIELD)).decode("utf-8", "replace")
