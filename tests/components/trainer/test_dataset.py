"""Every window once an epoch, in an order that seed and epoch decide, out of bounded memory."""

import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.components.trainer import dataset
from tapeline.components.trainer.dataset import WindowStream, prefetch
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.time_folds import TimeFolds
from tapeline.series.windowing import Chunk
from tests.windows_of_chunks import cut_windows

SPEC = WindowSpec(context_length=3, horizon=2)


def chunk(number: int, steps: int, stride: int = 1) -> Chunk:
    """Step `i` of chunk `n` has the value `1000 n + i`: a window's first target says which window it is."""
    values = 1000.0 * number + np.arange(steps, dtype=np.float32)
    return Chunk(
        series_id=b"s%d" % number,
        timestamp=np.arange(steps, dtype=np.int64),
        target=values,
        past_covariates=-values[:, None],
        future_covariates=np.stack([values, 2 * values], axis=1),
        static_covariates=np.array([number], np.float32),
        forecast_offsets=np.arange(3, steps - 1, stride, dtype=np.int64),
    )


def stream(chunks: list[Chunk], **options: Any) -> WindowStream:
    return WindowStream(read=lambda: iter(chunks), spec=SPEC, **options)


def windows_of(batches: Any) -> list[float]:
    """First target value of each window that counts."""
    return [float(first) for _, target in batches for first in target[:, 0] if not np.isnan(first)]


def all_windows(chunks: list[Chunk]) -> list[float]:
    return sorted(float(value) for one in chunks for value in one.target[one.forecast_offsets])


chunk_lists = st.lists(st.integers(4, 40), min_size=1, max_size=12).map(
    lambda sizes: [chunk(number, steps) for number, steps in enumerate(sizes)]
)


@given(
    chunks=chunk_lists, batch=st.integers(1, 9), pool=st.sampled_from([0, 1, 20, 60, 10_000]), epoch=st.integers(0, 3)
)
@settings(max_examples=50, deadline=None)
def test_each_window_comes_once_an_epoch_in_batches_of_one_shape(
    chunks: Any, batch: int, pool: Any, epoch: int
) -> None:
    windows = stream(chunks, batch_size=batch, shuffle_windows=pool, seed=1)
    batches = list(windows.batches(epoch))
    assert sorted(windows_of(batches)) == all_windows(chunks)
    assert len(batches) == windows.steps()
    assert {target.shape for _, target in batches} <= {(batch, 2)}
    again = stream(chunks, batch_size=batch, shuffle_windows=pool, seed=1)
    assert windows_of(again.batches(epoch)) == windows_of(batches)


@given(chunks=chunk_lists, pool=st.sampled_from([0, 1, 20, 10_000]))
@settings(max_examples=20, deadline=None)
def test_a_batch_holds_what_cutting_its_windows_one_by_one_gives(chunks: Any, pool: Any) -> None:
    for window, target in stream(chunks, batch_size=4, shuffle_windows=pool).batches():
        for row, values in enumerate(target):
            if np.isnan(values[0]):
                continue
            number, offset = divmod(int(values[0]), 1000)
            expected = {**cut_windows(chunks[number], np.array([offset]), SPEC), "series_index": np.array([-1])}
            np.testing.assert_array_equal(values, expected["target"][0])
            for name, array in window.items():
                np.testing.assert_array_equal(array[row], expected[name][0], err_msg=name)


@given(chunks=chunk_lists, pool=st.sampled_from([0, 20, 10_000]))
@settings(max_examples=20, deadline=None)
def test_a_window_knows_its_series_and_its_block_in_time(chunks: Any, pool: Any) -> None:
    # The others are series that were not trained on.
    known = sorted({b"s0", b"s2", b"s10"})
    folds = TimeFolds(edges=(5, 9), margin=2)
    options = {"series": known, "folds": folds, "keep_start": True}
    for window, target in stream(chunks, batch_size=4, shuffle_windows=pool, **options).batches():
        assert {window[name].dtype for name in ("series_index", "fold")} == {np.dtype(np.int32)}
        for row in np.flatnonzero(~np.isnan(target[:, 0])):
            number, offset = divmod(int(target[row, 0]), 1000)
            name = b"s%d" % number
            assert window["series_index"][row] == (known.index(name) if name in known else -1)
            assert window["forecast_start"][row] == offset
            assert window["fold"][row] == (offset >= 5) + (offset >= 9)


