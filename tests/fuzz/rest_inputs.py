"""Requests to the REST server: broken JSON, numbers that no tensor holds, shapes, addresses."""
# ruff: noqa: RUF001 (letters that look like others are the point here)

import base64
import json
from collections.abc import Callable
from random import Random
from typing import Any

from tests.fuzz.cases import collect
from tests.fuzz.rest_server import MOST, Ask, faults


def sound(rng: Random) -> dict[str, Any]:
    """A request that is in order."""
    rows, steps = rng.randint(1, 3), rng.randint(1, 4)
    return {
        "context": [[round(rng.uniform(-99, 99), 3) for _ in range(steps)] for _ in range(rows)],
        "static_covariates": [[round(rng.uniform(-9, 9), 2)] for _ in range(rows)],
        "timestamps": [[86_400 * step for step in range(steps)] for _ in range(rows)],
        "series_id": [rng.choice(["Wien", "Köln", "7"]) for _ in range(rows)],
    }


def _columns(change: Callable[[Random, dict[str, Any]], None], **more: Any) -> Callable[[Random], Ask]:
    """Changes the inputs of a request in column form."""

    def make(rng: Random) -> Ask:
        inputs = sound(rng)
        change(rng, inputs)
        return Ask(body=json.dumps({"inputs": inputs}).encode("utf-8", "surrogatepass"), **more)

    return make


def _rows(change: Callable[[Random, list[dict[str, Any]]], Any], **more: Any) -> Callable[[Random], Ask]:
    """Changes the instances of a request in row form."""

    def make(rng: Random) -> Ask:
        inputs = sound(rng)
        instances = [dict(zip(inputs, row, strict=True)) for row in zip(*inputs.values(), strict=True)]
        instances = change(rng, instances) or instances
        return Ask(body=json.dumps({"instances": instances}).encode(), **more)

    return make


def _text(change: Callable[[Random, str], str | bytes], **more: Any) -> Callable[[Random], Ask]:
    """Changes the text of a request."""

    def make(rng: Random) -> Ask:
        text = change(rng, json.dumps({"inputs": sound(rng)}, ensure_ascii=False))
        return Ask(body=text if isinstance(text, bytes) else text.encode(), **more)

    return make


def _number(key: str, text: Callable[[Random], str]) -> Callable[[Random], Ask]:
    """Writes one number in other letters."""

    def make(rng: Random) -> Ask:
        inputs = sound(rng)
        inputs[key][-1][-1] = "HERE"
        return Ask(body=json.dumps({"inputs": inputs}).replace('"HERE"', text(rng)).encode())

    return make


def _at(path: Callable[[Random], str], method: str = "GET") -> Callable[[Random], Ask]:
    return lambda rng: Ask(path=path(rng), method=method)


def _flip(rng: Random, text: str) -> bytes:
    content = bytearray(text.encode())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


def _twice(rng: Random, text: str) -> str:
    return text[:-1] + ', "inputs": ' + json.dumps(sound(rng)) + "}"


def _input_twice(rng: Random, text: str) -> str:
    return text[:-2] + ', "series_id": ["Graz"]}}'


