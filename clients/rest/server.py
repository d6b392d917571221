"""Runs the REST server of a folder of versions until it is told to stop.

The port is taken before the model is loaded, so that a port in use is
reported at once. SIGTERM and SIGINT end it: no new connections, and what was
sent by then is answered.
"""

import concurrent.futures
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn

from tapeline.clients.rest.addresses import check_name, name_of
from tapeline.clients.rest.app import create_app
from tapeline.clients.rest.bodies import Bodies
from tapeline.clients.rest.credentials import Tls
from tapeline.clients.rest.draining import DrainingServer
from tapeline.clients.rest.loaded_version import ServedModel
from tapeline.clients.rest.model_versions import ModelVersions

_GRACE_SECONDS = 30
_KEEP_ALIVE_SECONDS = 75
_WAITING = 2048
"""Connections that the kernel holds until they are taken."""
_COLLECTOR_THRESHOLDS = (50_000, 20, 1000)
_log = logging.getLogger("tapeline.serve")


def serve(
    base: str | os.PathLike[str],
    listener: socket.socket,
    *,
    name: str | None = None,
    max_body_bytes: int,
    request_seconds: float,
    key: str | None = None,
    tls: Tls | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT.

    Args:
        base: Folder of the versions, as the Pusher leaves it.
        listener: From `listen`; connections are taken once the model is loaded.
        name: Name of the model in all addresses; None takes that in the model's card, or that of the run's folder.
        max_body_bytes: Longer requests are refused.
        request_seconds: Requests that have not come whole by then are given up.
        key: What clients must send to be answered; None answers all.
        tls: From `check_tls`; None answers without encryption.

    Raises:
        DataError: The folder holds no version that can be served.
        ConfigError: The name in the card cannot stand in an address.
        SystemExit: A signal came before the model was loaded.
    """
    # What has been imported by now stays: the collector that frees an old version need not look through it.
    gc.collect()
    gc.freeze()
    # A large request is a million objects, none of them garbage: looking through them again and again takes a quarter of
    # its time, and no other thread runs meanwhile.
    gc.set_threshold(*_COLLECTOR_THRESHOLDS)
    versions = ModelVersions(base, load=ServedModel.load)
    _on_signals(lambda *_: sys.exit())
    with versions.watched(), concurrent.futures.ThreadPoolExecutor((os.cpu_count() or 1) + 2) as pool:
        model = versions.current
        name = check_name(str(model.card.get("name") or name_of(base))) if name is None else name
        certificate, private_key = tls or (None, None)
        bodies = Bodies(most=max_body_bytes, seconds=request_seconds)
        config = uvicorn.Config(
            create_app(versions, name=name, bodies=bodies, pool=pool, key=key),
            http="h11",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            ssl_certfile=certificate,
            ssl_keyfile=private_key,
            server_header=False,
            backlog=_WAITING,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        host, port = listener.getsockname()[:2]
        listener.listen(_WAITING)
        scheme = "http" if tls is None else "https"
        address = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/v1/models/{name}"
        _log.info("serving %s, version %d: %s:predict", name, model.version, address)
        # uvicorn sends itself the signal again once it has shut down; what is left to do then is to leave this block.
        _on_signals(lambda *_: None)
        DrainingServer(config, request_seconds=request_seconds).run(sockets=[listener])
    _log.info("stopped")


def _on_signals(handler: Callable[..., Any]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)
