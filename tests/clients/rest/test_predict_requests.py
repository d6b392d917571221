"""Bodies of predict requests: what TensorFlow Serving reads is read, what it refuses is refused."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from tapeline.clients.rest.predict_requests import InputSpec, read_request
from tapeline.clients.rest.request_errors import RequestError

FLOAT, INT64, TEXT = np.dtype(np.float32), np.dtype(np.int64), np.dtype(object)
TWO = {"context": InputSpec(FLOAT, (None, None)), "timestamps": InputSpec(INT64, (None, None))}
EXAMPLES = {"examples": InputSpec(TEXT, (None,))}


def arrays(body: Any, specs: Any) -> Any:
    return read_request(body if isinstance(body, bytes) else json.dumps(body).encode()).arrays(specs)


def test_rows_and_columns_say_the_same() -> None:
    rows = {"instances": [{"context": [1, 2.5], "timestamps": [10, 20]}, {"context": [3, 4], "timestamps": [30, 40]}]}
    columns = {"inputs": {"context": [[1, 2.5], [3, 4]], "timestamps": [[10, 20], [30, 40]]}}
    for body in (rows, columns):
        read = arrays(body, TWO)
        np.testing.assert_array_equal(read["context"], np.array([[1, 2.5], [3, 4]], np.float32), strict=True)
        np.testing.assert_array_equal(read["timestamps"], np.array([[10, 20], [30, 40]], np.int64), strict=True)


def test_the_only_input_needs_no_name() -> None:
    spec = {"x": InputSpec(FLOAT, (None, 2))}
    for body in (
        {"instances": [[1, 2]]},
        {"instances": [{"x": [1, 2]}]},
        {"inputs": [[1, 2]]},
        {"inputs": {"x": [[1, 2]]}},
    ):
        np.testing.assert_array_equal(arrays(body, spec)["x"], [[1.0, 2.0]])


def test_the_signature_is_the_default_one_unless_named() -> None:
    assert read_request(b'{"inputs": 1}').signature == "serving_default"
    assert read_request(b'{"inputs": 1, "signature_name": ""}').signature == "serving_default"
    assert read_request(b'{"inputs": 1, "signature_name": "any_horizon"}').signature == "any_horizon"


def test_tokens_that_are_no_json_stand_for_missing_and_infinite_values() -> None:
    read = arrays(b'{"inputs": {"context": [[NaN, Infinity, -Infinity]], "timestamps": [[1, 2, 3]]}}', TWO)
    np.testing.assert_array_equal(read["context"], [[np.nan, np.inf, -np.inf]])


def test_binary_values_come_in_base64() -> None:
    coded = {"b64": base64.b64encode(b"\x00\xff").decode()}
    for body in ({"instances": [coded, "text"]}, {"instances": [{"examples": coded}, {"examples": "text"}]}):
        assert arrays(body, EXAMPLES)["examples"].tolist() == [b"\x00\xff", b"text"]


def test_a_number_for_the_whole_request_stands_in_columns_only() -> None:
    specs = {**TWO, "horizon": InputSpec(INT64, ())}
    inputs = {"context": [[1]], "timestamps": [[1]], "horizon": 5}
    assert arrays({"inputs": inputs}, specs)["horizon"] == 5
    with pytest.raises(RequestError, match=r"horizon: is one number for the whole request.*use 'inputs'"):
        arrays({"instances": [{"context": [1], "timestamps": [1], "horizon": 5}]}, specs)


@given(arrays_of.arrays(np.float32, st.tuples(*[st.integers(1, 4)] * 3)))
def test_any_floats_arrive_as_they_were_sent(values: Any) -> None:
    sent = {"inputs": values.tolist()}
    np.testing.assert_array_equal(arrays(sent, {"x": InputSpec(FLOAT, (None,) * 3)})["x"], values)


@given(arrays_of.arrays(np.int64, st.tuples(*[st.integers(1, 4)] * 2)))
def test_any_integers_arrive_as_they_were_sent(values: Any) -> None:
    np.testing.assert_array_equal(
        arrays({"instances": values.tolist()}, {"x": InputSpec(INT64, (None, None))})["x"], values
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error"),
        (b'{"instances": [', "JSON Parse error"),
        (b"\xff\xfe", "not UTF-8 text"),
        (b"[" * 100_000, "JSON Parse error: the body is nested too deeply"),
        (b'{"inputs": [[1]], "inputs": [[2]]}', "the key 'inputs' stands twice"),
        (b'{"inputs": {"context": [[1]], "context": [[2]]}}', "the key 'context' stands twice"),
        (b'{"inputs": {"context": [[-1e400]]}}', "-1e400 is beyond the range of a double; write Infinity"),
        (b'{"inputs": 1' + b"0" * 5000 + b"}", "JSON Parse error"),
        (b"[1]", "is not an object"),
        (b"{}", "one of the keys 'instances'"),
        (b'{"instances": [1], "inputs": [1]}', "one of the keys 'instances'"),
        (b'{"inputs": 1, "signature_name": 7}', "signature_name: got 7, must be a string"),
    ],
)
def test_a_body_that_is_no_request_is_refused(body: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message) as refused:
        read_request(body)
    assert refused.value.status == 400


GOOD = {"context": [1, 2], "timestamps": [1, 2]}


@pytest.mark.parametrize(
    ("instances", "message"),
    [
        ([], "instances: got .*, must be a list with at least one element"),
        (GOOD, "must be a list"),
        ([[1, 2]], "elements must be objects, for the signature has inputs: context, timestamps"),
        ([GOOD, [1, 2]], r"instances\[1\]: got \[1, 2\], must be an object"),
        ([GOOD, {"context": [1, 2]}], r"instances\[1\]: has the keys context, must have exactly: context, timestamps"),
        ([{**GOOD, "extra": 1}], r"has the keys context, extra, timestamps"),
        ([GOOD, {**GOOD, "context": [1]}], "context: lists differ"),
        ([GOOD, {**GOOD, "context": 1}], "context: lists differ"),
        ([{**GOOD, "context": [1, [2]]}], "context: lists differ"),
        ([{**GOOD, "context": 1}], r"context: has the shape \[1\], must have \[any, any\], the first dimension counts"),
        ([{**GOOD, "context": [1, None]}], "context: null is not of the expected type.*a missing value is NaN"),
        ([{**GOOD, "context": [1, True]}], "context: true is not of the expected type"),
        ([{**GOOD, "context": ["1", 2]}], "context: '1' is not of the expected type: number"),
        ([{**GOOD, "context": [16_777_217, 2]}], "context: cannot convert 16777217 to float32 without loss"),
        ([{**GOOD, "context": [1e39, 2]}], r"context: 1e\+39 is beyond the range of float32"),
        ([{**GOOD, "timestamps": [1.0, 2]}], "timestamps: 1.0 is not of the expected type: whole number"),
        ([{**GOOD, "timestamps": [2**63, 2]}], "timestamps: 9223372036854775808 is beyond the range of int64"),
    ],
)
def test_rows_that_break_a_rule_are_refused(instances: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        arrays({"instances": instances}, TWO)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([[1, 2]], "inputs: must be an object, for the signature has inputs: context, timestamps"),
        ({"context": [[1]]}, "inputs: has the keys context, must have exactly: context, timestamps"),
        ({"context": [1, 2], "timestamps": [[1, 2]]}, r"context: has the shape \[2\], must have \[any, any\]$"),
    ],
)
def test_columns_that_break_a_rule_are_refused(inputs: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        arrays({"inputs": inputs}, TWO)


@pytest.mark.parametrize("value", [1, {"b64": "?"}, {"b64": "ä"}, {"b64": 1}, {"b64": "AA==", "more": 1}, "\ud800"])
def test_what_is_neither_text_nor_base64_is_refused(value: Any) -> None:
    with pytest.raises(RequestError, match=r"examples|instances\[0\]"):
        arrays({"instances": [value]}, EXAMPLES)
