"""The REST server on a model that keeps what it was asked, and the judgement of its answers."""

import asyncio
import concurrent.futures
import dataclasses
import functools
import json
import pathlib
import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from starlette.applications import Starlette

from tapeline.clients.rest.app import create_app
from tapeline.clients.rest.bodies import Bodies
from tapeline.clients.rest.loaded_version import ServedModel, Signature
from tapeline.clients.rest.model_versions import ModelVersions
from tapeline.clients.rest.predict_requests import InputSpec
from tests.fuzz.oracle import LONGEST_MESSAGE, faults_of
from tests.fuzz.reference_request import read_body

SPECS = {
    "context": InputSpec(np.dtype(np.float64), (None, None)),
    # As models that were pushed earlier take them.
    "static_covariates": InputSpec(np.dtype(np.float32), (None, None)),
    "timestamps": InputSpec(np.dtype(np.int64), (None, None)),
    "series_id": InputSpec(np.dtype(object), (None,)),
}
MOST = 1 << 20
PREDICT = "/v1/models/load:predict"
STATUSES = (200, 400, 404, 405, 413)
"""Answers that a client may get for its own mistakes; a 5xx is a fault of the server."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ask:
    """A request."""

    body: bytes = b""
    path: str = PREDICT
    method: str = "POST"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    must_answer: bool = False


class _Echo(Signature):
    """Keeps what it was asked."""

    def call(self, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        _asked.append(arrays)
        return {"forecast": np.zeros((len(arrays["context"]), 1), np.float32)}


_asked: list[Mapping[str, npt.NDArray[Any]]] = []


@functools.cache
def app() -> Starlette:
    """A server whose model says what it was asked."""
    base = pathlib.Path(tempfile.mkdtemp())
    (base / "7").mkdir()

    def load(folder: pathlib.Path) -> ServedModel:
        signatures = {"serving_default": _Echo(SPECS, lambda **_: {})}
        return ServedModel(int(folder.name), signatures, {"serving_default": {"inputs": {}}}, {}, None)

    versions = ModelVersions(base, load=load)
    versions.refresh()
    pool = concurrent.futures.ThreadPoolExecutor(2)
    return create_app(versions, name="load", bodies=Bodies(most=MOST, seconds=30.0), pool=pool)


def send(ask: Ask) -> tuple[int, bytes]:
    """Sends a request to the application; returns status and body."""
    incoming = [{"type": "http.request", "body": ask.body, "more_body": False}]
    sent: list[Any] = []

    async def receive() -> Any:
        return incoming.pop() if incoming else {"type": "http.disconnect"}

    async def write(message: Any) -> None:
        sent.append(message)

    scope = {
        **{"type": "http", "method": ask.method, "path": ask.path, "raw_path": ask.path.encode(), "query_string": b""},
        **{"headers": list(ask.headers), "scheme": "http", "server": ("127.0.0.1", 1), "client": ("127.0.0.1", 2)},
        **{"http_version": "1.1", "root_path": ""},
    }
    _asked.clear()
    asyncio.run(app()(scope, receive, write))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def faults(ask: Ask, _folder: pathlib.Path) -> list[str]:
    """What is wrong with how a request is answered."""
    expected = read_body(ask.body, SPECS)

    def check(answer: tuple[int, bytes]) -> list[str]:
        status, body = answer
        if status not in STATUSES:
            return [f"status {status}: {body[:200]!r}"]
        if status != 200:
            message = json.loads(body)["error"]
            found = [f"refused, though nothing is wrong: {message[:200]}"] if ask.must_answer else []
            return found + ([f"the message has {len(message):,} characters"] if len(message) > LONGEST_MESSAGE else [])
        if ask.method == "GET":
            return []
        if expected is None:
            return [f"answered without a word: {ask.body[:100]!r}"]
        got = {name: array.tolist() for name, array in _asked[0].items()}
        return [] if repr(got) == repr(expected) else [f"arrays differ: {expected!r}, got {got!r}"[:300]]

    return faults_of(lambda: send(ask), check)
