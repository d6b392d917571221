"""The key that clients must send, and the certificate of the server: checked before the model is loaded."""

import os
import pathlib
import ssl

from tapeline.schemas.errors import ConfigError

_SHORTEST_KEY = 16

Tls = tuple[str, str]
"""Files of the certificate and of its private key."""


def read_key(path: str | os.PathLike[str]) -> str:
    """Returns the key that a file holds.

    Args:
        path: A text file with the key alone; white space around it does not count.

    Raises:
        ConfigError: It cannot be read, or holds no key that can be sent in a header.
    """
    try:
        key = pathlib.Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"--api-key-file: {str(path)!r} cannot be read: {error}. Give a text file in ASCII."
        ) from error
    if len(key) < _SHORTEST_KEY or not key.isprintable() or " " in key:
        raise ConfigError(
            f"--api-key-file: {str(path)!r} must hold one key of at least {_SHORTEST_KEY} letters without spaces. "
            "Write one with: openssl rand -hex 32"
        )
    return key


def check_tls(certificate: str | None, key: str | None) -> Tls | None:
    """Returns the files that HTTPS needs, None where none are given.

    Args:
        certificate: File of the certificate, and of those that it rests on.
        key: File of its private key, without a password.

    Raises:
        ConfigError: One is missing, or they do not belong together.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        missing = "--tls-cert" if certificate is None else "--tls-key"
        raise ConfigError(f"{missing}: is missing; HTTPS needs certificate and key. Give both, or neither.")
    try:
        # An empty password: with none, OpenSSL would ask for one at the terminal.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key, password="")
    except OSError as error:
        raise ConfigError(
            f"--tls-cert, --tls-key: {certificate!r} and {key!r} cannot be used: {error}. Give PEM files of a "
            "certificate and of its private key, which has no password."
        ) from error
    return certificate, key
