"""`tapeline serve`: TensorFlow Serving's REST protocol for the versions in a folder."""

import argparse
import logging
import sys

from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.clients.rest.addresses import check_name, find_versions, listen
from tapeline.clients.rest.credentials import check_tls, read_key
from tapeline.schemas.errors import ConfigError

_MIB = 1 << 20
_LONGEST_SECONDS = 86_400


def run(arguments: argparse.Namespace) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code."""
    if not 0 <= arguments.port < 1 << 16:
        raise ConfigError(f"--port: got {arguments.port}, must be from 0 (any free one) to 65535.")
    if not 0 < arguments.max_body_mib < _MIB:
        raise ConfigError(f"--max-body-mib: got {arguments.max_body_mib:g}, must be more than 0, under {_MIB}.")
    if not 0 < arguments.request_timeout <= _LONGEST_SECONDS:
        raise ConfigError(
            f"--request-timeout: got {arguments.request_timeout:g}, must be more than 0, at most {_LONGEST_SECONDS}."
        )
    if arguments.name is not None:
        check_name(arguments.name)
    key = None if arguments.api_key_file is None else read_key(arguments.api_key_file)
    tls = check_tls(arguments.tls_cert, arguments.tls_key)
    base = find_versions(arguments.model)
    listener = listen(arguments.host, arguments.port)
    _log_to_stderr(verbose=arguments.verbose)
    # TensorFlow takes seconds to import; arguments that are wrong are told before.
    from tapeline.clients.rest.server import serve

    serve(
        base,
        listener,
        name=arguments.name,
        max_body_bytes=int(arguments.max_body_mib * _MIB),
        request_seconds=arguments.request_timeout,
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
