"""How the images are built for their tests, and why they are not; building them takes minutes and root's rights."""

import os
import pathlib

import pytest

import containers
from tests.containers import engine


def test_the_engine_keeps_to_its_folder_and_below_the_limits(tmp_path: pathlib.Path) -> None:
    environ = containers.engine_environment(tmp_path / "engine", {"PATH": "/usr/bin"})
    assert environ["PATH"] == "/usr/bin"
    assert f'graphroot = "{tmp_path}/engine/storage"' in pathlib.Path(environ["CONTAINERS_STORAGE_CONF"]).read_text()
    assert 'runtime = "runc"' in pathlib.Path(environ["CONTAINERS_CONF"]).read_text()


def test_the_dockerfile_is_built_as_it_is_on_the_base_that_was_made(tmp_path: pathlib.Path) -> None:
    certificate = tmp_path / "ca.crt"
    command = containers.build_command(
        "serve", tmp_path, {"PIP_INDEX_URL": "https://index", "PIP_CERT": str(certificate)}
    )
    assert command[:2] == ["podman", "build"]
    assert command[-1] == "."
    assert "--file" not in command
    assert f"BASE={containers.BASE}" in command
    assert 'index-url = "https://index"' in (tmp_path / "uv.toml").read_text()
    assert "index-url = https://index" in (tmp_path / "pip.conf").read_text()


def test_tests_know_the_images_and_the_variable_of_the_script() -> None:
    assert {engine.IMAGE, engine.SERVE} == set(containers.IMAGES.values())
    assert engine.VARIABLE == containers.HOME_VARIABLE


def test_what_is_missing_is_a_reason_and_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(containers.CannotRun, match="root's rights"):
        containers.demand_engine({"PATH": "/usr/bin"})
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(containers.CannotRun, match="neither podman nor debootstrap nor runc, nor an apt-get"):
        containers.demand_engine({"PATH": "/nowhere"})