def test_unshuffled_windows_keep_their_order() -> None:
    chunks = [chunk(number, 9) for number in range(5)]
    assert windows_of(stream(chunks, batch_size=4).batches()) == all_windows(chunks)


def test_epochs_and_seeds_shuffle_differently() -> None:
    chunks = [chunk(0, 60)]
    orders = [
        windows_of(stream(chunks, batch_size=8, shuffle_windows=1000, seed=seed).batches(epoch))
        for seed, epoch in [(1, 0), (1, 1), (2, 0)]
    ]
    assert orders[0] != orders[1] != orders[2] != orders[0]
    repeated = stream(chunks, batch_size=8, shuffle_windows=1000, seed=1)
    assert [windows_of(repeated.batches(epoch)) for epoch in (0, 1, 0)] == [orders[0], orders[1], orders[0]]


def test_a_batch_mixes_series_and_times() -> None:
    # 20 chunks of 100 windows in a pool of 600: batches of 50 would hold one chunk each if nothing were mixed.
    chunks = [chunk(number, 104) for number in range(20)]
    for window, target in stream(chunks, batch_size=50, shuffle_windows=600, seed=1).batches():
        series = window["static_covariates"][:, 0]
        assert len(np.unique(series)) >= 3
        assert len(np.unique(target[:, 0] % 1000)) > 25


def test_an_unfilled_last_batch_is_shorter() -> None:
    # 9 steps hold 5 windows: 3 and 2.
    batches = list(stream([chunk(0, 9)], batch_size=3, fill_last=False).batches())
    assert [len(target) for _, target in batches] == [3, 2]


def test_no_chunks_give_no_batches() -> None:
    assert list(stream([], batch_size=4).batches()) == []


def test_data_of_one_generation_are_read_once() -> None:
    reads = []

    def read() -> Any:
        reads.append(1)
        return iter([chunk(0, 30)])

    windows = WindowStream(read=read, spec=SPEC, batch_size=4, shuffle_windows=100)
    for epoch in range(3):
        list(windows.batches(epoch))
    assert len(reads) == 1


@pytest.mark.parametrize("stride", [1, 20])
def test_memory_does_not_grow_with_the_number_of_windows(monkeypatch: pytest.MonkeyPatch, stride: int) -> None:
    monkeypatch.setattr(dataset, "_GENERATION_STEPS", 4000)

    def peak(count: int) -> int:
        windows = WindowStream(
            read=lambda: (chunk(number, 400, stride) for number in range(count)),
            spec=SPEC,
            batch_size=32,
            shuffle_windows=3000,
        )
        tracemalloc.start()
        seen = sum(1 for _ in windows.batches())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert seen > count // stride
        return most

    assert peak(200) < 1.3 * peak(60)


def test_prefetched_items_keep_their_order() -> None:
    assert list(prefetch(range(100))) == list(range(100))


def test_an_error_in_the_thread_reaches_the_consumer() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError("in the thread")

    items = prefetch(failing())
    assert next(items) == 1
    with pytest.raises(ZeroDivisionError, match="in the thread"):
        next(items)


def test_an_abandoned_prefetch_ends_its_thread() -> None:
    before = threading.active_count()
    items = prefetch(range(10**9))
    next(items)
    items.close()
    for thread in threading.enumerate():
        if thread.name == "prefetch":
            thread.join(timeout=5)
    assert threading.active_count() == before
