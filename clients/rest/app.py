"""The routes of TensorFlow Serving's REST API, as a Starlette application.

    POST /v1/models/NAME[/versions/V]:predict
    GET  /v1/models/NAME[/versions/V]            which versions are there
    GET  /v1/models/NAME[/versions/V]/metadata   what the model takes and gives
    GET  /monitoring/prometheus/metrics          what was asked so far

The event loop only moves bytes. Parsing, the model and printing run in a pool
of threads, and large requests in one of them at a time, so they do not hold up
small ones.
"""

import asyncio
import concurrent.futures
import json
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.convertors import IntegerConvertor, StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tapeline.clients.rest.bodies import Bodies
from tapeline.clients.rest.loaded_version import ServedModel
from tapeline.clients.rest.metadata import metadata_tree, status_tree
from tapeline.clients.rest.middleware import KeyRequired, Observed
from tapeline.clients.rest.model_versions import ModelVersions
from tapeline.clients.rest.predict_requests import read_request
from tapeline.clients.rest.predict_responses import write_response
from tapeline.clients.rest.request_errors import RequestError, printable
from tapeline.clients.rest.request_metrics import RequestMetrics

_MODEL = "/v1/models/{name:model_name}"
_VERSION = "/v1/models/{name:model_name}/versions/{version:model_version}"
_HEADERS = {408: {"Connection": "close"}, 503: {"Retry-After": "1"}}
"""By status code: who was too slow may be sending still, and who came at a bad time may come again."""


class _ModelName(StringConvertor):
    """A name ends at the colon of `NAME:predict`."""

    regex = "[^/:]+"


class _ModelVersion(IntegerConvertor):
    """What fits into 64 bits; Python reads no number of thousands of digits."""

    regex = "[0-9]{1,19}"


register_url_convertor("model_name", _ModelName())
register_url_convertor("model_version", _ModelVersion())


def create_app(
    versions: ModelVersions,
    *,
    name: str,
    bodies: Bodies,
    pool: concurrent.futures.Executor,
    key: str | None = None,
) -> Starlette:
    """Returns the application.

    Args:
        versions: Says which version is in use.
        name: Name of the model in all addresses.
        bodies: Reads what requests hold.
        pool: Parses requests and runs the model, in two threads at least: one large request takes one of them.
        key: What clients must send to be answered; None answers all.
    """
    metrics = RequestMetrics(name)

    def model(request: Request) -> ServedModel:
        _check_name(request, name)
        current = versions.current
        version = request.path_params.get("version", current.version)
        if version != current.version:
            raise RequestError(
                f"Servable not found for request: Specific({name}, {version}); the version in use is {current.version}",
                status=404,
            )
        return current

    async def predict(request: Request) -> Response:
        asked = model(request)
        async with bodies.read(request) as body:
            content = await asyncio.get_running_loop().run_in_executor(pool, answer, asked, body)
        return Response(content, media_type="application/json")

    async def status(request: Request) -> Response:
        _check_name(request, name)
        states = versions.states
        version = request.path_params.get("version")
        if version is not None:
            if version not in states:
                raise RequestError(f"Could not find version {version} of model {name}", status=404)
            states = {version: states[version]}
        return _Json(status_tree(states))

    async def metadata(request: Request) -> Response:
        asked = model(request)
        return _Json(metadata_tree(name=name, version=asked.version, signatures=asked.metadata))

    async def counts(_request: Request) -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")

    app = Starlette(
        routes=[
            Route("/monitoring/prometheus/metrics", counts, methods=["GET"]),
            Route(f"{_MODEL}:predict", predict, methods=["POST"]),
            Route(f"{_VERSION}:predict", predict, methods=["POST"]),
            Route(f"{_MODEL}/metadata", metadata, methods=["GET"]),
            Route(f"{_VERSION}/metadata", metadata, methods=["GET"]),
            Route(_MODEL, status, methods=["GET"]),
            Route(_VERSION, status, methods=["GET"]),
        ],
        middleware=[Middleware(Observed, metrics=metrics), Middleware(KeyRequired, key=key)],
        exception_handlers={
            RequestError: _refused,
            HTTPException: _no_route,
            # Nobody reads it; the number is the one that web servers log for this.
            ClientDisconnect: lambda _request, _error: Response(status_code=499),
            Exception: lambda _request, error: _error(f"{type(error).__name__}: {error}", 500),
        },
    )
    # A slash too many is answered with 404 in JSON, as TensorFlow Serving does, not with a redirection.
    app.router.redirect_slashes = False
    return app


def answer(model: ServedModel, body: bytes) -> bytes:
    """Returns the answer to the body of a predict request.

    Args:
        model: The version that answers.
        body: JSON.

    Raises:
        RequestError: The request breaks a rule.
    """
    request = read_request(body)
    signature = model.signature(request.signature)
    return write_response(signature.call(request.arrays(signature.inputs)), request.form)


def _check_name(request: Request, name: str) -> None:
    asked = request.path_params["name"]
    if asked != name:
        raise RequestError(f"Servable not found for request: Latest({asked}); this server has {name!r}", status=404)


def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return _error(str(error), error.status, _HEADERS.get(error.status))


def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"Malformed request: {request.method} {request.url.path}: {error.detail}"
    return _error(message, error.status_code, error.headers)


def _error(message: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return _Json({"error": printable(message)}, status, headers)


class _Json(JSONResponse):
    def render(self, content: Any) -> bytes:
        # In ASCII: what a client has sent comes back in messages, and may be no text that UTF-8 can hold.
        return json.dumps(content).encode()
