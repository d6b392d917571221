"""Values: numbers, truth values and nothing; the rest is an error that shows the row."""

import decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.series.sources.problems import Column
from tapeline.series.sources.values import join_series_ids, read_categories, read_numbers, read_series_ids


def numbers(values: Any) -> tuple[Any, Any]:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    column = Column(array, label="data.target: column 'y'", first_row=10)
    return read_numbers(column), column.problems


def series_ids(values: Any, first_row: int = 0) -> tuple[Any, Any]:
    column = Column(values, label="", first_row=first_row)
    return read_series_ids(column), column.problems


def test_empty_fields_and_nan_are_missing() -> None:
    read, problems = numbers(["1.5", "", " ", None, "NaN", "nan", "-2"])
    assert not problems
    np.testing.assert_array_equal(read, [1.5, np.nan, np.nan, np.nan, np.nan, np.nan, -2.0])


def test_truth_values_are_one_and_zero() -> None:
    read, problems = numbers(["TRUE", "false", "True", "", "0"])
    assert not problems
    np.testing.assert_array_equal(read, [1.0, 0.0, 1.0, np.nan, 0.0])


def test_infinite_values_are_left_for_the_gate() -> None:
    for texts in (["inf", "-Infinity", "INF"], ["inf", "-Infinity", "+inf"]):
        read, problems = numbers(texts)
        assert not problems
        np.testing.assert_array_equal(read, [np.inf, -np.inf, np.inf])


@pytest.mark.parametrize("value", ["n/a", "12,5", "abc", "1 000", "0x10", "1_000", "NA", "null", "-", "1.5.2", "١٢"])
def test_text_is_shown_with_its_row(value: str) -> None:
    read, problems = numbers(["+1", value, "3"])
    (problem,) = problems
    assert problem.rows == ((11, repr(value)),)
    assert problem.rule == "is text, not a number"
    assert "decimal point" in problem.fix
    np.testing.assert_array_equal(read, [1.0, np.nan, 3.0])


@given(st.lists(st.one_of(st.floats(allow_nan=True), st.integers(-(10**12), 10**12)), min_size=1))
@settings(max_examples=50, deadline=None)
def test_text_is_read_to_the_number_python_reads(values: Any) -> None:
    for texts in ([str(value) for value in values], ["TRUE", *(str(value) for value in values)]):
        read, problems = numbers(texts)
        assert not problems
        np.testing.assert_array_equal(read[-len(values) :], [float(text) for text in texts[-len(values) :]])


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, None, 3], pa.int16()),
        pa.array([1, None, 3], pa.float32()),
        pa.array([True, None, True]),
        pa.array(["1", None, "1"]),
    ],
    ids=lambda column: str(column.type),
)
def test_every_kind_of_number_becomes_a_float(column: Any) -> None:
    read, problems = numbers(column)
    assert not problems
    assert read.dtype == np.float64
    np.testing.assert_array_equal(read, [1.0, np.nan, float(column[2].as_py())])


def test_a_column_without_values_is_missing_throughout() -> None:
    read, problems = numbers(pa.nulls(2))
    assert not problems
    assert np.isnan(read).all()


def test_a_column_of_another_type_is_refused() -> None:
    _, (problem,) = numbers(pa.array(pd.DatetimeIndex(["2021-01-01"])))
    assert "is of type timestamp[ns], not a number" in problem.rule


def test_series_ids_are_text_or_whole_numbers() -> None:
    for column in (pa.array(["7", "8"]), pa.array([7, 8])):
        ids, problems = series_ids(column)
        assert not problems
        assert ids.to_pylist() == [b"7", b"8"]


def test_a_row_without_series_id_is_shown() -> None:
    _, (problem,) = series_ids(pa.array(["a", None, " "]), first_row=5)
    assert [row for row, _ in problem.rows] == [6, 7]
    assert problem.rule == "names no series"


def test_series_ids_that_are_fractions_are_refused() -> None:
    _, (problem,) = series_ids(pa.array([1.5]))
    assert "is of type double" in problem.rule


