"""Times are told by what fits every row, and by regular steps."""

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from tapeline.schemas.errors import DataError
from tapeline.series.inspecting.raw_table import RawTable
from tapeline.series.inspecting.time_columns import TimeColumn, find_time


def table(**columns: Any) -> RawTable:
    return RawTable(
        source="sales.csv",
        separator="comma",
        decimal="point",
        columns={name: pa.array(values) for name, values in columns.items()},
    )


def times(form: str, *, frequency: str = "D", periods: int = 60) -> TimeColumn:
    index = pd.date_range("2021-01-01", periods=periods, freq=frequency)
    return find_time(table(when=[time.strftime(form) for time in index], y=list(range(periods))))


@pytest.mark.parametrize(
    ("form", "frequency"),
    [
        *(("%d/%m/%Y", "D"), ("%m/%d/%Y", "D"), ("%d.%m.%y", "D"), ("%m-%d-%Y", "D"), ("%Y%m%d", "D")),
        *(("%d/%m/%Y %H:%M", "H"), ("%m/%d/%Y %I:%M %p", "H"), ("%d %b %Y", "D"), ("%b %Y", "MS"), ("%m/%Y", "MS")),
        *(("%Y", "AS"), ("%Y%m", "MS")),
    ],
)
def test_a_form_is_found(form: str, frequency: str) -> None:
    assert times(form, frequency=frequency).time_format == form


@pytest.mark.parametrize(("form", "order"), [("%d/%m/%Y", "day first"), ("%m/%d/%Y", "month first")])
def test_where_both_orders_fit_the_regular_one_is_taken(form: str, order: str) -> None:
    # The first days of twelve months: each can be read either way.
    found = times(form, frequency="MS", periods=48)
    assert found.time_format == form
    assert found.reason.startswith(f"{order}: so the steps")


def test_a_reason_shows_a_time_that_tells_day_from_month() -> None:
    assert times("%d/%m/%Y").reason == "day first: no other order fits 13/01/2021"
    # No file is taken to have the month first where points stand between: nothing was told apart.
    quarters = times("%d.%m.%Y", frequency="QS", periods=40)
    assert quarters.reason == "day first: usual where dates look like 01.01.2021"


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m"])
def test_iso_needs_no_format(form: str) -> None:
    found = times(form, frequency="MS")
    assert found.time_format is None
    assert found.zoned == form.endswith("Z")


@pytest.mark.parametrize(("units", "form"), [(1, "epoch_s"), (1000, "epoch_ms")])
def test_numbers_since_1970_are_times(units: int, form: str) -> None:
    assert (
        find_time(table(t=[1_600_000_000 * units + units * 60 * at for at in range(9)], y=[1] * 9)).time_format == form
    )


def test_a_zone_is_found_by_its_clock_changes() -> None:
    index = pd.date_range("2021-03-20", periods=400, freq="H", tz="Europe/Berlin")
    found = find_time(table(when=[time.isoformat() for time in index]))
    assert found.zone == "Europe/Berlin"


def test_a_likely_name_wins() -> None:
    days = [f"2021-01-{day:02}" for day in range(1, 10)]
    assert find_time(table(ordered=days, date=days)).name == "date"
    assert find_time(table(ordered=days, date=days), name="ordered").name == "ordered"


def test_one_row_that_is_no_time_is_enough_to_refuse_a_column() -> None:
    with pytest.raises(DataError, match=r"no column .* holds times in all its rows \(columns: when, y\)"):
        find_time(table(when=["2021-01-01", "soon"], y=["a", "b"]))
    with pytest.raises(DataError, match=r"--time: column 'y' holds no times"):
        find_time(table(when=["2021-01-01"], y=["a"]), name="y")
    with pytest.raises(DataError, match=r"--time: there is no column 'z'"):
        find_time(table(when=["2021-01-01"]), name="z")
