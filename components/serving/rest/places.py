"""Where a server finds its versions, and where clients find it: checked before TensorFlow's seconds of import."""

import os
import pathlib
import socket

from components.serving.versions import versions as versions_in
from schemas.errors import ConfigError, DataError

SAVED_MODEL = "saved_model.pb"


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


def check_folder(folder: str | os.PathLike[str]) -> None:
    """Refuses a folder that holds no versions.

    Raises:
        DataError: It holds none, or is one itself.
    """
    base = pathlib.Path(folder)
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


def check_name(name: str) -> str:
    """Returns a model's name as it was given.

    Raises:
        ConfigError: It cannot stand in an address.
    """
    if not name or "/" in name or ":" in name:
        raise ConfigError(f"--name: got {name!r}, must not be empty, nor have '/' or ':' in it.")
    return name
