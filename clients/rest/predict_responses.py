"""Writes the answer to a predict request as TensorFlow Serving does.

>>> write_response({"forecast": np.array([0.2], np.float32), "forecast_time": np.array([1763700000])}, form="row")
b'{"predictions":[{"forecast":0.2,"forecast_time":1763700000}]}'

A float is written with the fewest digits that give it back (0.2, not
0.20000000298), and never without a decimal point. `NaN`, `Infinity` and
`-Infinity` are written as such.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.clients.rest.predict_requests import Form
from tapeline.clients.rest.request_errors import RequestError

_BINARY = "_bytes"
_BLOCK = 256
"""Rows that are written at a stretch; between two of them another thread may take its turn."""


def write_response(outputs: Mapping[str, npt.NDArray[Any]], form: Form) -> bytes:
    """Returns the body of the answer.

    Args:
        outputs: What the signature gave, `[B, ...]` each.
        form: That of the request. Rows become a list of objects (of values, where there is one output), columns an
            object of lists.

    Raises:
        RequestError: Rows were asked for, and the outputs do not have one for each.
    """
    plain = {name: _plain(name, values) for name, values in sorted(outputs.items())}
    if form == "column":
        columns = {name: _dump(values) for name, values in plain.items()}
        only = next(iter(columns.values()))
        whole = "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in columns.items()) + "}"
        return f'{{"outputs":{whole if len(columns) > 1 else only}}}'.encode()
    sizes = {values.shape[:1] for values in outputs.values()}
    if len(sizes) != 1 or sizes == {()}:
        raise RequestError("the outputs of this signature do not have one row for each instance; use 'inputs'")
    rows = next(iter(plain.values()))
    if len(plain) > 1:
        rows = [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]
    return f'{{"predictions":{_dump(rows)}}}'.encode()


def _plain(name: str, values: npt.NDArray[Any]) -> Any:
    if values.dtype.kind == "f" and values.dtype.itemsize < 8:
        if values.ndim and len(values) > _BLOCK:
            return [row for at in range(0, len(values), _BLOCK) for row in _plain(name, values[at : at + _BLOCK])]
        # By way of text: the shortest one that gives the float back, read as the double that Python writes like it.
        return values.astype("U").astype(np.float64).tolist()
    if values.dtype.kind in "OSU":
        texts = np.empty(values.size, object)
        texts[:] = [_text(value, binary=name.endswith(_BINARY)) for value in values.flat]
        return texts.reshape(values.shape).tolist()
    return values.tolist()


def _text(value: Any, *, binary: bool) -> Any:
    content = value if isinstance(value, bytes) else str(value).encode()
    return {"b64": base64.b64encode(content).decode()} if binary else content.decode(errors="replace")


def _dump(tree: Any) -> str:
    """Writes a list row by row: Python's writer keeps all other threads waiting until it is done."""
    if isinstance(tree, list):
        return "[" + ",".join([json.dumps(row, separators=(",", ":")) for row in tree]) + "]"
    return json.dumps(tree)
