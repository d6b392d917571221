"""Addresses of ML Metadata, and the lock that its writers share."""

import multiprocessing
import pathlib
import time

import pytest

from tapeline.pipeline.stores import PASSWORD, connection, lock_of, locked
from tapeline.schemas.errors import ConfigError


def test_a_path_is_a_sqlite_file(tmp_path: pathlib.Path) -> None:
    assert connection(tmp_path / "metadata.db").sqlite.filename_uri == str(tmp_path / "metadata.db")


def test_mysql_takes_its_password_from_the_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "secret")
    mysql = connection("mysql://tape%40line@db.example:3307/lineage").mysql
    assert (mysql.host, mysql.port, mysql.database) == ("db.example", 3307, "lineage")
    assert (mysql.user, mysql.password) == ("tape@line", "secret")
    with pytest.raises(ConfigError, match=PASSWORD) as raised:
        connection("mysql://user:secret@db.example/lineage")
    assert "secret" not in str(raised.value)


def test_grpc_is_a_service_by_host_and_port() -> None:
    service = connection("grpc://metadata-grpc-service.kubeflow")
    assert (service.host, service.port) == ("metadata-grpc-service.kubeflow", 8080)


@pytest.mark.parametrize(
    "address", ["postgres://host/db", "mysql://host", "grpc://host/db", "grpc://host:port", "grpc://", "mysql:///db"]
)
def test_other_addresses_are_refused_with_the_rule(address: str) -> None:
    with pytest.raises(ConfigError, match=r"--metadata: got .*, must be the path of a SQLite file"):
        connection(address)


def test_those_that_share_a_file_share_a_lock_beside_it(tmp_path: pathlib.Path) -> None:
    assert lock_of(tmp_path / "metadata.db") == tmp_path / "metadata.lock"
    assert lock_of("grpc://host:8080") is None


def count_up(counter: pathlib.Path, lock: pathlib.Path) -> None:
    for _ in range(5):
        with locked(lock):
            before = int(counter.read_text())
            time.sleep(0.002)
            counter.write_text(str(before + 1))


def test_writers_take_turns(tmp_path: pathlib.Path) -> None:
    counter, lock = tmp_path / "counter", tmp_path / "folder" / "lock"
    counter.write_text("0")
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=count_up, args=(counter, lock)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert counter.read_text() == "20"
