"""Batches of windows, cut from chunks while training runs.

    stream = WindowStream(read=lambda: read_chunks(files), spec=spec, batch_size=64, shuffle_windows=100_000, seed=1)
    for window, target in prefetch(stream.batches(epoch=0)):
        ...                                   # window["context"] is [64, T], target [64, H]

Neighbouring windows share all but one step; stored one by one they would take
`T + H` times the room of the data. So chunks are stored, a bounded number of
them is in memory, and a batch is gathered out of these when it is due.

Shuffling, where the data are larger than memory should be: chunks arrive in
generations. Half of a generation's windows, drawn at random, are mixed with
all that the generation before left over:

    generation    1          2          3
    windows     [ab][ab]   [cd][cd]   [ef][ef]
    emitted      ab         ab+cd      cd+ef     ef

Data of one generation are read once and mixed all over. Order depends on the
seed and the epoch alone: an epoch can be repeated after a crash.
"""

import dataclasses
import itertools
import math
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeVar

import numpy as np

from tapeline.schemas import features as names
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.windowing import Chunk, cut_arrays

Batch = tuple[dict[str, np.ndarray], np.ndarray]
"""The window features that a model computes with, and the target `[B, H]`."""

_GENERATION_STEPS = 2**22
"""Most steps in a generation (and one chunk): 100 MB with a handful of covariates."""

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, eq=False)
class _Pool:
    """Chunks side by side in memory, and windows in them.

    Attributes:
        arrays: `timestamp` `[N]`, `target` `[N]`, `past_covariates` `[N, P]`, `future_covariates` `[N, K]`.
        static: Static covariates of each chunk `[C, S]`.
        offsets: Where each window's forecast starts, a position in `arrays`, `[W]`.
        chunk_of: Which chunk each window lies in `[W]`.
    """

    arrays: dict[str, np.ndarray]
    static: np.ndarray
    offsets: np.ndarray
    chunk_of: np.ndarray

    @classmethod
    def of(cls, chunks: list[Chunk]) -> "_Pool":
        starts = np.cumsum([0] + [len(chunk.target) for chunk in chunks[:-1]])
        counts = [len(chunk.forecast_offsets) for chunk in chunks]
        parts = (names.TIMESTAMP, names.TARGET, names.PAST_COVARIATES, names.FUTURE_COVARIATES)
        return cls(
            arrays={part: np.concatenate([getattr(chunk, part) for chunk in chunks]) for part in parts},
            static=np.stack([chunk.static_covariates for chunk in chunks]),
            offsets=np.concatenate([chunk.forecast_offsets for chunk in chunks]) + np.repeat(starts, counts),
            chunk_of=np.repeat(np.arange(len(chunks)), counts),
        )

    def keep(self, windows: np.ndarray) -> "_Pool":
        return dataclasses.replace(self, offsets=self.offsets[windows], chunk_of=self.chunk_of[windows])

    def join(self, other: "_Pool") -> "_Pool":
        return _Pool(
            arrays={part: np.concatenate([self.arrays[part], other.arrays[part]]) for part in self.arrays},
            static=np.concatenate([self.static, other.static]),
            offsets=np.concatenate([self.offsets, other.offsets + len(self.arrays[names.TARGET])]),
            chunk_of=np.concatenate([self.chunk_of, other.chunk_of + len(self.static)]),
        )

    def cut(self, windows: np.ndarray, spec: WindowSpec) -> Batch:
        window = cut_arrays(**self.arrays, offsets=self.offsets[windows], spec=spec)
        window[names.STATIC_COVARIATES] = self.static[self.chunk_of[windows]]
        del window[names.FORECAST_START]
        target = window.pop(names.TARGET)
        return window, target


