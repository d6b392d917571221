"""A frequency is found with its anchor, through holes; gaps and rests are measured."""

import numpy as np
import pandas as pd
import pytest

from tapeline.schemas.errors import DataError
from tapeline.series.inspecting.regular_steps import find_grid, gaps, longest_gap, longest_rest

NAN = float("nan")


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize(
    ("frequency", "found"),
    [
        *(("5min", "5min"), ("15min", "15min"), ("90min", "90min"), ("1H", "h"), ("6H", "6h"), ("D", "D"), ("B", "B")),
        *(("W-SAT", "W-SAT"), ("W-MON", "W-MON"), ("MS", "MS"), ("M", "ME"), ("QS-OCT", "QS-OCT"), ("Q-NOV", "QE-NOV")),
        *(("AS-JUL", "YS-JUL"), ("10D", "10D")),
    ],
)
def test_a_frequency_is_found_with_its_anchor(frequency: str, found: str, holes: bool) -> None:
    times = pd.date_range("2019-01-05", periods=60, freq=frequency).asi8 // 10**9
    keep = np.ones(60, bool)
    if holes:
        keep[[7, 20, 21, 40, 55]] = False
    grid = find_grid([times[keep]])
    assert grid.grid.frequency == found
    assert grid.off == 0


def test_times_at_half_past_have_an_offset() -> None:
    times = pd.date_range("2021-01-01 00:30", periods=60, freq="H").asi8 // 10**9
    assert find_grid([times]).grid.offset_seconds == 1800


def test_times_beside_the_grid_are_counted() -> None:
    times = pd.date_range("2021-01-01", periods=60, freq="H").asi8 // 10**9
    times[30] += 60
    assert find_grid([times]).off == 1


def test_times_without_a_grid_are_refused() -> None:
    with pytest.raises(DataError, match="lie on no regular grid"):
        find_grid([np.cumsum(np.random.default_rng(0).integers(1, 10_000, size=60))])
    with pytest.raises(DataError, match="has 2 rows"):
        find_grid([np.array([0, 3600])])


def test_a_gap_is_steps_without_a_measured_value() -> None:
    # Steps 3 and 4 have no row, step 5 no value.
    assert longest_gap(np.array([0, 1, 2, 5, 6]), np.array([1.0, 1.0, 1.0, NAN, 1.0])) == 3
    assert longest_gap(np.array([0, 1, 2]), np.array([1.0, 1.0, 1.0])) == 0


def test_a_rest_is_equal_measured_values_in_a_row() -> None:
    assert longest_rest(np.array([1.0, 2.0, 2.0, NAN, 2.0, 3.0])) == 3
    assert longest_rest(np.array([NAN])) == 0


def test_gaps_are_runs_of_steps_without_a_row() -> None:
    begins, lengths = gaps(np.array([5, 6, 9, 9, 10, 20]))
    assert (begins.tolist(), lengths.tolist()) == ([7, 11], [2, 9])
    assert [len(part) for part in gaps(np.array([3]))] == [0, 0]
