"""The newest rows of a series are the same however its rows are cut into batches and in whatever order they come."""

import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.forecaster.inference.tails import Tail, merge, tails_of
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig
from tapeline.series.sources.rows import RowLayout, read_rows
from tapeline.series.time_grid import TimeGrid

DATA = DataConfig(time="day", target="sold", series_id="shop", frequency="D")
FEATURES = FeaturesConfig(future_covariates=("holiday",))
LAYOUT = RowLayout.of(DATA, FEATURES)
GRID = TimeGrid.of(DATA)
T = 3


def tails(rows: Any, *, layout: Any = LAYOUT, first_row: int = 0) -> Any:
    columns = list(zip(*rows, strict=True))
    batch = pa.RecordBatch.from_arrays([pa.array(list(column)) for column in columns], list(layout.columns))
    return tails_of(read_rows(batch, layout, first_row=first_row), layout, grid=GRID, context_length=T)


def day(number: int) -> str:
    return f"2024-01-{number:02}"


def test_a_tail_reaches_back_a_context_from_the_last_measured_value() -> None:
    rows = [(day(n), "a", float(n) if n <= 6 else None, 0.0) for n in range(1, 9)]
    (tail,) = tails(rows).values()
    # Days 4 to 6 are the context; 7 and 8 are ahead of it.
    assert tail.row.tolist() == [3, 4, 5, 6, 7]
    assert tail.start == GRID.ordinals([tail.seconds[0]])[0] - 3
    np.testing.assert_array_equal(tail.values[:, 0], [4.0, 5.0, 6.0, np.nan, np.nan])


def test_every_series_has_its_own_end() -> None:
    rows = [(day(1), "a", 1.0, 0.0), (day(2), "b", 2.0, 0.0), (day(9), "b", 9.0, 1.0)]
    found = tails(rows)
    assert sorted(found) == [b"a", b"b"]
    assert found[b"b"].row.tolist() == [2]


def test_each_target_column_is_a_series() -> None:
    data = DataConfig(time="day", target=("north", "south"), frequency="D")
    layout = RowLayout.of(data, FeaturesConfig())
    found = tails([(day(1), 1.0, 10.0), (day(2), 2.0, None)], layout=layout)
    assert found[b"north"].values[:, 0].tolist() == [1.0, 2.0]
    assert found[b"south"].last_measured == found[b"north"].last_measured - 1


def test_a_series_without_a_name_has_the_name_of_the_rows() -> None:
    layout = RowLayout.of(DataConfig(time="day", target="sold", frequency="D"), FeaturesConfig())
    assert list(tails([(day(1), 1.0)], layout=layout)) == [b"series"]


def same(one: Tail, other: Tail) -> bool:
    order, others = np.lexsort((one.row, one.ordinal)), np.lexsort((other.row, other.ordinal))
    return one.start == other.start and all(
        np.array_equal(getattr(one, name)[order], getattr(other, name)[others], equal_nan=name == "values")
        for name in ("ordinal", "seconds", "row", "values")
    )


@given(
    values=st.lists(st.one_of(st.none(), st.floats(-5, 5)), min_size=1, max_size=20),
    cuts=st.lists(st.integers(1, 19), max_size=4),
    seed=st.integers(0, 5),
)
@settings(max_examples=30, deadline=None)
def test_batches_merge_to_the_tail_of_the_whole_in_any_order(values: Any, cuts: Any, seed: int) -> None:
    rows = [(day(n + 1), "a", value, 0.0) for n, value in enumerate(values)]
    edges = [0, *sorted({cut for cut in cuts if cut < len(rows)}), len(rows)]
    parts = [tails(rows[a:b], first_row=a)[b"a"] for a, b in itertools.pairwise(edges)]
    shuffled = [parts[at] for at in np.random.default_rng(seed).permutation(len(parts))]
    whole = tails(rows)[b"a"]
    assert same(merge(shuffled, context_length=T), whole)
    # One at a time, as batches come, gives the same.
    tail = shuffled[0]
    for part in shuffled[1:]:
        tail = merge([tail, part], context_length=T)
    assert same(tail, whole)


@pytest.mark.parametrize("values", [[None, None], [None]])
def test_a_series_without_a_measured_value_says_so(values: Any) -> None:
    (tail,) = tails([(day(n + 1), "a", value, 1.0) for n, value in enumerate(values)]).values()
    assert tail.last_measured is None


def test_categories_follow_their_rows_through_a_merge() -> None:
    features = FeaturesConfig(future_covariates=("sky", "holiday"), categorical=("sky",))
    layout = RowLayout.of(DATA, features)
    rows = [(day(n), "a", float(n), f"sky {n}", 0.0) for n in (1, 2, 3, 4, 5)]
    parts = [tails(part, layout=layout)[b"a"] for part in (rows[3:], rows[:3])]
    merged = merge(parts, context_length=T)
    order = np.argsort(merged.ordinal)
    assert merged.texts[order].tolist() == [[b"sky 3"], [b"sky 4"], [b"sky 5"]]
    assert merged.values.shape == (3, 2)
