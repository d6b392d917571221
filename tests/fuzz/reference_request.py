"""A slow reader of predict requests: JSON by the letter, every list by hand. None means that it must be refused."""

import base64
import binascii
import decimal
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from tapeline.clients.rest.predict_requests import InputSpec

# By bytes: the largest number, and the first whole one that may be rounded.
_LARGEST = {
    4: (decimal.Decimal(float(np.finfo(np.float32).max)), 2**24),
    8: (decimal.Decimal(float(np.finfo(np.float64).max)), 2**53),
}


def read_body(body: bytes, specs: Mapping[str, InputSpec]) -> dict[str, list[Any]] | None:
    """The inputs that a body holds, as nested lists."""
    try:
        tree = json.loads(
            body.decode("utf-8"),
            parse_float=decimal.Decimal,
            parse_int=lambda digits: int(digits) if len(digits) < 30 else 10**30,
            object_pairs_hook=_once,
        )
        if "inputs" in tree and "instances" not in tree:
            columns = tree["inputs"]
        elif "instances" in tree and "inputs" not in tree:
            columns = {name: [row[name] for row in tree["instances"]] for name in specs}
            if any(set(row) != set(specs) for row in tree["instances"]):
                return None
        else:
            return None
        if set(columns) != set(specs) or not isinstance(tree.get("signature_name", ""), str):
            return None
        return {name: _read(columns[name], specs[name], len(specs[name].shape)) for name in columns}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, decimal.DecimalException):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands there twice")
    return dict(pairs)


def _read(value: Any, spec: InputSpec, depth: int) -> Any:
    if depth:
        if not isinstance(value, list) or (depth > 1 and len({len(item) for item in value}) > 1):
            raise ValueError("shape")
        return [_read(item, spec, depth - 1) for item in value]
    if spec.dtype.kind == "f":
        return _float(value, spec.dtype)
    if spec.dtype.kind == "i":
        if type(value) is not int or not -(2**63) <= value < 2**63:
            raise ValueError("whole number")
        return value
    if isinstance(value, str):
        return value.encode()
    try:
        content = base64.b64decode(value["b64"], validate=True)
    except binascii.Error as error:
        raise ValueError("base64") from error
    return content


def _float(value: Any, dtype: "np.dtype[Any]") -> float:
    # NaN and the infinities come as floats, all other numbers as whole ones or decimals.
    if type(value) is float:
        return value
    if type(value) not in (int, decimal.Decimal):
        raise ValueError("number")
    largest, whole = _LARGEST[dtype.itemsize]
    if abs(value) > largest or (type(value) is int and abs(value) >= whole):
        raise ValueError("beyond a float")
    return float(dtype.type(float(value)))
