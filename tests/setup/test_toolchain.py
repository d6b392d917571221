import pathlib
from typing import Any

import pytest

import interpreters
import processes
import stacks
import toolchain
import uv_tool

PYTHON = interpreters.Interpreter("/usr/bin/python3.10", "3.10.4", "CPython", True)
UV = uv_tool.Found(".uv/bin/uv", "")
DEBIAN = toolchain.System("debian 12", is_root=False, has_apt=True, has_pyenv=False, uv=".uv/bin/uv")
UBUNTU = DEBIAN._replace(distribution="ubuntu 22.04")
NEWER = DEBIAN._replace(distribution="debian 13")


def missing(
    *, uv: Any = UV, python: Any = PYTHON, reason: str = "", compiler: bool = True, stack: Any = stacks.OLD
) -> Any:
    search = interpreters.Search(python, reason)
    found = {"CXX": "c++", "CC": "cc"} if compiler else None
    return toolchain.missing_parts(uv=uv, search=search, compiler=found, stack=stack)


def test_nothing_is_missing_where_all_is_there() -> None:
    assert missing() == []


def test_everything_that_is_missing_is_in_one_message() -> None:
    parts = missing(uv=uv_tool.Found(None, "no route"), python=None, compiler=False)
    text = toolchain.message(parts, toolchain.remedies(parts, stacks.OLD, DEBIAN._replace(uv=None)))
    for expected in (
        "Python 3.10",
        "C++ compiler",
        "no route",
        "sudo apt-get install -y g++",
        "uv python install 3.10",
    ):
        assert expected in text


def test_python_of_ubuntu_22_comes_from_apt_in_the_same_line_as_the_compiler() -> None:
    parts = missing(python=None, compiler=False)
    assert toolchain.remedies(parts, stacks.OLD, UBUNTU) == ["sudo apt-get install -y g++ python3.10 python3.10-dev"]


def test_python_of_debian_comes_from_uv_or_from_pyenv_where_there_is_one() -> None:
    parts = missing(python=None, reason="no network")
    assert "no network" in parts[0].text
    assert toolchain.remedies(parts, stacks.OLD, DEBIAN) == [".uv/bin/uv python install 3.10"]
    assert toolchain.remedies(parts, stacks.OLD, DEBIAN._replace(has_pyenv=True)) == ["pyenv install 3.10"]


def test_headers_of_a_python_from_apt_come_from_apt() -> None:
    parts = missing(python=PYTHON._replace(headers=False))
    assert [part.name for part in parts] == ["headers"]
    assert PYTHON.path in parts[0].text
    assert toolchain.remedies(parts, stacks.OLD, DEBIAN) == ["sudo apt-get install -y python3.10 python3.10-dev"]


@pytest.mark.parametrize(("distribution", "version"), [("debian 13", "3.13"), ("ubuntu 24.04", "3.12")])
def test_python_of_a_newer_system_is_the_one_that_it_has(distribution: str, version: str) -> None:
    parts = missing(python=None, stack=stacks.NEW)
    assert "Python 3.11, 3.12 or 3.13" in parts[0].text
    system = DEBIAN._replace(distribution=distribution)
    expected = [f"sudo apt-get install -y python{version} python{version}-dev"]
    assert toolchain.remedies(parts, stacks.NEW, system) == expected
    # There is no 3.10 to be had from apt.
    assert toolchain.remedies(missing(python=None), stacks.OLD, system) == [".uv/bin/uv python install 3.10"]


def test_headers_are_those_of_the_python_that_was_found() -> None:
    python = PYTHON._replace(path="/usr/bin/python3", version="3.12.3", headers=False)
    parts = missing(python=python, compiler=False, stack=stacks.NEW)
    assert toolchain.remedies(parts, stacks.NEW, NEWER) == ["sudo apt-get install -y g++ python3.12 python3.12-dev"]


def test_without_certificates_these_come_first_and_uv_needs_no_command_of_its_own() -> None:
    parts = missing(uv=uv_tool.Found(None, "CERTIFICATE_VERIFY_FAILED"), compiler=False)
    bare = DEBIAN._replace(has_certificates=False)
    assert toolchain.remedies(parts, stacks.OLD, bare) == ["sudo apt-get install -y ca-certificates g++"]
    assert "curl" in toolchain.remedies(parts, stacks.OLD, bare._replace(has_apt=False))[1]


def test_certificates_of_this_machine_are_found() -> None:
    assert toolchain.has_certificates()


def test_root_needs_no_sudo_and_other_distributions_get_no_apt() -> None:
    parts = missing(compiler=False)
    assert toolchain.remedies(parts, stacks.OLD, DEBIAN._replace(is_root=True)) == ["apt-get install -y g++"]
    assert toolchain.remedies(parts, stacks.OLD, DEBIAN._replace(has_apt=False)) == ["your package manager: g++"]


def compilers(*working: Any) -> Any:
    def run(command: Any, *, timeout: Any, environ: Any, stdin: Any) -> Any:
        assert "#include <string>" in stdin
        return processes.Outcome(0 if command[0] in working else 127, "")

    return run


@pytest.mark.parametrize(
    ("working", "expected"),
    [
        (("c++", "g++"), {"CXX": "c++", "CC": "cc"}),
        (("g++",), {"CXX": "g++", "CC": "gcc"}),
        (("clang++",), {"CXX": "clang++", "CC": "clang"}),
        ((), None),
    ],
)
def test_the_first_compiler_that_compiles_is_taken_with_its_partner(working: Any, expected: Any) -> None:
    assert toolchain.find_compiler({}, compilers(*working)) == expected


def test_a_compiler_that_was_chosen_is_the_only_one_tried() -> None:
    assert toolchain.find_compiler({"CXX": "ccache g++-12"}, compilers("g++")) is None
    chosen = {"CXX": "ccache g++-12", "CC": "gcc-12"}
    assert toolchain.find_compiler(chosen, compilers("ccache")) == chosen


def test_a_compiler_without_its_standard_library_does_not_count(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "clang++"
    program.write_text("#!/bin/sh\nread line\necho \"fatal error: 'string' file not found\" >&2\nexit 1\n")
    program.chmod(0o755)
    assert toolchain.find_compiler({"PATH": str(tmp_path), "CXX": str(program)}) is None