class WindowStream:
    """The windows of one split, as batches of one fixed shape.

    The last batch of an epoch is filled up with windows whose target is NaN:
    they count in no loss and no metric. So every window is seen once an epoch,
    whatever the batch size, and a graph that is compiled for one batch fits all.
    """

    def __init__(
        self,
        *,
        read: Callable[[], Iterable[Chunk]],
        spec: WindowSpec,
        batch_size: int,
        shuffle_windows: int = 0,
        seed: int = 0,
        fill_last: bool = True,
    ) -> None:
        """Says what to read; nothing is read yet.

        Args:
            read: Starts a new pass over the chunks, each time in the same order.
            spec: Context length and horizon.
            batch_size: Windows in a batch.
            shuffle_windows: Windows among which a batch is drawn; 0 keeps their order.
            seed: Seed of the shuffling.
            fill_last: Whether the last batch is filled up; else it is shorter.
        """
        self.spec = spec
        self.batch_size = batch_size
        self._read = read
        self._shuffled = shuffle_windows > 0
        # Two thirds arrive, one third is left over from before: together what was asked for.
        self._generation = max(2 * (shuffle_windows or 65_536) // 3, 2 * batch_size)
        self._seed = seed
        self._fill_last = fill_last
        self._whole: _Pool | None = None
        self._count: int | None = None

    def count(self) -> int:
        """Returns the number of windows; the first call reads all chunks."""
        if self._count is None:
            self._count = sum(len(chunk.forecast_offsets) for chunk in self._read())
        return self._count

    def steps(self) -> int:
        """Returns the number of batches in an epoch."""
        return math.ceil(self.count() / self.batch_size)

    def batches(self, epoch: int = 0) -> Iterator[Batch]:
        """Yields every window once.

        Args:
            epoch: Decides, with the seed, how the windows are shuffled.

        Yields:
            Windows and their targets.
        """
        for pool, order in self._rounds(np.random.default_rng([self._seed % 2**63, epoch])):
            for start in range(0, len(order), self.batch_size):
                yield self._batch(pool, order[start : start + self.batch_size])

    def _batch(self, pool: _Pool, windows: np.ndarray) -> Batch:
        missing = self.batch_size - len(windows) if self._fill_last else 0
        window, target = pool.cut(np.concatenate([windows, np.repeat(windows[:1], missing)]), self.spec)
        if missing:
            target[len(windows) :] = np.nan
        return window, target

    def _rounds(self, rng: np.random.Generator) -> Iterator[tuple[_Pool, np.ndarray]]:
        """Yields pools and the windows to emit from each; all but the last round make up whole batches."""
        if self._whole is not None:
            yield self._whole, self._order(len(self._whole.offsets), rng)
            return
        chunks = iter(self._read())
        rest: _Pool | None = None
        for number in itertools.count():
            arrived, ended = self._generation_of(chunks)
            if arrived:
                new = _Pool.of(arrived)
                del arrived
                pool = new if rest is None else rest.join(new)
            elif rest is not None:
                pool = rest
            else:
                return
            if ended and number == 0:
                self._whole = pool
            left_over = 0 if rest is None else len(rest.offsets)
            total = len(pool.offsets)
            if ended:
                yield pool, self._order(total, rng)
                return
            fresh = left_over + self._order(total - left_over, rng)
            emitted = left_over + (total - left_over) // (2 if self._shuffled else 1)
            emitted -= emitted % self.batch_size
            now = np.concatenate([np.arange(left_over), fresh[: emitted - left_over]])
            rest = new.keep(fresh[emitted - left_over :] - left_over)
            yield pool, rng.permutation(now) if self._shuffled else now

    def _order(self, count: int, rng: np.random.Generator) -> np.ndarray:
        return rng.permutation(count) if self._shuffled else np.arange(count)

    def _generation_of(self, chunks: Iterator[Chunk]) -> tuple[list[Chunk], bool]:
        """Takes chunks until a generation is full; says whether they have ended."""
        taken: list[Chunk] = []
        windows = steps = 0
        for chunk in chunks:
            if not len(chunk.forecast_offsets):
                continue
            taken.append(chunk)
            windows += len(chunk.forecast_offsets)
            steps += len(chunk.target)
            enough = windows >= 2 * self.batch_size
            if windows >= self._generation or (steps >= _GENERATION_STEPS and enough):
                return taken, False
        return taken, True


def prefetch(items: Iterable[T], depth: int = 2) -> Generator[T, None, None]:
    """Computes the next items in a thread of its own while the present one is used.

    Args:
        items: What to compute.
        depth: How many items may wait.

    Yields:
        The items, in order; an error in computing one is raised where it is due.
    """
    waiting: queue.Queue = queue.Queue(maxsize=depth)
    abandoned = threading.Event()

    def put(entry: tuple[bool, object]) -> bool:
        while not abandoned.is_set():
            try:
                waiting.put(entry, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not put((True, item)):
                    return
            put((False, None))
        except BaseException as error:  # whatever it is, it belongs to the consumer
            put((False, error))

    threading.Thread(target=work, name="prefetch", daemon=True).start()
    try:
        while True:
            more, value = waiting.get()
            if more:
                yield value
            elif value is not None:
                raise value
            else:
                return
    finally:
        abandoned.set()
