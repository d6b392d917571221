"""Addresses of ML Metadata: a SQLite file, a MySQL database, or a gRPC service such as Kubeflow's own.

    /mnt/tapeline/runs/co2/metadata.db      a SQLite file
    mysql://user@host:3306/database         its password in the environment's TAPELINE_METADATA_PASSWORD
    grpc://host:8080

Many processes may use one store at once. ML Metadata retries what another
writer made fail, but TFX looks and then writes ("no such type, so I add it"),
and between the two another process may have written the same. `locked` lets
one process at a time do both.
"""

import contextlib
import fcntl
import os
import pathlib
import urllib.parse
from collections.abc import Iterator
from typing import TypeAlias

from ml_metadata.proto import metadata_store_pb2

from tapeline.schemas.errors import ConfigError

Connection: TypeAlias = "metadata_store_pb2.ConnectionConfig | metadata_store_pb2.MetadataStoreClientConfig"

PASSWORD = "TAPELINE_METADATA_PASSWORD"
"""Environment variable with MySQL's password, which has no place in a command line or a file."""

_DEFAULT_PORTS = {"mysql": 3306, "grpc": 8080}


def connection(address: str | os.PathLike[str]) -> Connection:
    """Returns how ML Metadata reaches a store.

    Args:
        address: A path, or a URL with the scheme `mysql` or `grpc`.

    Raises:
        ConfigError: It is no address of a store.
    """
    text = os.fspath(address)
    if "://" not in text:
        sqlite = metadata_store_pb2.ConnectionConfig()
        sqlite.sqlite.filename_uri = text
        sqlite.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        return sqlite
    url = urllib.parse.urlsplit(text)
    try:
        port = url.port or _DEFAULT_PORTS[url.scheme]
    except (KeyError, ValueError):
        raise ConfigError(_rule(text)) from None
    database = url.path.strip("/")
    if not url.hostname or url.password or (url.scheme == "mysql") != bool(database):
        raise ConfigError(_rule(text))
    if url.scheme == "grpc":
        return metadata_store_pb2.MetadataStoreClientConfig(host=url.hostname, port=port)
    mysql = metadata_store_pb2.ConnectionConfig()
    mysql.mysql.host, mysql.mysql.port, mysql.mysql.database = url.hostname, port, database
    mysql.mysql.user = urllib.parse.unquote(url.username or "root")
    mysql.mysql.password = os.environ.get(PASSWORD, "")
    return mysql


def _rule(address: str) -> str:
    shown = address if "@" not in address else f"...@{address.rpartition('@')[2]}"
    return (
        f"--metadata: got {shown!r}, must be the path of a SQLite file, mysql://user@host:3306/database (the password "
        f"in {PASSWORD}) or grpc://host:8080."
    )


def lock_of(address: str | os.PathLike[str]) -> pathlib.Path | None:
    """Returns the lock file of those that share a SQLite file; None for a server."""
    text = os.fspath(address)
    return None if "://" in text else pathlib.Path(text).with_name("metadata.lock")


@contextlib.contextmanager
def locked(path: pathlib.Path, *, busy: str = "") -> Iterator[None]:
    """Waits until no other process holds a lock file, and holds it.

    The kernel frees it when the process ends, however that happens.

    Args:
        path: The file; made when missing.
        busy: Says that another process holds it, in place of waiting; `{process}` stands for its number.

    Raises:
        ConfigError: `busy`, where another process holds the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except BlockingIOError:
            file.seek(0)
            raise ConfigError(busy.replace("{process}", file.read().strip() or "unknown")) from None
        if busy:
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield
