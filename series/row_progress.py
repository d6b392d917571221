"""How many rows a long step has gone through: each worker writes it down now and then, and whoever waits adds it up.

    # in the process that starts a step's job
    with watched(folder, whole=lambda: Whole(rows=2000, amount=2000), passages=2):
        ...  # its workers, wherever they are: Passage(folder, "scan").note(path, rows=500)
        rows_in_words()  # in another thread: "250 of 2,000 rows, 12 %"

Beam tells nothing between the start of a job and its end. What is counted is a passage over rows, piece by piece: a
file, a block, a group. A runner may repeat a piece, also in another worker, and it counts once. The numbers are there to
be looked at: nothing depends on them, and what cannot be written is left out.
"""

import contextlib
import dataclasses
import functools
import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from tapeline.schemas.features import TIMESTAMP
from tapeline.series.arrays import Array
from tapeline.series.grouping.remote_files import contents, open_write, rename
from tapeline.series.grouping.rows_io import count_rows
from tapeline.series.grouping.series_rows import SeriesRows

_SECONDS = 1.0
"""A worker writes no more often, and not at all before it has worked for so long."""

_FOLDER, _ENDING = "progress", ".json"


class Passage(NamedTuple):
    """One passage over the rows of a step.

    Attributes:
        folder: The step's temporary folder; workers reach it.
        name: What tells it from the step's other passages.
    """

    folder: str
    name: str

    def note(self, piece: str, *, rows: int, amount: float | None = None) -> None:
        """Notes how far a piece is; with no rows, that work on it begins.

        Args:
            piece: Its name.
            rows: Rows of it that were gone through so far.
            amount: The same in the unit of `Whole.amount`, where that is another one than rows.
        """
        _notes(self.folder).note(f"{self.name} {piece}", rows, float(rows) if amount is None else amount)

    def over(self, batches: Iterator[dict[str, Array]], piece: str, *, each: int = 1) -> Iterator[dict[str, Array]]:
        """Yields batches of rows, and notes each once the next one is asked for.

        Args:
            batches: Those of one piece.
            piece: Its name.
            each: What a row counts for.
        """
        rows = 0
        self.note(piece, rows=rows)
        for batch in batches:
            yield batch
            rows += each * len(batch[TIMESTAMP])
            self.note(piece, rows=rows)


@dataclasses.dataclass(frozen=True)
class CountedFile:
    """A reader of files of rows that counts what was read.

    Attributes:
        read: From a path to the file's rows in batches.
        passage: Where it is noted.
    """

    read: Callable[[str], Iterator[dict[str, Array]]]
    passage: Passage

    def __call__(self, path: str) -> Iterator[dict[str, Array]]:
        """Yields what the reader yields."""
        return self.passage.over(self.read(path), path)


@dataclasses.dataclass(frozen=True)
class CountedGroup:
    """Work on groups of rows that counts what was worked on.

    Attributes:
        work: From a group's key, its rows, and whatever else it is given, to lines.
        passage: Where it is noted.
    """

    work: Callable[..., Iterator[str]]
    passage: Passage

    def __call__(self, key: int, rows: SeriesRows, *more: Any) -> Iterator[str]:
        """Yields what the work yields."""
        self.passage.note(str(key), rows=0)
        count, lines = len(rows.code), self.work(key, rows, *more)
        # The work lets go of the rows as soon as it can.
        del rows
        yield from lines
        self.passage.note(str(key), rows=count)


class _Notes:
    """What this process has noted in one folder."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, _FOLDER, f"{os.getpid()}-{uuid.uuid4().hex}")
        self._pieces: dict[str, tuple[int, float]] = {}
        self._written = time.monotonic()
        self._lock = threading.Lock()

    def note(self, piece: str, rows: int, amount: float) -> None:
        with self._lock:
            self._pieces[piece] = max(self._pieces.get(piece, (0, 0.0)), (rows, amount))
            if time.monotonic() - self._written >= _SECONDS:
                with contextlib.suppress(OSError):
                    self._write()
                self._written = time.monotonic()

    def _write(self) -> None:
        # Renamed, so that nobody reads half of it.
        with open_write(self._path) as file:
            file.write(json.dumps(self._pieces).encode())
        rename(self._path, self._path + _ENDING)


@functools.lru_cache(maxsize=4)
def _notes(folder: str) -> _Notes:
    return _Notes(folder)


class Counts(NamedTuple):
    """What all workers have noted.

    Attributes:
        rows: Rows gone through, over all passages.
        amount: The same in the unit of `Whole.amount`.
    """

    rows: int
    amount: float


def read_counts(folder: str) -> Counts:
    """Adds up what the workers of a step have noted."""
    pieces: dict[str, Any] = {}
    for content in contents(os.path.join(folder, _FOLDER), ending=_ENDING):
        for piece, noted in json.loads(content).items():
            pieces[piece] = max(pieces.get(piece, noted), noted)
    return Counts(sum(rows for rows, _ in pieces.values()), sum(amount for _, amount in pieces.values()))


class Whole(NamedTuple):
    """What a step goes through.

    Attributes:
        rows: Rows of its data; 0 where that is not known.
        amount: What one passage goes through, in rows or in another unit; 0 where that is not known.
    """

    rows: int
    amount: float

    @classmethod
    def of_files(cls, paths: Sequence[str]) -> "Whole":
        """Returns what a passage over files of rows goes through."""
        rows = count_rows(paths)
        return cls(rows, rows)


@dataclasses.dataclass(frozen=True)
class _Watched:
    folder: str
    whole: Callable[[], Whole]
    passages: int

    def words(self) -> str:
        counts = read_counts(self.folder)
        if not counts.rows:
            return ""
        whole = self._whole
        gone = f"{counts.rows // self.passages:,}"
        if not whole.amount:
            return f"{gone} rows"
        share = min(1.0, counts.amount / (self.passages * whole.amount))
        known = f"{int(share * whole.rows):,} of {whole.rows:,}" if whole.rows else gone
        return f"{known} rows, {int(100 * share)} %"

    @functools.cached_property
    def _whole(self) -> Whole:
        return self.whole()


_watched: list[_Watched] = []


@contextlib.contextmanager
def watched(folder: str, *, whole: Callable[[], Whole], passages: int = 1) -> Iterator[None]:
    """Has `rows_in_words` tell of a step inside the block.

    Args:
        folder: The step's temporary folder.
        whole: Returns what the step goes through; asked once, when there is something to tell.
        passages: How often the step goes over its rows: a row counts in full after the last time.
    """
    _watched.append(_Watched(folder, whole, passages))
    try:
        yield
    finally:
        _watched.pop()


def rows_in_words() -> str:
    """Returns how far the step at work is; "" where nothing is known of that."""
    try:
        return _watched[-1].words() if _watched else ""
    except (OSError, IndexError):
        # The step ended in between, and its folder is gone.
        return ""
