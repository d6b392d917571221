"""Blocks in time of the train split."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tapeline.series.time_folds import FOLDS, TimeFolds
from tapeline.series.windowing import Chunk


def chunk(first: int, windows: int, *, step: int = 60, horizon: int = 3) -> Chunk:
    steps = windows + horizon - 1
    nothing = np.zeros((steps, 0), np.float32)
    return Chunk(
        series_id=b"a",
        timestamp=step * np.arange(first, first + steps),
        target=np.zeros(steps, np.float32),
        past_covariates=nothing,
        future_covariates=nothing,
        static_covariates=np.zeros(0, np.float32),
        forecast_offsets=np.arange(windows),
    )


def test_blocks_hold_as_many_windows_each() -> None:
    folds = TimeFolds.of([chunk(0, 100), chunk(100, 100)], horizon=3)
    assert folds is not None
    counts = np.bincount(folds.index(60 * np.arange(200)))
    np.testing.assert_allclose(counts, [40] * FOLDS, atol=1)
    assert folds.margin == 180


def test_a_chunk_of_many_windows_weighs_more_than_one_of_few() -> None:
    folds = TimeFolds.of([chunk(0, 10), chunk(1000, 90_000)], horizon=3)
    assert folds is not None
    counts = np.bincount(folds.index(60 * np.concatenate([np.arange(10), np.arange(1000, 91_000)])))
    np.testing.assert_allclose(counts, [18_002] * FOLDS, rtol=0.03)


def test_there_are_no_blocks_of_fewer_than_ten_windows() -> None:
    assert TimeFolds.of([chunk(0, 49)], horizon=3) is None
    assert TimeFolds.of([chunk(0, 50)], horizon=3) is not None
    assert TimeFolds.of([], horizon=3) is None


def test_series_that_all_start_at_the_same_times_have_no_blocks_when_these_are_few() -> None:
    assert TimeFolds.of([chunk(0, 4) for _ in range(50)], horizon=3) is None


@given(first=st.integers(10, 200), length=st.integers(1, 50), horizon=st.integers(1, 20), seed=st.integers(0, 1000))
def test_no_window_of_another_block_shares_a_target_with_a_block_unless_it_is_near(
    first: int, length: int, horizon: int, seed: int
) -> None:
    folds = TimeFolds(edges=(first, first + length), margin=horizon)
    starts = np.random.default_rng(seed).integers(0, 300, 100)
    block, near = folds.index(starts), folds.near(starts)
    # A window of the middle block forecasts up to this step.
    targets = set(range(first, first + length - 1 + horizon))
    for start, mine, close in zip(starts, block, near[:, 1], strict=True):
        shares = bool(targets & set(range(start, start + horizon)))
        if mine == 1:
            assert not close
        elif shares:
            assert close
        # Before the block, a whole horizon is left out besides.
        if mine == 0:
            assert close == (start + horizon > first - horizon)


def test_indices_are_what_a_model_reads() -> None:
    found: Any = TimeFolds(edges=(5,), margin=1).index(np.array([4, 5]))
    assert found.dtype == np.int32
    assert found.tolist() == [0, 1]
