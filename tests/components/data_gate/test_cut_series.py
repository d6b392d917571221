"""Wherever series are cut in time and however they are divided into groups, the gate finds the same."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.components.data_gate import time_samples
from tapeline.components.data_gate.placement import Placement
from tapeline.components.data_gate.rules import Rules
from tapeline.components.data_gate.time_samples import TimeSample
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.time_grid import TimeGrid
from tests.components.data_gate.checked_rows import Table, check, scan

HOUR = 3600
COLUMNS = ("target", "wind", "holiday", "area")


def random_series(rng: np.random.Generator, name: bytes) -> Table:
    """Some hours with gaps, holes, runs, and whatever else can be wrong."""
    hours = np.arange(rng.integers(1, 70)) + rng.integers(0, 20)
    hours = hours[rng.random(len(hours)) >= rng.choice([0.0, 0.1, 0.6])]
    hours = np.append(hours, rng.choice([100, 30]))
    if rng.random() < 0.3:
        hours = np.append(hours, rng.choice(hours, 5))
    times = hours * int(rng.choice([HOUR] * 4 + [HOUR // 4, 24 * HOUR]))
    times = times + (rng.random(len(times)) < rng.choice([0.0, 0.1])) * 60
    times = np.sort(times) if rng.random() < 0.5 else rng.permutation(times)
    size = len(times)
    values = np.stack([rng.integers(0, kinds, size) for kinds in (3, 50, 2, 2)], axis=1).astype(float)
    if rng.random() < 0.3:
        values[:, 0] = 5.0
    if rng.random() < 0.7:
        values[:, 3] = 4.0
    for column in range(len(COLUMNS)):
        values[rng.random(size) < rng.choice([0.0, 0.0, 0.1, 0.5, 1.0]), column] = np.nan
    if rng.random() < 0.3:
        values[rng.integers(size), rng.integers(len(COLUMNS))] = np.inf
    splits = np.searchsorted(np.sort(rng.choice(times, 2)), times, side="right")
    return Table(np.array([name] * size, object), times, np.zeros(size, int), splits, values)


def random_panel(rng: np.random.Generator) -> Table:
    series = [random_series(rng, b"s%d\xff" % number) for number in range(rng.integers(1, 5))]
    joined = [np.concatenate([getattr(part, field.name) for part in series]) for field in dataclasses.fields(series[0])]
    order = rng.permutation(len(joined[0])) if rng.random() < 0.5 else np.arange(len(joined[0]))
    panel = Table(*(column[order] for column in joined))
    return dataclasses.replace(panel, rows=np.arange(len(order)) + 7)


def random_placement(rng: np.random.Generator, table: Table, ids: np.ndarray) -> Placement:
    """Series in two groups, or cut at any of their times, or between them."""
    key, cuts, free = rng.integers(0, 2, len(ids)), {}, 2
    for at in np.flatnonzero(rng.random(len(ids)) < 0.7).tolist():
        times = np.unique(table.timestamps[table.ids == ids[at]])
        chosen = rng.choice(times, rng.integers(1, len(times) + 1), replace=False)
        cuts[at], key[at] = np.unique(chosen + rng.integers(-1, 2)), free
        free += len(cuts[at]) + 1
    return Placement(ids, key, 2, cuts)


@settings(max_examples=80)
@given(seed=st.integers(0, 10**6), context=st.integers(1, 9), horizon=st.integers(1, 4))
def test_where_series_are_cut_changes_nothing(seed, context, horizon):
    rng = np.random.default_rng(seed)
    table = random_panel(rng)
    rules = Rules(
        grid=TimeGrid("H"),
        spec=WindowSpec(context_length=context, horizon=horizon),
        max_gap=int(rng.choice([2, 500])),
        max_constant=3,
        min_observed=float(rng.choice([0.0, 0.5, 1.0])),
        past=("wind",),
        future=("holiday",),
        static=("area",),
    )
    whole = check(table, rules)
    ids = scan(table, rules)[0].ids
    for batches in (1, 3):
        assert check(table, rules, placement=random_placement(rng, table, ids), batches=batches) == whole


@settings(max_examples=50)
@given(seed=st.integers(0, 10**6), steps=st.sampled_from([2, 100, 1000]))
def test_a_sample_of_times_does_not_depend_on_cuts(seed, steps):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.integers(1, steps, rng.integers(2, 300))) * 60
    cuts = np.sort(rng.choice(len(times), rng.integers(1, 20)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time_samples, "ALL_TIMES", 40)
        patch.setattr(time_samples, "STRETCHES", 7)
        patch.setattr(time_samples, "ALL_STEPS", 100)
        whole = TimeSample.of(times)
        first, *rest = (TimeSample.of(part) for part in np.split(times, cuts) if len(part))
        for part in rest:
            first = first.merge(part)
    assert (first.times, first.last) == (whole.times, whole.last)
    np.testing.assert_array_equal(first.first, whole.first)
    assert [part.tolist() for part in first.stretches] == [part.tolist() for part in whole.stretches]
    np.testing.assert_array_equal(first.steps, whole.steps)
    np.testing.assert_array_equal(first.counts, whole.counts)


def test_the_median_step_is_exact_for_few_different_steps_and_near_for_many():
    assert TimeSample.of(np.array([0, 10, 20, 50, 90])).median_step() == 20.0
    times = np.cumsum(np.arange(1, 20_001))
    assert TimeSample.of(times).median_step() == pytest.approx(10_001, rel=0.04)


def long_table(hours: np.ndarray, name: bytes = b"long") -> Table:
    size = len(hours)
    values = np.random.default_rng(0).normal(size=(size, 1))
    return Table(np.array([name] * size, object), hours * HOUR, np.arange(size), np.zeros(size, int), values)


RULES = Rules(grid=TimeGrid("H"), spec=WindowSpec(context_length=4, horizon=2))


def sizes(table: Table, *, group_rows: int) -> list[int]:
    """Rows that are looked at together, in the order of keys."""
    survey, (rows,) = scan(table, RULES)
    placement = Placement.of(survey, group_rows=group_rows)
    return [len(some.code) for _, some in sorted(placement.route(rows), key=lambda part: part[0])]


def test_a_long_series_is_cut_into_blocks_of_about_as_many_rows():
    found = sizes(long_table(np.arange(200_000)), group_rows=50_000)
    assert sum(found) == 200_000
    assert len(found) == 4
    assert max(found) < 75_000


def test_a_stray_time_makes_no_blocks_of_its_own_and_moves_no_border():
    # Year 9999 among hours of the years 1970 to 1992.
    hours = np.arange(200_000)
    hours[100] = 70_000_000
    first, *between, last = sizes(long_table(np.arange(200_000)), group_rows=50_000)
    assert sizes(long_table(hours), group_rows=50_000) == [first - 1, *between, last + 1]


def test_rows_of_one_time_stay_together():
    assert sizes(long_table(np.zeros(20_000, int)), group_rows=5_000) == [20_000]


def test_series_that_fit_into_a_group_are_not_cut():
    parts = [long_table(np.arange(30), b"s%02d" % number) for number in range(10)]
    table = Table(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in dataclasses.fields(parts[0]))
    )
    # 300 rows, 100 a group: series begin a new one where 100 rows and 200 rows stand before them.
    assert sizes(table, group_rows=100) == [120, 90, 90]