_JSON: dict[str, Callable[[Random], Ask]] = {
    "sound columns": _columns(lambda rng, inputs: None, must_answer=True),
    "sound rows": _rows(lambda rng, instances: None, must_answer=True),
    "cut short": _text(lambda rng, text: text[: rng.randrange(len(text))]),
    "bits turned over": _text(_flip),
    "text behind it": _text(lambda rng, text: text + rng.choice(["x", "{}", ",", "\0"])),
    "byte order mark": _text(lambda rng, text: "\ufeff" + text),
    "UTF-16": _text(lambda rng, text: text.encode("utf-16")),
    "Latin-1": _text(
        lambda rng, text: text.replace("load", "").encode("latin-1", "replace").replace(b'"series', b'"\xe4')
    ),
    "no JSON": lambda rng: Ask(body=rng.choice([b"", b" ", b"context=1", b"<a/>", b"\x80", rng.randbytes(200)])),
    "no object": lambda rng: Ask(body=rng.choice([b"[]", b"1", b'"x"', b"null", b"NaN", b"true", b"[[1.0]]"])),
    "single quotes": _text(lambda rng, text: text.replace('"', "'")),
    "comment": _text(lambda rng, text: "// now\n" + text),
    "comma at the end": _text(lambda rng, text: text[:-1] + ",}"),
    "deep nesting": lambda rng: Ask(body=b'{"inputs": ' + b"[" * rng.randint(1000, 100_000)),
    "deep nesting, closed": lambda rng: Ask(
        body=b'{"instances": ' + b"[" * (depth := rng.randint(100, 900)) + b"]" * depth + b"}"
    ),
    "deep objects": lambda rng: Ask(body=b'{"a":' * (depth := rng.randint(900, 5000)) + b"1" + b"}" * depth),
    "body twice": _text(_twice),
    "input twice": _text(_input_twice),
    "rows and columns": _text(lambda rng, text: text[:-1] + ', "instances": [[1.0]]}'),
    "neither rows nor columns": lambda rng: Ask(body=b'{"signature_name": "serving_default"}'),
    "unknown signature": _text(lambda rng, text: text[:-1] + ', "signature_name": "' + "x" * rng.randint(1, 30) + '"}'),
    "a long signature name": _text(lambda rng, text: text[:-1] + ', "signature_name": "' + "x" * 50_000 + '"}'),
    "signature of another type": _text(
        lambda rng, text: text[:-1] + f', "signature_name": {rng.choice(["1", "[]", "null"])}}}'
    ),
    "too long": lambda rng: Ask(body=b" " * (MOST + rng.randint(1, 9))),
    "another content type": _columns(
        lambda rng, inputs: None, headers=((b"content-type", b"text/plain"),), must_answer=True
    ),
    "packed, and said so": lambda rng: Ask(
        body=b"\x1f\x8b\x08" + rng.randbytes(50), headers=((b"content-encoding", b"gzip"),)
    ),
}


def _broken_numbers(key: str) -> dict[str, Callable[[Random], Ask]]:
    """What stands where a number should."""
    return {
        f"{name}, {key}": _number(key, text)
        for name, text in {
            "not finite": lambda rng: rng.choice(["NaN", "Infinity", "-Infinity"]),
            "beyond a double": lambda rng: rng.choice(["1e400", "-1e999", "1e99999999999"]),
            "beyond a float": lambda rng: rng.choice(["1e39", "-3.5e38", "1e308"]),
            "5,000 digits": lambda rng: "7" * 5000,
            "5,000 digits behind the point": lambda rng: "0." + "7" * 5000,
            "whole number that a float rounds": lambda rng: str(2**24 + 1 + 2 * rng.randrange(9)),
            "whole number that a double rounds": lambda rng: str(2**53 + 1 + 2 * rng.randrange(9)),
            "beyond 64 bits": lambda rng: str(rng.choice([2**63, -(2**63) - 1, 2**64, 10**30])),
            "leading zeros": lambda rng: rng.choice(["01", "-01.5", "00"]),
            "other letters": lambda rng: rng.choice(["+1", ".5", "5.", "0x1", "1_0", "inf", "nan", "١"]),
            "true for a number": lambda rng: rng.choice(["true", "false"]),
            "null for a number": lambda rng: "null",
            "text for a number": lambda rng: rng.choice(['"1"', '""', '"NaN"']),
            "object for a number": lambda rng: rng.choice(["{}", '{"b64": "AAAA"}', '{"a": 1}']),
            "list for a number": lambda rng: rng.choice(["[]", "[1.0]", "[[1.0]]"]),
        }.items()
    }


_NUMBERS: dict[str, Callable[[Random], Ask]] = {
    **_broken_numbers("context"),
    **_broken_numbers("static_covariates"),
    **_broken_numbers("timestamps"),
    "4,000 digits, whole": _number("timestamps", lambda rng: "7" * 4000),
    "point in a whole number": _number("timestamps", lambda rng: rng.choice(["1.0", "1e3", "1.5"])),
}

