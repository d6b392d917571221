"""Reads the body of a predict request as TensorFlow Serving does: JSON in, one array for each input out.

>>> request = read_request(b'{"instances": [{"context": [338.1, NaN]}, {"context": [338.4, 338.6]}]}')
>>> request.arrays({"context": InputSpec(np.dtype("float32"), (None, None))})["context"].shape
(2, 2)

The rules are those of TensorFlow Serving's REST API
(https://www.tensorflow.org/tfx/serving/api_rest) and of its `json_tensor.cc`,
types included: no 1.0 for an integer, no null, no whole number in a float32
that would be rounded. What is accepted here is accepted there. In three things
this is stricter, to find mistakes early: shapes are compared with the
signature before the graph runs, column form has no keys without an input, and
no key stands twice in an object.
"""

import base64
import dataclasses
import itertools
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tapeline.clients.rest.request_errors import RequestError, listed, shown
from tapeline.clients.rest.strict_json import read_json
from tapeline.schemas.served_model import SERVE

Form = Literal["row", "column"]

_ROWS, _COLUMNS, _SIGNATURE, _BASE64 = "instances", "inputs", "signature_name", "b64"


@dataclasses.dataclass(frozen=True)
class InputSpec:
    """What an input of a signature takes.

    Attributes:
        dtype: NumPy's type; `object` stands for strings.
        shape: Size of each dimension, None where any will do.
    """

    dtype: np.dtype[Any]
    shape: tuple[int | None, ...]


@dataclasses.dataclass(frozen=True)
class PredictRequest:
    """A request whose JSON is sound.

    Attributes:
        signature: Name of the signature that is asked.
        form: `row` for `instances`, `column` for `inputs`; the answer comes in the same.
        payload: What stands under that key.
    """

    signature: str
    form: Form
    payload: Any

    def arrays(self, specs: Mapping[str, InputSpec]) -> dict[str, npt.NDArray[Any]]:
        """Returns an array for each input of the signature.

        Args:
            specs: The inputs of the signature.

        Raises:
            RequestError: Keys, types or shapes are not those of the inputs.
        """
        columns = _from_rows(self.payload, specs) if self.form == "row" else _from_columns(self.payload, specs)
        return {name: _array(name, values, specs[name], self.form) for name, values in columns.items()}


def read_request(body: bytes) -> PredictRequest:
    """Reads a body.

    Args:
        body: JSON in UTF-8; `NaN`, `Infinity` and `-Infinity` are numbers.

    Raises:
        RequestError: It is not JSON, or not a request.
    """
    tree = read_json(body)
    if not isinstance(tree, dict):
        raise RequestError(f"JSON Value: {shown(tree)} is not an object; expected {{{_ROWS!r}: [...]}}")
    signature = tree.get(_SIGNATURE, SERVE)
    if not isinstance(signature, str):
        raise RequestError(f"{_SIGNATURE}: got {shown(signature)}, must be a string")
    if (_ROWS in tree) == (_COLUMNS in tree):
        raise RequestError(f"the body must have one of the keys {_ROWS!r} (row form) and {_COLUMNS!r} (column form)")
    form: Form = "row" if _ROWS in tree else "column"
    return PredictRequest(signature or SERVE, form, tree[_ROWS if form == "row" else _COLUMNS])


def _from_rows(instances: Any, specs: Mapping[str, InputSpec]) -> dict[str, list[Any]]:
    if not isinstance(instances, list) or not instances:
        raise RequestError(f"{_ROWS}: got {shown(instances)}, must be a list with at least one element")
    objects = _is_object(instances[0])
    if not objects and len(specs) > 1:
        raise RequestError(f"{_ROWS}: elements must be objects, for the signature has inputs: {listed([*specs])}")
    for number, instance in enumerate(instances):
        if _is_object(instance) != objects:
            kind = "an object" if objects else "a value"
            raise RequestError(f"{_ROWS}[{number}]: got {shown(instance)}, must be {kind} as those before it")
        if objects and instance.keys() != specs.keys():
            raise RequestError(
                f"{_ROWS}[{number}]: has the keys {listed([*instance])}, must have exactly: {listed([*specs])}"
            )
    if not objects:
        return {next(iter(specs)): instances}
    if scalars := [name for name, spec in specs.items() if not spec.shape]:
        rule = f"is one number for the whole request, which {_ROWS!r} cannot hold; use {_COLUMNS!r}"
        raise RequestError(f"{scalars[0]}: {rule}")
    return {name: [instance[name] for instance in instances] for name in specs}


