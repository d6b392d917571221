"""Batches of windows, cut from chunks while training runs.

Neighbouring windows share all but one step; stored one by one they would take `T + H` times the room of the data. So
chunks are stored, a bounded number of them is in memory, and a batch is gathered out of these when it is due.

Shuffling, where the data are larger than memory should be: chunks arrive in generations. Half of a generation's
windows, drawn at random, are mixed with all that the generation before left over:

    generation    1          2          3
    windows     [ab][ab]   [cd][cd]   [ef][ef]
    emitted      ab         ab+cd      cd+ef     ef

Data of one generation are read once and mixed all over. Order depends on the seed and the epoch alone: an epoch can be
repeated after a crash.
"""

import collections
import concurrent.futures
import dataclasses
import math
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from tapeline.schemas import features as names
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.time_folds import TimeFolds
from tapeline.series.windowing import Chunk, cut_arrays

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]
Batch = tuple[dict[str, npt.NDArray[Any]], Floats]
"""The window features that a model computes with, and the target `[B, H]`."""

_GENERATION_STEPS = 2**22
"""Most steps in a generation (and one chunk): 100 MB with a handful of covariates."""

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, eq=False)
class _Pool:
    """Chunks side by side in memory, and windows in them."""

    arrays: dict[str, npt.NDArray[Any]]  # timestamp [N], target [N], past_covariates [N, P], future_covariates [N, K]
    static: Floats  # static covariates of each chunk [C, S]
    series: npt.NDArray[np.int32]  # index of each chunk's series [C]
    offsets: Positions  # where each window's forecast starts, a position in `arrays`, [W]
    chunk_of: Positions  # which chunk each window lies in [W]

    @classmethod
    def of(cls, chunks: list[Chunk], index: Mapping[bytes, int]) -> "_Pool":
        starts = np.cumsum([0] + [len(chunk.target) for chunk in chunks[:-1]])
        counts = [len(chunk.forecast_offsets) for chunk in chunks]
        parts = (names.TIMESTAMP, names.TARGET, names.PAST_COVARIATES, names.FUTURE_COVARIATES)
        return cls(
            arrays={part: np.concatenate([getattr(chunk, part) for chunk in chunks]) for part in parts},
            static=np.stack([chunk.static_covariates for chunk in chunks]),
            series=np.array([index.get(chunk.series_id, -1) for chunk in chunks], np.int32),
            offsets=np.concatenate([chunk.forecast_offsets for chunk in chunks]) + np.repeat(starts, counts),
            chunk_of=np.repeat(np.arange(len(chunks)), counts),
        )

    def keep(self, windows: Positions) -> "_Pool":
        return dataclasses.replace(self, offsets=self.offsets[windows], chunk_of=self.chunk_of[windows])

    def join(self, other: "_Pool") -> "_Pool":
        return _Pool(
            arrays={part: np.concatenate([self.arrays[part], other.arrays[part]]) for part in self.arrays},
            static=np.concatenate([self.static, other.static]),
            series=np.concatenate([self.series, other.series]),
            offsets=np.concatenate([self.offsets, other.offsets + len(self.arrays[names.TARGET])]),
            chunk_of=np.concatenate([self.chunk_of, other.chunk_of + len(self.static)]),
        )

    def cut(self, windows: Positions, spec: WindowSpec) -> Batch:
        window = cut_arrays(**self.arrays, offsets=self.offsets[windows], spec=spec)
        window[names.STATIC_COVARIATES] = self.static[self.chunk_of[windows]]
        window[names.SERIES_INDEX] = self.series[self.chunk_of[windows]]
        target = window.pop(names.TARGET)
        return window, target