_SHAPES: dict[str, Callable[[Random], Ask]] = {
    "rows of other lengths": _columns(lambda rng, inputs: inputs["context"].append([1.0] * rng.randint(5, 9))),
    "one dimension less": _columns(lambda rng, inputs: inputs.update(context=inputs["context"][0])),
    "one dimension more": _columns(lambda rng, inputs: inputs.update(context=[inputs["context"]])),
    "a number for a list": _columns(lambda rng, inputs: inputs.update(context=1.0)),
    "empty lists": _columns(lambda rng, inputs: inputs.update(context=rng.choice([[], [[]], [[], []]]))),
    "one dimension less, times": _columns(lambda rng, inputs: inputs.update(timestamps=inputs["timestamps"][0])),
    "one dimension more, names": _columns(lambda rng, inputs: inputs.update(series_id=[inputs["series_id"]])),
    "a text for a list of names": _columns(lambda rng, inputs: inputs.update(series_id="Wien")),
    "lists of other kinds side by side": _columns(lambda rng, inputs: inputs["context"].insert(0, 1.0)),
    "input missing": _columns(lambda rng, inputs: inputs.pop(rng.choice([*inputs]))),
    "unknown input": _columns(lambda rng, inputs: inputs.update(contexts=[[1.0]])),
    "text as lists": _columns(lambda rng, inputs: inputs.update(context=["ab"])),
    "object for an input": _columns(lambda rng, inputs: inputs.update(context={"a": [[1.0]]})),
    "no rows": _rows(lambda rng, instances: instances.clear()),
    "key missing in a row": _rows(lambda rng, instances: instances[-1].pop("context") and None),
    "rows that are no objects": _rows(lambda rng, instances: rng.choice([[1.0], ["x"], [None], [[[1.0]]]])),
    "object for the rows": _rows(lambda rng, instances: {"0": instances[0]}),
}

_TEXTS: dict[str, Callable[[Random], Ask]] = {
    "base64": _columns(
        lambda rng, inputs: inputs.update(
            series_id=[{"b64": base64.b64encode(rng.randbytes(5)).decode()}] * len(inputs["series_id"])
        ),
        must_answer=True,
    ),
    "broken base64": _columns(
        lambda rng, inputs: inputs.update(
            series_id=[{"b64": rng.choice(["a", "====", "QQ=", "Q Q=", "QQ\n==", "-_8="])}]
        )
    ),
    "base64 with letters beyond ASCII": _columns(
        lambda rng, inputs: inputs.update(series_id=[{"b64": rng.choice(["ä", "QQ==ü", "١"])}])
    ),
    "base64 of another type": _columns(
        lambda rng, inputs: inputs.update(series_id=[{"b64": rng.choice([1, None, []])}])
    ),
    "half a character": _columns(lambda rng, inputs: inputs.update(series_id=["\ud800"] * len(inputs["series_id"]))),
    "NUL in a text": _columns(lambda rng, inputs: inputs.update(series_id=["a\0b"] * len(inputs["series_id"]))),
    "number for a text": _columns(lambda rng, inputs: inputs.update(series_id=[rng.choice([1, 1.5, True, None])])),
    "escape codes of a terminal": _columns(lambda rng, inputs: inputs.update({"\x1b[31m": [1]})),
    "a long name of an input": _columns(lambda rng, inputs: inputs.update({"x" * rng.randint(20_000, 50_000): [1]})),
}

_ADDRESSES: dict[str, Callable[[Random], Ask]] = {
    "version of 5,000 digits": _at(lambda rng: f"/v1/models/load/versions/{str(rng.randint(1, 9)) * 5000}"),
    "version of 5,000 digits, metadata": _at(lambda rng: f"/v1/models/load/versions/{'8' * 5000}/metadata"),
    "version of 5,000 digits, predict": _at(lambda rng: f"/v1/models/load/versions/{'8' * 5000}:predict", "POST"),
    "version of 20 digits": _at(lambda rng: f"/v1/models/load/versions/{'8' * rng.randint(19, 30)}"),
    "version that is no number": _at(
        lambda rng: f"/v1/models/load/versions/{rng.choice(['x', '-1', '1.0', '', '+7', ' 7', '٧'])}"
    ),
    "slash at the end": _at(lambda rng: rng.choice(["/v1/models/load/", "/v1/models/load/versions/7/"])),
    "other names": _at(
        lambda rng: f"/v1/models/{rng.choice(['', 'Load', 'load ', '..', '%00', chr(0), 'load:x', 'ü'])}"
    ),
    "other addresses": _at(
        lambda rng: rng.choice(["/", "", "//", "/v1", "/v2/models/load", "/v1/models/load/../x", "*"])
    ),
    "other methods": lambda rng: Ask(method=rng.choice(["GET", "PUT", "DELETE", "PATCH", "TRACE", "x", "OPTIONS"])),
    "line end in the address": _at(lambda rng: "/v1/models/load" + rng.choice(["\n", "\r\n", "%0a"])),
}


__all__ = ["MUTATIONS", "faults"]

MUTATIONS = collect("rest", {**_JSON, **_NUMBERS, **_SHAPES, **_TEXTS, **_ADDRESSES})
