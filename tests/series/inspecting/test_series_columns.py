"""Columns get the part that their values and names speak for."""

from typing import Any

import numpy as np
import pytest

from tapeline.series.inspecting.series_columns import constant_in, is_flag, series_columns, target_columns

TIMES = np.repeat(np.arange(6), 4)
SHOP = np.tile(np.array(["a", "a", "b", "b"], object), 6)
ITEM = np.tile(np.array(["x", "y", "x", "y"], object), 6)


def test_one_series_needs_no_name() -> None:
    assert (
        series_columns(np.arange(5), {"weather": np.array(["dry", "wet", "dry", "dry", "wet"], object)}).columns == ()
    )


def test_two_columns_name_the_series_together_where_none_does_alone() -> None:
    found = series_columns(TIMES, {"shop": SHOP, "item": ITEM, "note": np.array(["-"] * 24, object)})
    assert set(found.columns) == {"shop", "item"}
    assert found.repeated == 0


def test_one_column_is_preferred_to_two() -> None:
    assert series_columns(TIMES, {"shop": SHOP, "item": ITEM, "sku": SHOP + ITEM}).columns == ("sku",)


def test_rows_that_stay_alike_are_counted() -> None:
    assert series_columns(TIMES, {"shop": SHOP}).repeated == 12


def numbers(**columns: Any) -> Any:
    return {name: np.asarray(values, np.float64) for name, values in columns.items()}


@pytest.mark.parametrize(
    ("columns", "single", "expected"),
    [
        (numbers(a=[1, 5]), False, ("a",)),
        (numbers(item_1=[1, 5], item_2=[2, 7]), False, ("item_1", "item_2")),
        (numbers(open=[1, 5], close=[2, 7], volume=[4, 5]), False, ("close",)),
        (numbers(temperature=[4, 5], units_sold=[1, 5]), True, ("units_sold",)),
        (numbers(gas=[4, 5], oil=[1, 5]), False, ("gas", "oil")),
        (numbers(gas=[4, 5], oil=[1, 5]), True, ("gas",)),
        (numbers(year=[2020, 2021], holiday=[0, 1], gas=[4, 5]), False, ("gas",)),
    ],
)
def test_targets_are_told_by_name_or_taken_together(columns: Any, single: bool, expected: tuple[str, ...]) -> None:
    assert target_columns(columns, single=single).columns == expected


def test_a_flag_is_0_and_1_alone() -> None:
    assert is_flag(np.array([0.0, 1.0, np.nan]))
    assert not is_flag(np.array([0.0, 2.0]))


def test_what_stays_the_same_in_each_series_is_static() -> None:
    series = np.array([0, 0, 1, 1])
    columns = [("size", np.array([3.0, 3.0, 5.0, 5.0])), ("price", np.array([3.0, 4.0, 5.0, 5.0]))]
    assert constant_in(series, columns) == ("size",)
