import hashlib
import io
import pathlib
import re
import sys
import zipfile
from typing import Any

import pytest

import processes
import uv_tool

LINKS = [
    "../packages/uv-0.13.7-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl#sha256=0",
    "../packages/uv-0.13.8.tar.gz#sha256=1",
    "../packages/uv-0.13.8-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.whl#sha256=2",
    "../packages/uv-0.13.8-py3-none-musllinux_1_1_x86_64.whl#sha256=3",
    "../packages/uv-0.13.8-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl#sha256=4",
]


class System:
    """Plays the programs of a system: which pip works, and what uv answers where."""

    def __init__(self, folder: pathlib.Path, *, pip: bool = False, venv: bool = False, versions: Any = None) -> None:
        self.folder, self.pip, self.venv, self.versions = folder, pip, venv, dict(versions or {})
        self.commands: list[Any] = []

    def __call__(self, command: Any, *, timeout: Any, environ: Any = None) -> Any:
        self.commands.append(command)
        fresh = str(self.folder / "pip" / "bin" / "python")
        if command[1] == "--version":
            version = self.versions.get(command[0])
            return processes.Outcome(0, f"uv {version} (linux)") if version else processes.Outcome(127, "not found")
        if command[1:] == ["-m", "pip", "--version"]:
            return processes.Outcome(0 if self.pip else 1, "")
        if command[1:3] == ["-m", "venv"]:
            return processes.Outcome(0 if self.venv else 1, "")
        assert "install" in command
        assert environ["PIP_BREAK_SYSTEM_PACKAGES"] == "1"
        if (command[0] == fresh and self.venv) or (command[0] == sys.executable and self.pip):
            self.versions[str(self.folder / "bin" / "uv")] = "0.13.8"
            return processes.Outcome(0, "")
        return processes.Outcome(1, "error: externally-managed-environment")


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(target: Any, *, index: Any) -> None:
        raise OSError(f"no route to {index}")

    monkeypatch.setattr(uv_tool, "download", download)


def on_path(tmp_path: pathlib.Path) -> dict[str, str]:
    program = tmp_path / "bin" / "uv"
    program.parent.mkdir()
    program.write_text("")
    program.chmod(0o755)
    return {"PATH": str(program.parent)}


def test_uv_on_path_is_used_as_it_is(tmp_path: pathlib.Path) -> None:
    environ = on_path(tmp_path)
    path = f"{environ['PATH']}/uv"
    system = System(tmp_path / ".uv", versions={path: "0.13.8"})
    assert uv_tool.get_uv(tmp_path / ".uv", environ, run=system) == uv_tool.Found(path, "")
    assert len(system.commands) == 1


@pytest.mark.parametrize("version", ["0.4.30", None])
def test_uv_on_path_that_is_too_old_or_does_not_start_is_passed_over(
    tmp_path: pathlib.Path, version: str | None, no_index: None
) -> None:
    environ = on_path(tmp_path)
    system = System(tmp_path / ".uv", pip=True, versions={f"{environ['PATH']}/uv": version})
    assert uv_tool.get_uv(tmp_path / ".uv", environ, run=system).path == str(tmp_path / ".uv" / "bin" / "uv")


def test_without_pip_that_of_a_fresh_environment_brings_uv(tmp_path: pathlib.Path, no_index: None) -> None:
    system = System(tmp_path / ".uv", venv=True)
    assert uv_tool.get_uv(tmp_path / ".uv", {"PATH": ""}, run=system).path == str(tmp_path / ".uv" / "bin" / "uv")


