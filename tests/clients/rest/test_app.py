"""Routes, status codes and limits of the REST server, on a model that needs no TensorFlow."""

import asyncio
import concurrent.futures
import json
import logging
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tapeline.clients.rest.app import create_app
from tapeline.clients.rest.bodies import Bodies
from tapeline.clients.rest.loaded_version import ServedModel, Signature
from tapeline.clients.rest.model_versions import ModelVersions
from tapeline.clients.rest.predict_requests import InputSpec
from tapeline.clients.rest.request_errors import RequestError

MOST = 1000
SPECS = {"context": InputSpec(np.dtype(np.float32), (None, None))}


class Doubling(Signature):
    def call(self, arrays: Any) -> dict[Any, Any]:
        if (arrays["context"] < 0).any():
            raise RequestError("context: too cold")
        if (arrays["context"] == 13).any():
            raise RuntimeError("out of luck")
        return {"forecast": arrays["context"] * 2}


def load(folder: Any) -> ServedModel:
    signature = Doubling(SPECS, lambda **_: {})
    return ServedModel(int(folder.name), {"serving_default": signature}, {"serving_default": {"inputs": {}}}, {}, None)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    base = tmp_path_factory.mktemp("serving_model")
    (base / "7").mkdir()
    versions = ModelVersions(base, load=load)
    versions.refresh()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        yield create_app(versions, name="load", bodies=Bodies(most=MOST, seconds=30.0), pool=pool)


def ask(
    app: Any, method: Any, path: Any, body: bytes = b"", *, chunk: Any = None, headers: Any = ()
) -> tuple[Any, Any]:
    """Sends a request to the application itself; returns the status code and what the JSON says."""
    size = chunk or max(len(body), 1)
    parts = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    incoming = [
        {"type": "http.request", "body": part, "more_body": number < len(parts)}
        for number, part in enumerate(parts, start=1)
    ]
    sent = []

    async def receive() -> Any:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        **{"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""},
        **{"headers": list(headers), "scheme": "http", "server": ("127.0.0.1", 1), "client": ("127.0.0.1", 2)},
        **{"http_version": "1.1", "root_path": ""},
    }
    asyncio.run(app(scope, receive, send))
    assert (b"content-type", b"application/json") in sent[0]["headers"]
    return sent[0]["status"], json.loads(sent[1]["body"])


BODY = json.dumps({"instances": [[1, 2], [3, 4]]}).encode()


@pytest.mark.parametrize("path", ["/v1/models/load:predict", "/v1/models/load/versions/7:predict"])
def test_a_forecast_is_asked_for_with_or_without_a_version(app: Any, path: str) -> None:
    assert ask(app, "POST", path, BODY) == (200, {"predictions": [[2.0, 4.0], [6.0, 8.0]]})


def test_a_body_may_come_in_pieces(app: Any) -> None:
    assert ask(app, "POST", "/v1/models/load:predict", BODY, chunk=3)[0] == 200


