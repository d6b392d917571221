"""Windows cut from chunks, against arithmetic by hand and a plain loop."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.windowing import Chunk, fill_gaps, hold_known
from tests.windows_of_chunks import cut_windows

NAN = np.nan


def a_chunk(target: Any, *, past: Any = None, future: Any = None, static: Any = ()) -> Chunk:
    length = len(target)
    return Chunk(
        series_id=b"a",
        timestamp=np.arange(length, dtype=np.int64) * 3600,
        target=np.asarray(target, np.float32),
        past_covariates=np.zeros((length, 0), np.float32) if past is None else np.asarray(past, np.float32),
        future_covariates=np.zeros((length, 0), np.float32) if future is None else np.asarray(future, np.float32),
        static_covariates=np.asarray(static, np.float32),
        forecast_offsets=np.arange(length),
    )


def test_gap_is_interpolated_between_its_neighbours() -> None:
    filled, observed = fill_gaps(np.array([[1.0, NAN, NAN, 4.0]]))
    # 1 + (4 - 1) / 3 = 2 and 1 + 2 * (4 - 1) / 3 = 3
    np.testing.assert_allclose(filled, [[1, 2, 3, 4]])
    np.testing.assert_array_equal(observed, [[True, False, False, True]])


def test_ends_hold_the_nearest_measured_value() -> None:
    filled, _ = fill_gaps(np.array([[NAN, NAN, 5.0, 7.0, NAN]]))
    np.testing.assert_array_equal(filled, [[5, 5, 5, 7, 7]])


def test_context_without_any_measured_value_is_zero() -> None:
    filled, observed = fill_gaps(np.full((1, 3), NAN))
    np.testing.assert_array_equal(filled, [[0, 0, 0]])
    assert not observed.any()


def _filled_by_loop(row: Any) -> Any:
    row = np.asarray(row)
    known = np.flatnonzero(~np.isnan(row))
    return np.interp(np.arange(len(row)), known, row[known]) if len(known) else np.zeros(len(row))


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=9),
        elements=st.one_of(st.just(NAN), st.integers(-50, 50).map(float)),
    )
)
def test_every_channel_is_filled_as_by_np_interp(values: Any) -> None:
    filled, observed = fill_gaps(values)
    np.testing.assert_array_equal(observed, ~np.isnan(values))
    for row in range(values.shape[0]):
        for channel in range(values.shape[2]):
            np.testing.assert_allclose(filled[row, :, channel], _filled_by_loop(values[row, :, channel]), atol=1e-9)


def test_known_ahead_flag_holds_its_last_value() -> None:
    future = np.array([0.0, NAN, 1.0, NAN, NAN]).reshape(1, 5, 1)
    np.testing.assert_array_equal(hold_known(future, 3)[0, :, 0], [0, 0, 1, 1, 1])


def test_known_ahead_context_is_not_filled_from_the_horizon() -> None:
    future = np.array([NAN, NAN, NAN, 7.0, NAN]).reshape(1, 5, 1)
    np.testing.assert_array_equal(hold_known(future, 2)[0, :, 0], [0, 0, 7, 7, 7])


def test_known_ahead_context_takes_its_first_value_backwards() -> None:
    future = np.array([NAN, 3.0, NAN, 7.0]).reshape(1, 4, 1)
    np.testing.assert_array_equal(hold_known(future, 2)[0, :, 0], [3, 3, 3, 7])


def test_window_holds_context_before_and_target_from_its_offset() -> None:
    windows = cut_windows(a_chunk(range(10)), np.array([3, 5]), WindowSpec(context_length=3, horizon=2))
    np.testing.assert_array_equal(windows["context"], [[0, 1, 2], [2, 3, 4]])
    np.testing.assert_array_equal(windows["target"], [[3, 4], [5, 6]])
    np.testing.assert_array_equal(windows["forecast_start"], [3 * 3600, 5 * 3600])
    assert windows["series_id"].tolist() == [b"a", b"a"]


def test_unobserved_target_stays_nan_and_context_is_marked() -> None:
    windows = cut_windows(a_chunk([0, NAN, 2, NAN, 4]), np.array([3]), WindowSpec(context_length=3, horizon=2))
    np.testing.assert_array_equal(windows["context"], [[0, 1, 2]])
    np.testing.assert_array_equal(windows["context_observed"], [[1, 0, 1]])
    np.testing.assert_array_equal(windows["target"], [[NAN, 4]])


def test_covariates_cover_context_and_horizon() -> None:
    steps = np.arange(6, dtype=np.float32)
    chunk = a_chunk(steps, past=np.stack([steps, -steps], 1), future=steps[:, None] * 10, static=[0.5])
    windows = cut_windows(chunk, np.array([2, 4]), WindowSpec(context_length=2, horizon=2))
    np.testing.assert_array_equal(windows["past_covariates"][1], [[2, -2], [3, -3]])
    np.testing.assert_array_equal(windows["future_covariates"][1, :, 0], [20, 30, 40, 50])
    np.testing.assert_array_equal(windows["static_covariates"], [[0.5], [0.5]])


@pytest.mark.parametrize("offset", [2, 9])
def test_window_that_reaches_out_of_the_chunk_is_refused(offset: int) -> None:
    with pytest.raises(ValueError, match=rf"offsets: \[{offset}\] of 10 steps"):
        cut_windows(a_chunk(range(10)), np.array([offset]), WindowSpec(context_length=3, horizon=2))


def test_no_offsets_give_no_windows() -> None:
    windows = cut_windows(a_chunk(range(10)), np.zeros(0, np.int64), WindowSpec(context_length=3, horizon=2))
    assert windows["context"].shape == (0, 3)
    assert windows["target"].shape == (0, 2)
    assert windows["future_covariates"].shape == (0, 5, 0)
