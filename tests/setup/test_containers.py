"""How the images are built for their tests, and why they are not; building them takes minutes and root's rights."""

import os
import pathlib
import re

import pytest

import containers
import uv_tool


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


def test_what_the_images_copy_from_is_kept_for_the_next_build() -> None:
    dockerfile = (pathlib.Path(__file__).parents[2] / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY --from=([\w-]+)", dockerfile, re.MULTILINE))
    assert copied - {"beam-sdk"} == set(containers.STAGES)


def test_ci_runs_the_main_ones_and_has_an_end() -> None:
    root = pathlib.Path(__file__).parents[2]
    chosen = re.search(
        r"timeout --foreground \d+m make test-containers \\\n +ARGS=\"-k '(.*)'\"", (root / ".ci/run").read_text()
    )
    assert chosen is not None
    names = re.findall(r"^def (test_\w+)", (root / "tests/containers/test_images.py").read_text(), re.MULTILINE)
    words = chosen[1].split(" or ")
    assert [sum(word in name for name in names) for word in words] == [1] * len(words)


def test_what_is_missing_is_a_reason_and_no_failure(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(containers.CannotRun, match="root's rights"):
        containers.demand_engine(tmp_path, {"PATH": "/usr/bin"})
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(containers, "BYTES", 0)
    with pytest.raises(containers.CannotRun, match="neither podman nor debootstrap nor runc, nor an apt-get"):
        containers.demand_engine(tmp_path, {"PATH": "/nowhere"})
    monkeypatch.setattr(containers, "BYTES", 1e18)
    with pytest.raises(containers.CannotRun, match=r"has room for .* GB, and the images take 1000000000"):
        containers.demand_engine(tmp_path, {"PATH": "/usr/bin"})


def _engine(folder: pathlib.Path, script: str) -> dict[str, str]:
    """A script in place of the engine."""
    program = folder / "podman"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "PIP_INDEX_URL": f"file://{folder}"}


def test_a_build_that_fails_is_a_failure_only_where_packages_can_be_had(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    read: list[str] = []
    monkeypatch.setattr(uv_tool, "read", read.append)
    broken = 'case "$1" in build) echo "no such file"; exit 7;; esac'
    environ = _engine(tmp_path, broken)
    assert containers.build(tmp_path, environ) == 7
    assert "no such file" in capfd.readouterr().err
    assert read == [f"file://{tmp_path}/uv/"]
    environ = _engine(tmp_path, f'{broken}\ncase "$*" in *apt-get*) echo "deb.debian.org: no answer"; exit 100;; esac')
    with pytest.raises(containers.CannotRun, match=r"deb\.debian\.org: no answer"):
        containers.build(tmp_path, environ)

    def unreachable(url: str) -> bytes:
        raise OSError("no route")

    monkeypatch.setattr(uv_tool, "read", unreachable)
    with pytest.raises(containers.CannotRun, match=f"the package index file://{tmp_path} could not be read: no route"):
        containers.build(tmp_path, _engine(tmp_path, broken))


def test_a_machine_that_starts_no_container_with_limits_is_a_reason(tmp_path: pathlib.Path) -> None:
    containers.demand_containers(_engine(tmp_path, "exit 0"))
    with pytest.raises(containers.CannotRun, match="no cgroups"):
        containers.demand_containers(_engine(tmp_path, 'case "$*" in *--memory*) echo "no cgroups"; exit 126;; esac'))
