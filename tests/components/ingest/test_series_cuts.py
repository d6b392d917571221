"""Each series is cut by its own end, wherever the others end."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeline.components.ingest.series_cuts import SeriesCuts, ends_span, find_split
from tapeline.components.ingest.splits import UNUSED
from tapeline.schemas.errors import DataError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, SplitConfig
from tapeline.series.sources.rows import RowLayout, read_rows
from tapeline.series.sources.scanning import Survey
from tapeline.series.sources.series_ends import merge_ends, series_ends
from tapeline.series.time_grid import TimeGrid

DAY = 86_400
DAILY = TimeGrid("D")
SPLIT = SplitConfig(eval_steps=4, test_steps=3)


def survey(ends: dict[str, tuple[int, int]]) -> Survey:
    times = [time * DAY for pair in ends.values() for time in pair]
    seconds = {name: (first * DAY, last * DAY) for name, (first, last) in ends.items()}
    return Survey(rows=0, first_rows=(0,), first=min(times), last=max(times), files=(), wall_clock=False, ends=seconds)


def cuts(ends: dict[str, tuple[int, int]], split: SplitConfig = SPLIT) -> SeriesCuts:
    found = find_split(survey(ends), split=split, grid=DAILY)
    assert isinstance(found, SeriesCuts)
    return found


def splits_of(found: SeriesCuts, name: str, days: Any) -> list[int]:
    days = np.asarray(days)
    return found.assign(days * DAY, pa.array([name.encode()] * len(days), pa.binary())).tolist()


@given(
    ends=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60)), min_size=1, max_size=5),
    evaluated=st.integers(1, 6),
    tested=st.integers(1, 6),
)
def test_every_series_long_enough_has_exactly_its_last_steps_in_test_and_those_before_in_eval(
    ends: Any, evaluated: int, tested: int
) -> None:
    series = {f"s{at}": (first, first + length) for at, (first, length) in enumerate(ends)}
    series["long"] = (0, 20)
    found = cuts(series, SplitConfig(eval_steps=evaluated, test_steps=tested))
    for name, (first, last) in series.items():
        length = last - first + 1
        expected = [0] * length
        if length > evaluated + tested:
            expected = [0] * (length - evaluated - tested) + [1] * evaluated + [2] * tested
        assert splits_of(found, name, range(first, last + 1)) == expected


def test_rows_after_the_last_value_belong_to_test() -> None:
    assert splits_of(cuts({"a": (0, 19), "b": (0, 29)}), "a", [12, 13, 16, 17, 20, 29]) == [0, 1, 1, 2, 2, 2]


def test_start_and_end_hold_for_every_series() -> None:
    split = SplitConfig(eval_steps=1, test_steps=1, start="1970-01-03", end="1970-01-12")
    assert ends_span(split, DAILY) == (2 * DAY, 11 * DAY)
    found = cuts({"a": (0, 10), "b": (2, 8), "c": (0, 20)}, split)
    assert splits_of(found, "a", [1, 2, 9, 10, 11]) == [UNUSED, 0, 1, 2, UNUSED]


def test_without_a_series_that_is_long_enough_the_longest_is_told() -> None:
    with pytest.raises(DataError, match=r"longer than split.eval_steps \+ split.test_steps = 4 \+ 3; .* has 7 steps"):
        cuts({"a": (0, 6), "b": (0, 2)})


def test_a_columns_end_is_its_last_measured_value() -> None:
    data = DataConfig(frequency="D", time="ds", target=("a", "b"))
    layout = RowLayout.of(data, FeaturesConfig())
    days = ["2021-01-01", "2021-01-02", "2021-01-03", "2021-01-04"]
    values = {"ds": days, "a": [None, 1.0, 2.0, None], "b": [1.0, 2.0, 3.0, 4.0]}
    batch = pa.RecordBatch.from_pydict({name: pa.array(column) for name, column in values.items()})
    rows = read_rows(batch, layout, first_row=0)
    new_year = int(np.datetime64("2021-01-01", "s").astype(int))
    found = series_ends(rows, layout, span=(-(2**60), 2**60))
    assert found == {
        "a": (new_year + DAY, new_year + 2 * DAY),
        "b": (new_year, new_year + 3 * DAY),
    }
    assert merge_ends([found, {"a": (0, DAY)}])["a"] == (0, new_year + 2 * DAY)
    assert series_ends(rows, layout, span=(new_year, new_year + DAY)) == {"b": (new_year, new_year)}
    split = SplitConfig(eval_steps=1, test_steps=1)
    whole = Survey(
        rows=4, first_rows=(0,), first=new_year, last=new_year + 3 * DAY, files=(), wall_clock=True, ends=found
    )
    bounds = find_split(whole, split=split, grid=DAILY)
    by_target = {target: of_row.tolist() for targets, of_row in bounds.of_rows(rows, layout) for target in targets}
    # Two values leave `a` none to train on, so both train.
    assert by_target == {"a": [0, 0, 0, 0], "b": [0, 0, 1, 2]}
