"""Where a server finds its versions, and what it calls the model."""

import pathlib
import socket

import pytest

from tapeline.clients.rest.addresses import check_name, find_versions, listen, name_of
from tapeline.schemas.errors import ConfigError, DataError


def test_the_versions_of_a_run_are_found_from_its_folder(tmp_path: pathlib.Path) -> None:
    base = tmp_path / "co2" / "serving_model"
    (base / "7").mkdir(parents=True)
    assert find_versions(base) == find_versions(tmp_path / "co2") == base


def test_a_model_goes_by_the_name_of_its_run(tmp_path: pathlib.Path) -> None:
    assert name_of(tmp_path / "co2" / "serving_model") == "co2"
    assert name_of(tmp_path / "models" / "co2") == "co2"


def test_a_single_version_is_refused_with_its_folder(tmp_path: pathlib.Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "saved_model.pb").touch()
    with pytest.raises(DataError, match="is one version") as refused:
        find_versions(tmp_path / "7")
    assert str(tmp_path) in str(refused.value)


def test_a_folder_without_versions_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(DataError, match="holds no version"):
        find_versions(tmp_path)


def test_a_port_in_use_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen at 127.0.0.1:{port}"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("name", ["", "a/b", "a:predict"])
def test_a_name_that_cannot_stand_in_an_address_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="--name"):
        check_name(name)
