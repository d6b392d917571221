"""Answers to predict requests, as TensorFlow Serving writes them."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from tapeline.clients.rest.predict_responses import write_response
from tapeline.clients.rest.request_errors import RequestError

FORECAST = np.array([[0.2, 9e6], [-1.5, np.nan]], np.float32)
TIMES = np.array([[10, 20], [30, 40]], np.int64)


def test_rows_are_objects_where_there_are_several_outputs() -> None:
    assert write_response({"forecast_time": TIMES, "forecast": FORECAST}, "row") == (
        b'{"predictions":[{"forecast":[0.2,9000000.0],"forecast_time":[10,20]},'
        b'{"forecast":[-1.5,NaN],"forecast_time":[30,40]}]}'
    )


def test_columns_are_one_object() -> None:
    assert write_response({"forecast": FORECAST, "forecast_time": TIMES}, "column") == (
        b'{"outputs":{"forecast":[[0.2,9000000.0],[-1.5,NaN]],"forecast_time":[[10,20],[30,40]]}}'
    )


def test_the_only_output_needs_no_name() -> None:
    assert write_response({"forecast_time": TIMES}, "row") == b'{"predictions":[[10,20],[30,40]]}'
    assert write_response({"forecast_time": TIMES}, "column") == b'{"outputs":[[10,20],[30,40]]}'


def test_infinite_values_and_flags_have_their_tokens() -> None:
    outputs = {"far": np.array([np.inf, -np.inf], np.float32), "fine": np.array([True, False])}
    assert write_response(outputs, "column") == b'{"outputs":{"far":[Infinity,-Infinity],"fine":[true,false]}}'


def test_texts_are_binary_where_their_name_says_so() -> None:
    texts = np.array([b"north", b"s\xc3\xbcd"], object)
    assert json.loads(write_response({"name": texts}, "row")) == {"predictions": ["north", "süd"]}
    assert json.loads(write_response({"name_bytes": texts}, "row")) == {
        "predictions": [{"b64": "bm9ydGg="}, {"b64": "c8O8ZA=="}]
    }


def test_outputs_without_a_row_for_each_instance_are_refused_as_rows() -> None:
    without: list[dict[str, Any]] = [{"a": TIMES, "b": TIMES[:1]}, {"a": np.float32(1)}]
    for outputs in without:
        with pytest.raises(RequestError, match="use 'inputs'"):
            write_response(outputs, "row")


@given(arrays_of.arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(1, 3))))
def test_any_floats_arrive_as_they_were_forecast(values: Any) -> None:
    read = json.loads(write_response({"forecast": values}, "column"))["outputs"]
    np.testing.assert_array_equal(np.array(read, np.float32), values)


@pytest.mark.parametrize("form", ["row", "column"])
def test_many_rows_are_written_as_each_alone(form: Any) -> None:
    values = np.random.default_rng(1).normal(size=(600, 2)).astype(np.float32)
    key = {"row": "predictions", "column": "outputs"}[form]
    whole = json.loads(write_response({"forecast": values}, form))[key]
    assert whole == [json.loads(write_response({"forecast": row[np.newaxis]}, form))[key][0] for row in values]