def test_the_status_lists_the_versions(app: Any) -> None:
    version = {"version": "7", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in ("/v1/models/load", "/v1/models/load/versions/7"):
        assert ask(app, "GET", path) == (200, {"model_version_status": [version]})


def test_the_metadata_tell_name_version_and_signatures(app: Any) -> None:
    for path in ("/v1/models/load/metadata", "/v1/models/load/versions/7/metadata"):
        code, tree = ask(app, "GET", path)
        assert code == 200
        assert tree["model_spec"] == {"name": "load", "signature_name": "", "version": "7"}
        assert tree["metadata"]["signature_def"]["signature_def"] == {"serving_default": {"inputs": {}}}


@pytest.mark.parametrize(
    ("method", "path", "code", "message"),
    [
        ("POST", "/v1/models/other:predict", 404, "Latest(other); this server has 'load'"),
        ("POST", "/v1/models/load/versions/6:predict", 404, "Specific(load, 6); the version in use is 7"),
        (
            "POST",
            "/v1/models/load/versions/x:predict",
            404,
            "Malformed request: POST /v1/models/load/versions/x:predict",
        ),
        ("GET", "/v1/models/other", 404, "Latest(other)"),
        ("GET", "/v1/models/load/versions/6", 404, "Could not find version 6 of model load"),
        ("GET", "/v1/models/load/versions/6/metadata", 404, "Specific(load, 6)"),
        ("GET", "/v1/models/load/nothing", 404, "Malformed request"),
        ("GET", f"/v1/models/load/versions/{'8' * 5000}", 404, "Malformed request"),
        ("GET", f"/v1/models/load/versions/{'8' * 5000}/metadata", 404, "Malformed request"),
        ("POST", f"/v1/models/load/versions/{'8' * 5000}:predict", 404, "Malformed request"),
        ("GET", "/v1/models/load/", 404, "Malformed request"),
        ("GET", "/v1/models/load/versions/7/", 404, "Malformed request"),
        ("GET", "/", 404, "Malformed request: GET /: Not Found"),
        ("GET", "/v1/models/load:predict", 405, "Method Not Allowed"),
        ("POST", "/v1/models/load", 405, "Method Not Allowed"),
        ("DELETE", "/v1/models/load/metadata", 405, "Method Not Allowed"),
        ("POST", "/v1/models/load:predict", 400, "JSON Parse error"),
    ],
)
def test_what_is_not_there_is_said_with_a_status_code(
    app: Any, method: str, path: str, code: int, message: str
) -> None:
    answered, tree = ask(app, method, path)
    assert answered == code
    assert message in tree["error"]


def test_what_the_model_refuses_is_the_clients_fault(app: Any) -> None:
    assert ask(app, "POST", "/v1/models/load:predict", b'{"instances": [[-1]]}') == (
        400,
        {"error": "context: too cold"},
    )


def test_a_signature_that_is_not_there_is_refused_with_those_that_are(app: Any) -> None:
    code, tree = ask(app, "POST", "/v1/models/load:predict", b'{"instances": [[1]], "signature_name": "classify"}')
    assert code == 400
    assert tree["error"] == "signature_name: 'classify' is not in the model; it has: serving_default"


def test_an_error_is_an_object_whatever_it_says(app: Any) -> None:
    code, tree = ask(app, "POST", "/v1/models/load:predict", b'{"instances": [{"a \\"quoted\\"\\n\\ud800 key": 1}]}')
    assert code == 400
    assert 'has the keys a "quoted"\\n\\ud800 key, must have' in tree["error"]


def test_a_fault_of_the_model_is_the_servers(app: Any) -> None:
    with pytest.raises(RuntimeError, match="out of luck"):
        # Starlette answers with 500, then raises it again for the server's log.
        ask(app, "POST", "/v1/models/load:predict", b'{"instances": [[13]]}')


def test_a_message_is_short_and_a_terminal_does_not_obey_it(app: Any) -> None:
    asked = [
        ("POST", "/v1/models/load:predict", {"instances": [1], "signature_name": "x" * 900}),
        ("POST", "/v1/models/load:predict", {"instances": [{"\x1b[31m" + "x" * 900: 1}]}),
        ("POST", "/v1/models/load:predict", {"instances": [{f"name {number}": 1 for number in range(40)}]}),
        ("GET", "/v1/models/\x1b[31m" + "x" * 50_000, {}),
    ]
    for method, path, body in asked:
        code, tree = ask(app, method, path, json.dumps(body).encode())
        assert code in (400, 404)
        assert len(tree["error"]) < 2500
        assert tree["error"].isprintable()


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_long_is_read_to_its_end_and_refused(app: Any, announced: bool) -> None:
    body = b" " * (5 * MOST)
    headers = [(b"content-length", b"%d" % len(body))] if announced else []
    code, tree = ask(app, "POST", "/v1/models/load:predict", body, chunk=100, headers=headers)
    assert code == 413
    assert f"longer than {MOST} bytes" in tree["error"]


def test_a_body_just_as_long_as_allowed_is_taken(app: Any) -> None:
    assert ask(app, "POST", "/v1/models/load:predict", BODY.ljust(MOST))[0] == 200


def test_a_client_that_goes_away_is_no_fault(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    scope = {
        **{"type": "http", "method": "POST", "path": "/v1/models/load:predict", "query_string": b"", "headers": []},
        **{"root_path": "", "http_version": "1.1", "scheme": "http"},
    }

    async def receive() -> dict[Any, Any]:
        return {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        pass

    asyncio.run(app(scope, receive, send))
    assert caplog.text == ""


def fresh_app(tmp_path: pathlib.Path, pool: concurrent.futures.Executor, **more: Any) -> Any:
    (tmp_path / "7").mkdir()
    versions = ModelVersions(tmp_path, load=load)
    versions.refresh()
    return create_app(versions, name="load", bodies=Bodies(most=MOST, seconds=30.0), pool=pool, **more)


def raw(app: Any, method: str, path: str, body: bytes = b"", headers: Any = ()) -> tuple[int, dict[bytes, bytes], str]:
    """Sends a request; returns status, headers and text."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": list(headers)}
    asyncio.run(app({**scope, "root_path": "", "http_version": "1.1", "scheme": "http"}, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"].decode()


def test_predict_requests_are_counted_under_the_names_of_tensorflow_serving(tmp_path: pathlib.Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        app = fresh_app(tmp_path, pool)
        for body in (BODY, BODY, b"{"):
            raw(app, "POST", "/v1/models/load:predict", body)
        raw(app, "GET", "/v1/models/load")
        status, headers, text = raw(app, "GET", "/monitoring/prometheus/metrics")
    assert status == 200
    assert headers[b"content-type"].startswith(b"text/plain; version=0.0.4")
    lines = text.splitlines()
    assert ':tensorflow:serving:request_count{model_name="load",status="OK"} 2' in lines
    assert ':tensorflow:serving:request_count{model_name="load",status="INVALID_ARGUMENT"} 1' in lines
    labels = 'model_name="load",API="predict",entrypoint="REST"'
    assert f":tensorflow:serving:request_latency_count{{{labels}}} 2" in lines
    assert f':tensorflow:serving:request_latency_bucket{{{labels},le="+Inf"}} 2' in lines


def test_each_request_is_a_line_of_json(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tapeline.access")
    _, _, text = raw(app, "POST", "/v1/models/load:predict", BODY)
    raw(app, "GET", "/\x1b\n" + "x" * 5000)
    first, second = (json.loads(record.getMessage()) for record in caplog.records)
    assert list(first) == ["time", "method", "path", "status", "milliseconds", "bytes"]
    assert (first["path"], first["status"], first["bytes"]) == ("/v1/models/load:predict", 200, len(text))
    assert first["milliseconds"] > 0
    assert len(second["path"]) == 500
    assert all(record.getMessage().isprintable() for record in caplog.records)


def test_where_a_key_is_set_no_address_answers_without_it(tmp_path: pathlib.Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        app = fresh_app(tmp_path, pool, key="sesame")
        for path in ("/v1/models/load", "/monitoring/prometheus/metrics"):
            for wrong in ([], [(b"authorization", b"Bearer other")], [(b"authorization", b"sesame")]):
                status, headers, text = raw(app, "GET", path, headers=wrong)
                assert (status, headers[b"www-authenticate"]) == (401, b"Bearer")
                assert "Authorization: Bearer" in json.loads(text)["error"]
            assert raw(app, "GET", path, headers=[(b"authorization", b"Bearer sesame")])[0] == 200
