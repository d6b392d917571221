from typing import Any

import numpy as np

from tapeline.forecaster.statistical.histories import History, histories, rolling_origins
from tapeline.series.windowing import Chunk

DAY = 86_400


def chunk(first: Any, values: Any, series: Any = b"a") -> Any:
    steps = len(values)
    return Chunk(
        series_id=series,
        timestamp=(first + np.arange(steps)) * DAY,
        target=np.asarray(values, np.float32),
        past_covariates=np.zeros((steps, 0), np.float32),
        future_covariates=np.zeros((steps, 0), np.float32),
        static_covariates=np.zeros(0, np.float32),
        forecast_offsets=np.zeros(0, np.int64),
    )


def test_chunks_that_overlap_are_joined() -> None:
    (ours,) = histories([chunk(0, range(6)), chunk(4, range(4, 9))], [chunk(6, range(6, 12))])
    assert ours.values.tolist() == list(range(12))
    assert ours.trained == 9


def test_steps_that_no_chunk_holds_are_missing() -> None:
    (ours,) = histories([chunk(0, [0, 1, 2]), chunk(5, [5, 6])], [])
    np.testing.assert_array_equal(ours.values, [0, 1, 2, np.nan, np.nan, 5, 6])


def test_series_are_sorted_and_those_without_train_chunks_left_out() -> None:
    ours = histories([chunk(0, [1, 2], b"b"), chunk(0, [1, 2], b"a")], [chunk(0, [3, 4], b"c")])
    assert [history.series_id for history in ours] == [b"a", b"b"]


def series(steps: Any = 100, trained: Any = 80) -> Any:
    return History(b"a", np.arange(steps, dtype=np.float32), trained)


def test_no_forecast_starts_before_the_values_end_that_its_fit_has_seen() -> None:
    origins = rolling_origins([series(), series(60, 50)], context_length=10, horizon=5, most=40)
    starts = origins.context[:, -1] + 1.0  # values count steps
    assert (starts >= origins.cuts[origins.series, origins.block]).all()
    # The last fit has seen the train split and nothing of the eval split.
    assert origins.cuts[:, -1].tolist() == [80, 50]


def test_the_last_window_before_the_test_split_is_among_them() -> None:
    origins = rolling_origins([series()], context_length=10, horizon=5, most=7)
    assert len(origins.series) == 7
    assert origins.target[-1].tolist() == [95.0, 96.0, 97.0, 98.0, 99.0]


def test_a_series_that_is_too_short_has_no_windows() -> None:
    origins = rolling_origins([series(12, 12), series()], context_length=10, horizon=5, most=20)
    assert set(origins.series) == {1}
    assert len(rolling_origins([series(12, 12)], context_length=10, horizon=5, most=20).series) == 0


def test_windows_without_a_measured_value_are_left_out() -> None:
    values = np.arange(40, dtype=np.float32)
    values[20:] = np.nan
    origins = rolling_origins([History(b"a", values, 40)], context_length=10, horizon=5, most=40)
    assert np.isfinite(origins.target).any(axis=1).all()