@dataclasses.dataclass(kw_only=True, eq=False)
class WindowStream:
    """The windows of one split, as batches of one fixed shape; nothing is read before it is asked for.

    The last batch of an epoch is filled up with windows whose target is NaN: they count in no loss and no metric. So
    every window is seen once an epoch, whatever the batch size, and a graph that is compiled for one batch fits all.

    Attributes:
        read: Starts a new pass over the chunks, each time in the same order.
        spec: Context length and horizon.
        batch_size: Windows in a batch.
        shuffle_windows: Windows among which a batch is drawn; 0 keeps their order.
        seed: Seed of the shuffling.
        fill_last: Whether the last batch is filled up; else it is shorter.
        series: The trained series, sorted: a window's `series_index` is the position of its series, -1 for others.
        folds: Blocks in time that windows are told the `fold` of; None: they have none.
        keep_start: Whether windows keep their `forecast_start`, which no model reads.
    """

    read: Callable[[], Iterable[Chunk]]
    spec: WindowSpec
    batch_size: int
    shuffle_windows: int = 0
    seed: int = 0
    fill_last: bool = True
    series: Sequence[bytes] = ()
    folds: TimeFolds | None = None
    keep_start: bool = False
    _whole: _Pool | None = dataclasses.field(default=None, init=False)
    _count: int | None = dataclasses.field(default=None, init=False)

    def count(self) -> int:
        """Returns the number of windows; the first call reads all chunks."""
        if self._count is None:
            self._count = sum(len(chunk.forecast_offsets) for chunk in self.read())
        return self._count

    def with_seed(self, seed: int) -> "WindowStream":
        """Returns the same windows in the order of another seed; those that fit in memory are there once for both.

        Args:
            seed: Seed of the shuffling.
        """
        other = dataclasses.replace(self, seed=seed)
        other._count = self.count()
        if self._whole is None:
            # The first batch makes known whether all windows fit.
            next(self.batches(), None)
        other._whole = self._whole
        return other

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
        for pool, order in self._rounds(np.random.default_rng([self.seed % 2**63, epoch])):
            for start in range(0, len(order), self.batch_size):
                yield self._batch(pool, order[start : start + self.batch_size])

    def _batch(self, pool: _Pool, windows: Positions) -> Batch:
        missing = self.batch_size - len(windows) if self.fill_last else 0
        window, target = pool.cut(np.concatenate([windows, np.repeat(windows[:1], missing)]), self.spec)
        if missing:
            target[len(windows) :] = np.nan
        start = window.pop(names.FORECAST_START)
        if self.folds is not None:
            window[names.FOLD] = self.folds.index(start)
        if self.keep_start:
            window[names.FORECAST_START] = start
        return window, target

    def _rounds(self, rng: np.random.Generator) -> Iterator[tuple[_Pool, Positions]]:
        """Yields pools and the windows to emit from each; all but the last round make up whole batches."""
        if self._whole is not None:
            yield self._whole, self._order(len(self._whole.offsets), rng)
            return
        chunks = iter(self.read())
        index = {series: place for place, series in enumerate(self.series)}
        rest: _Pool | None = None
        while True:
            arrived, ended = self._generation_of(chunks)
            if arrived:
                new = _Pool.of(arrived, index)
                del arrived
                pool = new if rest is None else rest.join(new)
            elif rest is not None:
                pool = rest
            else:
                return
            total = len(pool.offsets)
            if ended:
                if rest is None:
                    self._whole = pool
                yield pool, self._order(total, rng)
                return
            left_over = 0 if rest is None else len(rest.offsets)
            fresh = left_over + self._order(total - left_over, rng)
            emitted = left_over + (total - left_over) // (2 if self.shuffle_windows else 1)
            emitted -= emitted % self.batch_size
            now = np.concatenate([np.arange(left_over), fresh[: emitted - left_over]])
            rest = new.keep(fresh[emitted - left_over :] - left_over)
            yield pool, rng.permutation(now) if self.shuffle_windows else now

    def _order(self, count: int, rng: np.random.Generator) -> Positions:
        return rng.permutation(count) if self.shuffle_windows else np.arange(count)

    def _generation_of(self, chunks: Iterator[Chunk]) -> tuple[list[Chunk], bool]:
        """Takes chunks until a generation is full; says whether they have ended."""
        # Two thirds arrive, one third is left over from before: together what was asked for.
        full = max(2 * (self.shuffle_windows or 65_536) // 3, 2 * self.batch_size)
        taken: list[Chunk] = []
        windows = steps = 0
        for chunk in chunks:
            if len(chunk.forecast_offsets):
                taken.append(chunk)
                windows += len(chunk.forecast_offsets)
                steps += len(chunk.target)
            if windows >= full or (steps >= _GENERATION_STEPS and windows >= 2 * self.batch_size):
                return taken, False
        return taken, True


def prefetch(items: Iterable[T], depth: int = 2) -> Generator[T, None, None]:
    """Computes the next items in a thread of its own while the present one is used.

    >>> list(prefetch(number * number for number in range(4)))
    [0, 1, 4, 9]

    Args:
        items: What to compute.
        depth: How many items may wait.

    Yields:
        The items, in order; an error in computing one is raised where it is due.
    """
    iterator, end = iter(items), object()
    pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="prefetch")
    try:
        waiting = collections.deque(pool.submit(next, iterator, end) for _ in range(depth))
        while (item := waiting.popleft().result()) is not end:
            waiting.append(pool.submit(next, iterator, end))
            yield item  # type: ignore[misc]  # what is not the end is an item
    finally:
        pool.shutdown(cancel_futures=True)