@pytest.mark.parametrize(
    "text", ["nan(1)", "nan(snan)", "NaN()", "1e400", "-1e400", "9" * 400, "+1e400", "1e99999999999"]
)
def test_what_arrow_takes_for_missing_or_infinite_is_no_number(text: str) -> None:
    read, (problem,) = numbers(["1.5", text, "nan", "-inf"])
    assert [row for row, _ in problem.rows] == [11]
    assert problem.rule.startswith(("is text, not a number", "is beyond the range of a double"))
    assert (read[0], np.isnan(read[2]), read[3]) == (1.5, True, -np.inf)


def test_decimals_are_the_doubles_next_to_them() -> None:
    texts = ["105.8690", "0.1000", "-7.3219", "81439271.0312", "9007199254740993.0000"]
    values = pa.array([*map(decimal.Decimal, texts), None], pa.decimal128(20, 4))
    read, problems = numbers(values)
    assert not problems
    assert read[:-1].tolist() == list(map(float, texts))
    assert np.isnan(read[-1])


def categories(values: Any) -> tuple[Any, Any]:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    column = Column(array, label="features.future_covariates: column 'sky'", first_row=10)
    return read_categories(column).to_pylist(), column.problems


def test_categories_are_texts_without_spaces_around_and_empty_where_missing() -> None:
    read, problems = categories([" mist", "light rain ", "", "  ", None, "Ünsicht"])
    assert not problems
    assert read == [b"mist", b"light rain", b"", b"", b"", "Ünsicht".encode()]


@pytest.mark.parametrize("values", [pa.array([3, None, -1]), pa.array([3.0, None, -1.0]), pa.array(["3", None, "-1"])])
def test_whole_numbers_are_categories_however_they_are_stored(values: Any) -> None:
    read, problems = categories(values)
    assert not problems
    assert read == [b"3", b"", b"-1"]


def test_a_missing_number_among_floats_is_a_missing_category() -> None:
    assert categories(pa.array([2.0, float("nan")])) == ([b"2", b""], [])


@pytest.mark.parametrize(
    ("values", "row", "rule"),
    [
        (pa.array([1.0, 2.5]), (11, "'2.5'"), "is not a whole number"),
        (pa.array([1.0, float("inf")]), (11, "'inf'"), "is not a whole number"),
        (pa.array(["a", "b\nc"]), (11, "'b\\nc'"), "holds a line break"),
        (pa.array([[1], [2]]), (10, "'[1]'"), "is of type list<item: int64>, not text or a whole number"),
    ],
)
def test_what_is_no_category_is_shown_with_its_row(values: Any, row: Any, rule: str) -> None:
    _, (problem, *more) = categories(values)
    assert not more
    assert problem.rule == rule
    assert row in problem.rows


def test_a_decimal_comma_is_read_where_it_is_asked_for() -> None:
    column = Column(pa.array(["1,5", "-,25", "3", "", "TRUE"]), label="y")
    assert read_numbers(column, decimal=",").tolist()[:3] == [1.5, -0.25, 3.0]
    assert not column.problems


@pytest.mark.parametrize("text", ["1.5", "1.234,5", "1,2,3", "a,b"])
def test_beside_a_decimal_comma_a_point_is_no_part_of_a_number(text: str) -> None:
    column = Column(pa.array(["1,5", text]), label="y")
    read_numbers(column, decimal=",")
    (problem,) = column.problems
    assert problem.rows == ((1, repr(text)),)


def test_several_columns_name_a_series_together() -> None:
    shop, item = Column(pa.array(["a", "b"]), label="shop"), Column(pa.array([1, 2]), label="item")
    assert join_series_ids([shop, item]).to_pylist() == [b"a/1", b"b/2"]
    assert join_series_ids([shop]).to_pylist() == [b"a", b"b"]


def test_an_id_that_holds_the_mark_between_ids_is_refused() -> None:
    # a/b and c would be the same as a and b/c.
    columns = [Column(pa.array(["a/b", "a"]), label="shop"), Column(pa.array(["c", "c"]), label="item")]
    join_series_ids(columns)
    (problem,) = columns[0].problems
    assert "joins the columns" in problem.rule
    assert problem.rows == ((0, "'a/b'"),)
