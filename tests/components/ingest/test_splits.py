"""Splits: cut by time, in order, each row in one of them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.components.ingest.splits import UNUSED, SplitBounds, check_counts, find_bounds, first_step_from
from tapeline.schemas.errors import ConfigError, DataError
from tapeline.schemas.sections import SplitConfig
from tapeline.series.time_grid import TimeGrid

HOUR = 3600
HOURLY = TimeGrid("H")


def bounds(split: SplitConfig | None = None, *, last: int = 99 * HOUR, grid: TimeGrid = HOURLY) -> SplitBounds:
    return find_bounds(first=0, last=last, split=split or SplitConfig(), grid=grid)


def test_fractions_count_steps_of_the_span() -> None:
    # 100 hours: 0-69 train, 70-84 eval, 85-99 test.
    assert bounds() == SplitBounds(train_start=0, eval_start=70 * HOUR, test_start=85 * HOUR, end=100 * HOUR)


def test_weekly_co2_is_cut_into_1599_342_and_343_weeks() -> None:
    # 2284 weeks: 1598.8 is nearest to 1599, 1941.4 to 1941.
    week = 7 * 86_400
    first = int(pd.Timestamp("1958-03-29").timestamp())
    found = find_bounds(first=first, last=first + 2283 * week, split=SplitConfig(), grid=TimeGrid("W-SAT"))
    cuts = np.array([found.train_start, found.eval_start, found.test_start, found.end])
    assert list(np.diff(cuts) // week) == [1599, 342, 343]


def test_etth1_by_dates_has_the_published_rows() -> None:
    first = int(pd.Timestamp("2016-07-01").timestamp())
    dates = SplitConfig(eval_start="2017-06-26", test_start="2017-10-24", end="2018-02-21")
    found = find_bounds(first=first, last=first + 17_419 * HOUR, split=dates, grid=HOURLY)
    split = found.assign(first + HOUR * np.arange(17_420))
    assert [np.flatnonzero(split == at)[[0, -1]].tolist() for at in range(3)] == [
        [0, 8639],
        [8640, 11519],
        [11520, 14399],
    ]
    assert (split[14_400:] == UNUSED).all()


def test_dates_are_read_in_the_zone_of_the_data() -> None:
    found = find_bounds(
        first=0,
        last=10 * 86_400,
        split=SplitConfig(eval_start="1970-01-05", test_start="1970-01-07T12:00:00Z"),
        grid=TimeGrid("H", "Asia/Kolkata"),
    )
    # Midnight in Kolkata is 18:30 UTC of the day before.
    assert found.eval_start == 4 * 86_400 - 19_800
    assert found.test_start == 6 * 86_400 + 43_200


def test_fractions_and_an_end_cut_what_lies_before_it() -> None:
    # 50 hours are left: 0-34, 35-42 (42.5 rounds to the even 42), 42-49.
    found = bounds(SplitConfig(end="1970-01-03T02:00"))
    assert found == SplitBounds(train_start=0, eval_start=35 * HOUR, test_start=42 * HOUR, end=50 * HOUR)


def test_fractions_and_a_start_cut_what_follows_it() -> None:
    # Hours 20 to 99: 80 hours, 56 of them train, 12 eval.
    found = bounds(SplitConfig(start="1970-01-01T20:00"))
    assert found == SplitBounds(train_start=20 * HOUR, eval_start=76 * HOUR, test_start=88 * HOUR, end=100 * HOUR)
    assert found.assign(np.array([19, 20, 75, 76]) * HOUR).tolist() == [UNUSED, 0, 0, 1]


def test_a_start_between_two_steps_counts_from_the_next() -> None:
    # From 00:30 on there are hours 1 to 99: 69.3 of 99 is nearest to 69.
    assert bounds(SplitConfig(start="1970-01-01T00:30")).eval_start == 70 * HOUR
    assert first_step_from(30 * 60, HOURLY) == first_step_from(HOUR, HOURLY) == 1


def test_a_start_and_dates_leave_out_what_lies_before_it() -> None:
    found = bounds(SplitConfig(start="1970-01-02", eval_start="1970-01-03", test_start="1970-01-04"))
    assert found == SplitBounds(train_start=24 * HOUR, eval_start=48 * HOUR, test_start=72 * HOUR, end=100 * HOUR)


@given(
    times=st.lists(st.integers(0, 500), min_size=10, max_size=40),
    cuts=st.lists(st.integers(1, 99), min_size=2, max_size=2, unique=True),
    frequency=st.sampled_from(["H", "D", "MS", "W-SAT"]),
)
@settings(max_examples=60, deadline=None)
def test_every_row_lies_in_one_split_and_splits_follow_each_other(times: Any, cuts: Any, frequency: Any) -> None:
    grid = TimeGrid(frequency, "Europe/Berlin")
    seconds = grid.timestamps(grid.ordinals([10**9])[0] + np.array(times))
    train, both = sorted(cuts)
    split = SplitConfig(train=train / 100, eval=(both - train) / 100, test=(100 - both) / 100)
    try:
        found = find_bounds(first=seconds.min(), last=seconds.max(), split=split, grid=grid)
    except DataError:
        # The oracle: too few steps for one of the splits.
        steps = max(times) - min(times) + 1
        assert len({0, round(steps * split.train), round(steps * (split.train + split.eval)), steps}) < 4
        return
    order = np.argsort(seconds, kind="stable")
    assigned = found.assign(seconds)
    assert set(assigned) <= {0, 1, 2}
    assert (np.diff(assigned[order]) >= 0).all()
    # Time decides alone, so equal times are never torn apart.
    assert len({(time, at) for time, at in zip(times, assigned, strict=True)}) == len(set(times))


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (
            {"eval_start": "1969-01-01", "test_start": "1970-01-02"},
            "split.eval_start: got '1969-01-01', the data reach",
        ),
        (
            {"eval_start": "1970-01-02", "test_start": "1980-01-01"},
            "split.test_start: got '1980-01-01', the data reach",
        ),
        ({"eval_start": "1970-01-03", "test_start": "1970-01-02"}, "must follow each other in time"),
        ({"eval_start": "1970-01-02", "test_start": "1970-01-02"}, "must follow each other in time"),
        ({"eval_start": "1970-01-02", "test_start": "1970-01-03", "end": "1970-01-03"}, "must follow each other"),
        ({"eval_start": "1970-01-02", "test_start": "1970-01-03", "end": "1980-01-01"}, "split.end: got '1980-01-01'"),
        ({"start": "1969-12-31"}, "split.start: got '1969-12-31', the data reach"),
        (
            {"start": "1970-01-03", "end": "1970-01-02"},
            "split.end: got '1970-01-02', there are rows to use from 1970-01-03",
        ),
        ({"start": "1970-01-06"}, "split.start: got '1970-01-06', the data reach"),
        (
            {"start": "1970-01-03", "eval_start": "1970-01-02", "test_start": "1970-01-04"},
            "split: start '1970-01-03', eval_start '1970-01-02', test_start '1970-01-04' and end None must follow",
        ),
        ({"eval_start": "02/01/1970", "test_start": "1970-01-03"}, "split.eval_start: '02/01/1970' is not an ISO 8601"),
        (
            {"eval_start": "1970-01-32", "test_start": "1970-01-03"},
            "split.eval_start: '1970-01-32' is a time that does",
        ),
    ],
)
def test_dates_that_do_not_fit_the_data_are_refused(dates: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        bounds(SplitConfig(**dates))
    assert message in str(caught.value)


def test_a_refused_date_comes_with_the_datas_range() -> None:
    with pytest.raises(ConfigError, match="reach from 1970-01-01T00:00:00Z to 1970-01-05T03:00:00Z"):
        bounds(SplitConfig(eval_start="1969-01-01", test_start="1970-01-02"))


def test_too_few_steps_for_three_splits_are_refused() -> None:
    with pytest.raises(DataError, match=r"3 steps from 1970-01-01T00:00:00Z to .* cannot be cut"):
        bounds(last=2 * HOUR)


def test_a_split_without_rows_says_where_it_was_looked_for() -> None:
    with pytest.raises(
        DataError, match="eval holds no row: the data have a gap from 1970-01-03T22:00:00Z to 1970-01-04T13:00:00Z"
    ):
        check_counts({"train": 10, "eval": 0, "test": 10}, bounds().ranges())
    check_counts({"train": 1, "eval": 1, "test": 1}, bounds().ranges())