def _from_columns(inputs: Any, specs: Mapping[str, InputSpec]) -> dict[str, Any]:
    if not isinstance(inputs, dict) or _is_base64(inputs):
        if len(specs) > 1:
            raise RequestError(f"{_COLUMNS}: must be an object, for the signature has inputs: {listed([*specs])}")
        return {next(iter(specs)): inputs}
    if inputs.keys() != specs.keys():
        raise RequestError(f"{_COLUMNS}: has the keys {listed([*inputs])}, must have exactly: {listed([*specs])}")
    return inputs


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not _is_base64(value)


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get(_BASE64), str)


def _array(name: str, values: Any, spec: InputSpec, form: Form) -> npt.NDArray[Any]:
    shape, flat = _flattened(name, values)
    fits = len(shape) == len(spec.shape) and all(
        want in (None, size) for want, size in zip(spec.shape, shape, strict=True)
    )
    if not fits:
        expected = f"[{', '.join('any' if size is None else str(size) for size in spec.shape)}]"
        batch = f", the first dimension counts the elements of {_ROWS!r}" if form == "row" else ""
        raise RequestError(f"{name}: has the shape {shape}, must have {expected}{batch}")
    if spec.dtype.kind == "f":
        return _floats(name, flat, spec.dtype).reshape(shape)
    if spec.dtype.kind in "iu":
        return _integers(name, flat, spec.dtype).reshape(shape)
    if spec.dtype.kind == "b":
        _require_types(name, flat, {bool}, "true or false")
        return np.array(flat, bool).reshape(shape)
    array = np.empty(len(flat), object)
    array[:] = [_bytes(name, value) for value in flat]
    return array.reshape(shape)


def _flattened(name: str, values: Any) -> tuple[list[int], list[Any]]:
    """Shape of nested lists, as the first of each level tells it, and their leaves; refuses lists of other sizes."""
    shape: list[int] = []
    level, probe = [values], values
    while isinstance(probe, list):
        size = len(probe)
        for item in level:
            if not isinstance(item, list) or len(item) != size:
                given = f"a list of {len(item)}" if isinstance(item, list) else shown(item)
                raise RequestError(f"{name}: lists differ: {given} where a list of {size} stands beside it")
        shape.append(size)
        level = list(itertools.chain.from_iterable(level))
        probe = level[0] if level else None
    for item in level:
        if isinstance(item, list):
            raise RequestError(f"{name}: lists differ: a list of {len(item)} where a value stands beside it")
    return shape, level


def _require_types(name: str, flat: list[Any], allowed: set[type], rule: str) -> None:
    if set(map(type, flat)) <= allowed:
        return
    wrong = next(value for value in flat if type(value) not in allowed)
    hint = "; a missing value is NaN" if wrong is None else ""
    raise RequestError(f"{name}: {shown(wrong)} is not of the expected type: {rule}{hint}")


def _floats(name: str, flat: list[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    _require_types(name, flat, {int, float}, f"number ({dtype.name})")
    # A whole number that a float would round says something else than what was sent.
    most = 2 ** (np.finfo(dtype).nmant + 1) - 1
    for value in (value for value in flat if type(value) is int):
        if abs(value) > most:
            raise RequestError(
                f"{name}: cannot convert {shown(value)} to {dtype.name} without loss of precision; "
                "write it with a decimal point to have it rounded"
            )
    numbers = np.array(flat, np.float64)
    limit = np.finfo(dtype).max
    too_large = np.isfinite(numbers) & (np.abs(numbers) > limit)
    if too_large.any():
        raise RequestError(f"{name}: {float(numbers[too_large][0])!r} is beyond the range of {dtype.name}")
    return numbers.astype(dtype)


def _integers(name: str, flat: list[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    _require_types(name, flat, {int}, f"whole number without a decimal point ({dtype.name})")
    limits = np.iinfo(dtype)
    for value in flat:
        if not limits.min <= value <= limits.max:
            raise RequestError(f"{name}: {shown(value)} is beyond the range of {dtype.name}")
    return np.array(flat, dtype)


def _bytes(name: str, value: Any) -> bytes:
    if not isinstance(value, str) and not _is_base64(value):
        raise RequestError(f'{name}: {shown(value)} is not of the expected type: a string, or {{"{_BASE64}": ...}}')
    try:
        return value.encode() if isinstance(value, str) else base64.b64decode(value[_BASE64], validate=True)
    except ValueError as error:
        kind = "text" if isinstance(value, str) else "base64"
        raise RequestError(f"{name}: {shown(value)} is not {kind}: {error}") from error
