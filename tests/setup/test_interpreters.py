import os
import pathlib
import stat
import sys
from typing import Any

import pytest

import interpreters
import processes

HERE = interpreters.Interpreter(path="/p/python3.10", version="3.10.13", implementation="CPython", headers=True)


def program(path: pathlib.Path, text: str) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text + "\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_path_comes_before_pyenv_and_the_exact_name_before_the_general_one(tmp_path: pathlib.Path) -> None:
    general = program(tmp_path / "a" / "python3", "")
    exact = program(tmp_path / "b" / "python3.10", "")
    pyenv = program(tmp_path / "home" / ".pyenv" / "versions" / "3.10.2" / "bin" / "python3.10", "")
    environ = {"PATH": f"{tmp_path / 'a'}:{tmp_path / 'b'}", "HOME": str(tmp_path / "home")}
    assert list(interpreters.candidates("3.10", environ)) == [str(exact), str(general), str(pyenv)]


def test_pyenv_versions_are_found_though_inactive_newest_first_and_only_of_the_version(tmp_path: pathlib.Path) -> None:
    for name in ("3.10.9", "3.10.13", "3.1.0", "3.11.7", "3.10.13-mine"):
        program(tmp_path / "versions" / name / "bin" / "python3.10", "")
    found = interpreters.candidates("3.10", {"PYENV_ROOT": str(tmp_path), "HOME": "/nowhere"})
    assert [pathlib.Path(path).parts[-3] for path in found] == ["3.10.13", "3.10.9"]


def test_a_pyenv_root_that_is_also_in_home_is_searched_once(tmp_path: pathlib.Path) -> None:
    program(tmp_path / ".pyenv" / "versions" / "3.10.9" / "bin" / "python3.10", "")
    environ = {"PYENV_ROOT": str(tmp_path / ".pyenv"), "HOME": str(tmp_path)}
    assert len(list(interpreters.candidates("3.10", environ))) == 1


def test_a_shim_that_fails_is_no_interpreter(tmp_path: pathlib.Path) -> None:
    shim = program(tmp_path / "python3.10", "echo 'pyenv: python3.10: command not found' >&2; exit 127")
    assert interpreters.inspect(str(shim)) is None


def test_a_program_that_answers_something_else_is_no_interpreter(tmp_path: pathlib.Path) -> None:
    assert interpreters.inspect(str(program(tmp_path / "python3.10", "echo hello"))) is None


def test_a_virtual_environment_answers_with_the_python_it_stands_on() -> None:
    assert sys.prefix != sys.base_prefix, "the tests run in .venv"
    found = interpreters.inspect(sys.executable)
    assert found is not None
    assert not found.path.startswith(sys.prefix + os.sep)
    assert os.path.realpath(found.path) == os.path.realpath(sys.executable)
    assert found.minor == "{}.{}".format(*sys.version_info)


def test_an_interpreter_with_headers_is_preferred() -> None:
    bare = HERE._replace(path="/usr/bin/python3.10", headers=False)
    assert interpreters.choose([bare, HERE], "3.10") == HERE
    assert interpreters.choose([bare], "3.10") == bare


@pytest.mark.parametrize("other", [{"version": "3.11.2"}, {"version": "3.1.0"}, {"implementation": "PyPy"}])
def test_another_version_or_implementation_is_not_chosen(other: Any) -> None:
    assert interpreters.choose([HERE._replace(**other)], "3.10") is None


def test_the_first_version_with_headers_is_taken(tmp_path: pathlib.Path) -> None:
    environ = {"PATH": str(tmp_path), "HOME": "/nowhere"}
    known = {}
    for version, headers in (("3.13", False), ("3.12", True), ("3.11", True)):
        path = str(program(tmp_path / f"python{version}", ""))
        known[path] = HERE._replace(path=path, version=version + ".1", headers=headers)
    found = [
        interpreters.find_local(versions, environ, inspect=known.get)
        for versions in (["3.13", "3.12", "3.11"], ["3.13"], ["3.10"])
    ]
    assert [each and each.minor for each in found] == ["3.12", "3.13", None]


class Uv:
    """Plays uv: has the Pythons it is told to have, and fetches one if it can."""

    def __init__(self, *, managed: str = "", fetches: str = "", broken: bool = False) -> None:
        self.managed, self.fetches, self.broken = managed, fetches, broken
        self.calls: list[Any] = []

    def __call__(self, command: Any, *, timeout: Any, environ: Any) -> Any:
        self.calls.append(command[2])
        assert timeout <= 180, "a network that hangs must not hold the set-up for long"
        if command[2] == "install":
            assert environ["UV_PYTHON_INSTALL_DIR"] == "/project/.python"
            self.managed = self.fetches if not self.broken else ""
            return processes.Outcome(0 if self.fetches else 1, "error: no\n  cause: no network\n")
        return processes.Outcome(0, f"warning: a shim\n{self.managed}\n") if self.managed else processes.Outcome(2, "")


def find(uv: Any, *, local: Any = None, path: str | None = "uv", tmp_path: pathlib.Path = pathlib.Path("/")) -> Any:
    environ = {"PATH": "", "HOME": "/nowhere"}
    if local:
        program(tmp_path / "python3.10", "")
        environ["PATH"] = str(tmp_path)
    known = {str(tmp_path / "python3.10"): local, "/uv/python3.10": HERE}
    return interpreters.find(["3.10"], environ, path, "/project/.python", inspect=known.get, run=uv)


def test_uv_is_not_asked_when_the_machine_has_one(tmp_path: pathlib.Path) -> None:
    uv = Uv()
    assert find(uv, local=HERE, tmp_path=tmp_path).interpreter == HERE
    assert uv.calls == []


def test_a_python_that_uv_manages_is_used_before_one_is_fetched() -> None:
    uv = Uv(managed="/uv/python3.10")
    assert find(uv).interpreter == HERE
    assert "install" not in uv.calls


def test_one_is_fetched_when_there_is_none() -> None:
    assert find(Uv(fetches="/uv/python3.10")) == interpreters.Search(HERE, "")


def test_one_is_fetched_when_the_local_one_lacks_headers(tmp_path: pathlib.Path) -> None:
    bare = HERE._replace(headers=False)
    assert find(Uv(fetches="/uv/python3.10"), local=bare, tmp_path=tmp_path).interpreter == HERE


def test_without_a_network_the_reason_is_told(tmp_path: pathlib.Path) -> None:
    assert find(Uv()) == interpreters.Search(None, "no network")
    bare = HERE._replace(headers=False)
    assert find(Uv(), local=bare, tmp_path=tmp_path) == interpreters.Search(bare, "no network")


def test_a_fetched_python_that_does_not_start_is_told() -> None:
    assert "does not start" in find(Uv(fetches="/uv/python3.10", broken=True)).reason


def test_without_uv_the_search_ends_at_once() -> None:
    assert find(None, path=None) == interpreters.Search(None, "")
