"""`tapeline serve`: TensorFlow Serving's REST protocol for the versions in a folder."""

import logging
import sys
from typing import Annotated

import typer

from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.schemas.errors import ConfigError

_MIB = 1 << 20
_LONGEST_SECONDS = 86_400


def run(
    *,
    model: Annotated[str, typer.Option(metavar="DIR", help="folder of versions, such as runs/co2/serving_model")],
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="of the model in all addresses (default: that of the run)")
    ] = None,
    host: Annotated[str, typer.Option(metavar="HOST", help="where to listen")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", help="0: a free one")] = 8501,
    max_body_mib: Annotated[float, typer.Option(metavar="MIB", help="longest request")] = 16.0,
    request_timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="give up a request that has not come whole by then")
    ] = 30.0,
    api_key_file: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="file with the key that clients must send (default: none is asked for)"),
    ] = None,
    tls_cert: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="PEM file with the certificate and those it rests on: answer over HTTPS"),
    ] = None,
    tls_key: Annotated[
        str | None, typer.Option(metavar="PATH", help="PEM file with the certificate's private key")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="log each request as a line in JSON")] = False,
) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code."""
    from tapeline.clients.rest.addresses import check_name, find_versions, listen
    from tapeline.clients.rest.credentials import check_tls, read_key

    if not 0 <= port < 1 << 16:
        raise ConfigError(f"--port: got {port}, must be from 0 (any free one) to 65535.")
    if not 0 < max_body_mib < _MIB:
        raise ConfigError(f"--max-body-mib: got {max_body_mib:g}, must be more than 0, under {_MIB}.")
    if not 0 < request_timeout <= _LONGEST_SECONDS:
        raise ConfigError(
            f"--request-timeout: got {request_timeout:g}, must be more than 0, at most {_LONGEST_SECONDS}."
        )
    if name is not None:
        check_name(name)
    key = None if api_key_file is None else read_key(api_key_file)
    tls = check_tls(tls_cert, tls_key)
    base = find_versions(model)
    listener = listen(host, port)
    _log_to_stderr(verbose=verbose)
    # TensorFlow takes seconds to import; arguments that are wrong are told before.
    from tapeline.clients.rest.server import serve

    serve(
        base,
        listener,
        name=name,
        max_body_bytes=int(max_body_mib * _MIB),
        request_seconds=request_timeout,
        key=key,
        tls=tls,
    )
    return EXIT_DONE


def _log_to_stderr(*, verbose: bool) -> None:
    requests = logging.INFO if verbose else logging.WARNING
    # A line about a request is JSON, its time inside.
    for name, level, form in (
        ("tapeline.serve", logging.INFO, "%(asctime)s %(message)s"),
        ("tapeline.access", requests, "%(message)s"),
        ("uvicorn.error", logging.ERROR, "%(asctime)s %(message)s"),
    ):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter(form))
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.propagate = False
        logger.handlers = [handler]