def test_without_pip_and_ensurepip_uv_is_read_from_the_index(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = System(tmp_path / ".uv")

    def download(target: Any, *, index: Any) -> None:
        assert index == "https://mirror/simple"
        system.versions[str(target)] = "0.13.8"

    monkeypatch.setattr(uv_tool, "download", download)
    environ = {"PATH": "", "PIP_INDEX_URL": "https://mirror/simple/"}
    assert uv_tool.get_uv(tmp_path / ".uv", environ, run=system).path is not None


def test_when_nothing_brings_uv_the_last_reason_is_told(tmp_path: pathlib.Path, no_index: None) -> None:
    found = uv_tool.get_uv(tmp_path / ".uv", {"PATH": "", "HOME": str(tmp_path)}, run=System(tmp_path / ".uv"))
    assert found.path is None
    assert "no route to" in found.reason


def test_pip_installs_the_pinned_uv_by_its_hashes_into_the_project(tmp_path: pathlib.Path) -> None:
    command = " ".join(uv_tool.pip_command(["pip"], tmp_path))
    assert "--require-hashes" in command
    assert f"--target {tmp_path}" in command
    pinned = uv_tool.REQUIREMENTS.read_text()
    (version,) = re.findall(r"^uv==(\d+)\.(\d+)", pinned, re.MULTILINE)
    assert tuple(map(int, version)) >= uv_tool.MINIMUM
    assert len(re.findall("sha256:[0-9a-f]{64}", pinned)) > 5


@pytest.mark.parametrize(
    ("machine", "musl", "number"), [("x86_64", False, "4"), ("x86_64", True, "3"), ("aarch64", False, "2")]
)
def test_the_wheel_of_this_version_and_machine_is_picked(machine: str, musl: bool, number: str) -> None:
    assert uv_tool.wheel_link(LINKS, "0.13.8", machine, musl).endswith("sha256=" + number)


def test_a_machine_without_a_wheel_is_named() -> None:
    with pytest.raises(ValueError, match=r"no wheel of uv 0\.13\.8 for manylinux riscv64"):
        uv_tool.wheel_link(LINKS, "0.13.8", "riscv64", False)


@pytest.fixture
def index(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An index with one wheel, whose hash is the pinned one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        wheel.writestr("uv-0.13.8.data/scripts/uv", "#!/bin/sh\necho uv 0.13.8\n")
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    requirements = tmp_path / "uv-requirements.txt"
    requirements.write_text(f"uv==0.13.8 --hash=sha256:{digest}\n")
    monkeypatch.setattr(uv_tool, "REQUIREMENTS", requirements)
    monkeypatch.setattr(uv_tool, "wheel_link", lambda links, *rest, **names: links[-1])
    pages = {
        "https://mirror/simple/uv/": "".join(f'<a href="{link}">uv</a>' for link in LINKS).encode(),
        "https://mirror/simple/packages/" + LINKS[-1].split("/")[-1].split("#")[0]: buffer.getvalue(),
    }
    monkeypatch.setattr(uv_tool, "read", pages.__getitem__)
    return pages


def test_a_downloaded_uv_is_unpacked_and_starts(tmp_path: pathlib.Path, index: Any) -> None:
    uv_tool.download(tmp_path / "bin" / "uv", index="https://mirror/simple")
    assert uv_tool.is_usable(str(tmp_path / "bin" / "uv"), processes.run)
    assert [path.name for path in (tmp_path / "bin").iterdir()] == ["uv"]


def test_a_wheel_with_another_hash_is_refused(tmp_path: pathlib.Path, index: Any) -> None:
    index[list(index)[-1]] += b"changed"
    with pytest.raises(ValueError, match="does not list"):
        uv_tool.download(tmp_path / "bin" / "uv", index="https://mirror/simple")
    assert not (tmp_path / "bin").exists()


def test_pip_settings_come_from_the_environment_then_from_the_users_file(tmp_path: pathlib.Path) -> None:
    file = tmp_path / ".config" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text("[global]\nindex-url = https://file/simple\ncert = /ca.pem\n")
    environ = {"HOME": str(tmp_path)}
    assert uv_tool.index_url(environ) == "https://file/simple"
    assert uv_tool.index_url({**environ, "PIP_INDEX_URL": "https://variable/simple/"}) == "https://variable/simple"
    environ = uv_tool.uv_environment(environ)
    assert (environ["UV_INDEX_URL"], environ["SSL_CERT_FILE"]) == ("https://file/simple", "/ca.pem")


def test_uvs_own_settings_win_over_those_of_pip(tmp_path: pathlib.Path) -> None:
    own = {"HOME": str(tmp_path), "PIP_INDEX_URL": "https://pip", "UV_DEFAULT_INDEX": "https://uv", "PIP_CERT": "/a"}
    own["SSL_CERT_FILE"] = "/b"
    assert uv_tool.uv_environment(own) == own


def test_a_pip_configuration_that_cannot_be_read_is_passed_over(tmp_path: pathlib.Path) -> None:
    (tmp_path / "pip.conf").write_text("no section = here\n")
    assert uv_tool.pip_setting("index-url", {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}) is None
