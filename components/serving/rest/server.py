"""Runs the REST server of a folder of versions until it is told to stop.

    serve("runs/co2/serving_model", port=8501)

The port is taken before the model is loaded, so that a port in use is said at
once. SIGTERM and SIGINT end it: no new connections, requests under way are
answered.
"""

import concurrent.futures
import gc
import logging
import os
import pathlib
import signal
import socket

import uvicorn

from components.serving.rest.app import create_app
from components.serving.rest.model_versions import ModelVersions
from components.serving.rest.served_model import SAVED_MODEL, ServedModel
from components.serving.versions import versions as versions_in
from schemas.errors import ConfigError, DataError

_GRACE_SECONDS = 30
_KEEP_ALIVE_SECONDS = 75
_log = logging.getLogger("tapeline.serve")


def serve(
    base: str | os.PathLike[str],
    *,
    name: str | None = None,
    host: str = "127.0.0.1",
    port: int = 8501,
    max_body_bytes: int = 64 << 20,
    verbose: bool = False,
) -> None:
    """Serves until SIGTERM or SIGINT.

    Args:
        base: Folder of the versions, as the Pusher leaves it.
        name: Name of the model in all addresses; None takes that of the model's card.
        host: Address to listen at.
        port: Port to listen at; 0 takes a free one.
        max_body_bytes: Longer requests are refused.
        verbose: Whether each request is logged.

    Raises:
        DataError: The folder holds no version that can be served.
        ConfigError: The address cannot be taken, or the name cannot stand in one.
    """
    _check_folder(pathlib.Path(base))
    listener = listen(host, port)
    # What has been imported by now stays: the collector that frees an old version need not look through it.
    gc.collect()
    gc.freeze()
    versions = ModelVersions(base, load=ServedModel.load)
    versions.refresh()
    name = _name(name, versions)
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) + 2, thread_name_prefix="model")
    app = create_app(versions, name=name, max_body_bytes=max_body_bytes, pool=pool)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=verbose,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    # uvicorn sends itself the signal again once it has shut down; that one must not end the process half-way.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    with versions.watched():
        _log.info("serving %s, version %d: %s/v1/models/%s:predict", name, versions.current.version, address, name)
        uvicorn.Server(config).run(sockets=[listener])
    pool.shutdown()
    _log.info("stopped")


def listen(host: str, port: int) -> socket.socket:
    """Takes a port; connections are taken by the server later, once it can answer.

    Args:
        host: Name or address.
        port: 0 takes a free one.

    Raises:
        ConfigError: It is in use, or not ours to take.
    """
    listener = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, OverflowError) as error:
        if listener is not None:
            listener.close()
        raise ConfigError(
            f"--port: cannot listen at {host}:{port}: {error}. Stop what listens there, or give another port or --host."
        ) from error
    return listener


def _check_folder(base: pathlib.Path) -> None:
    if (base / SAVED_MODEL).is_file():
        raise DataError(
            f"--model: {str(base)!r} is one version. Give the folder that holds the versions, "
            f"{str(base.resolve().parent)!r}: a server follows what is pushed there."
        )
    if not versions_in(base):
        raise DataError(
            f"--model: {str(base)!r} holds no version of a model (a numbered folder with {SAVED_MODEL}). "
            "Run `tapeline run` first, or give the folder serving_model of a run."
        )


def _name(name: str | None, versions: ModelVersions[ServedModel]) -> str:
    chosen = str(versions.current.card.get("name", "model")) if name is None else name
    if not chosen or "/" in chosen or ":" in chosen:
        raise ConfigError(f"--name: got {chosen!r}, must not be empty, nor have '/' or ':' in it.")
    return chosen
