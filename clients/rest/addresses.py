"""Where a server finds its versions, and where clients find it: checked before TensorFlow's seconds of import."""

import os
import pathlib
import socket

from tapeline.forecaster.versions import VERSIONS_FOLDER
from tapeline.forecaster.versions import versions as versions_in
from tapeline.schemas.errors import ConfigError, DataError
from tapeline.schemas.served_model import GRAPH_FILE


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


def find_versions(path: str | os.PathLike[str]) -> pathlib.Path:
    """Returns the folder of versions that a path means.

    Args:
        path: That folder, or the one of a configuration's runs.

    Raises:
        DataError: There is none, or the path is a version itself.
    """
    given = pathlib.Path(path).expanduser()
    if (given / GRAPH_FILE).is_file():
        raise DataError(
            f"--model: {str(given)!r} is one version. Give the folder that holds the versions, "
            f"{str(given.resolve().parent)!r}: a server follows what is pushed there."
        )
    for base in (given, given / VERSIONS_FOLDER):
        if versions_in(base):
            return base
    raise DataError(
        f"--model: {str(given)!r} holds no version of a model (a numbered folder with {GRAPH_FILE}). "
        "Run `tapeline run` first, or give the folder serving_model of a run."
    )


def name_of(base: str | os.PathLike[str]) -> str:
    """Returns the name that a folder of versions goes by: in a run's folder, which has the configuration's, that one.

    Args:
        base: From `find_versions`.
    """
    folder = pathlib.Path(base).resolve()
    return folder.parent.name if folder.name == VERSIONS_FOLDER else folder.name


def check_name(name: str) -> str:
    """Returns a model's name as it was given.

    Raises:
        ConfigError: It cannot stand in an address.
    """
    if not name or "/" in name or ":" in name:
        raise ConfigError(f"--name: got {name!r}, must not be empty, nor have '/' or ':' in it.")
    return name
