"""The whole set-up with real scripts and a real Python, and a uv that only pretends to install."""

import ast
import os
import pathlib
import shutil
import subprocess
import sys
from typing import Any

import pytest

import stacks

HERE = "python{}.{}".format(*sys.version_info)
STACK = next(stack for stack in stacks.STACKS.values() if HERE.replace("python", "") in stack.pythons)
"""The stack that these tests run on: the one that this machine gets."""
ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
UV = f"""#!/bin/sh
echo "$@" >> "$UV_LOG"
[ "$1" = --version ] && echo "uv 0.13.8"
if [ "$1" = venv ]; then
  for folder; do :; done
  mkdir -p "$folder/bin" && ln -s "{os.path.realpath(sys.executable)}" "$folder/bin/python"
fi
if [ "$2" = sync ]; then
  [ "$UV_DOES" = die ] && kill -9 $PPID
  [ "$UV_DOES" = fail ] && echo "error: hash mismatch for tfx" && exit 1
fi
exit 0
"""


class Clone:
    """A clone in a folder whose name has a space in it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder / "a clone"
        shutil.copytree(ROOT / "scripts", self.folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        for stack in stacks.STACKS.values():
            (self.folder / stack.lock).write_text(f"tfx=={stack.name}.0\n")
        (self.folder / "setup.py").write_text("")
        tools = folder / "tools"
        tools.mkdir()
        (tools / "uv").write_text(UV)
        (tools / "uv").chmod(0o755)
        (tools / HERE).symlink_to(os.path.realpath(sys.executable))
        (tools / "c++").symlink_to("/bin/true")
        self.log = folder / "uv.log"
        self.environ = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(folder), "UV_LOG": str(self.log)}

    def set_up(self, **more: str) -> subprocess.CompletedProcess[str]:
        """Calls the set-up from another folder, as `make -C` would."""
        script = self.folder / "scripts" / "setup.sh"
        environ = {**self.environ, **more}
        return subprocess.run([script], cwd="/", env=environ, capture_output=True, text=True, check=False)

    def uv_calls(self) -> str:
        calls = self.log.read_text() if self.log.exists() else ""
        self.log.unlink(missing_ok=True)
        return calls


@pytest.fixture
def clone(tmp_path: pathlib.Path) -> Clone:
    return Clone(tmp_path)


def test_first_call_installs_what_is_locked_then_the_project(clone: Clone) -> None:
    done = clone.set_up()
    assert done.returncode == 0, done.stderr
    assert f"with TFX {STACK.name}" in done.stdout
    assert f"installing 1 packages from {STACK.lock}" in done.stdout
    calls = clone.uv_calls().splitlines()
    assert [call.split()[:2] for call in calls[-3:]] == [["venv", "--quiet"], ["pip", "sync"], ["pip", "install"]]
    assert "--require-hashes" in calls[-2]
    assert "--offline" in calls[-1]


def test_bytecode_is_made_where_python_would_never_write_it(clone: Clone) -> None:
    clone.set_up()
    assert "--compile-bytecode" not in clone.uv_calls()
    shutil.rmtree(clone.folder / ".venv")
    clone.set_up(PYTHONDONTWRITEBYTECODE="1")
    assert "--compile-bytecode" in clone.uv_calls()


def test_second_call_says_nothing_and_starts_no_uv(clone: Clone) -> None:
    clone.set_up()
    clone.uv_calls()
    again = clone.set_up()
    assert (again.returncode, again.stdout, again.stderr, clone.uv_calls()) == (0, "", "", "")


def test_interrupted_set_up_is_repaired_by_the_next_call(clone: Clone) -> None:
    assert clone.set_up(UV_DOES="die").returncode != 0
    (clone.folder / ".venv" / "half").write_text("installed")
    clone.uv_calls()
    assert clone.set_up().returncode == 0
    assert "pip sync" in clone.uv_calls()
    assert not (clone.folder / ".venv" / "half").exists()


def test_failed_step_is_told_in_uvs_words_and_is_not_taken_for_ready(clone: Clone) -> None:
    failed = clone.set_up(UV_DOES="fail")
    assert failed.returncode == 1
    assert "hash mismatch for tfx" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert clone.set_up().returncode == 0


def test_folder_that_cannot_be_written_is_told_without_a_traceback(clone: Clone) -> None:
    (clone.folder / ".venv").write_text("a file in the way of the folder")
    refused = clone.set_up()
    assert refused.returncode == 1
    assert ".venv" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("name", [STACK.lock, "setup.py"])
def test_changed_lock_or_packaging_builds_anew(clone: Clone, name: Any) -> None:
    clone.set_up()
    clone.uv_calls()
    (clone.folder / name).write_text("# changed\n")
    assert clone.set_up().returncode == 0
    assert "pip sync" in clone.uv_calls()


def test_failed_rebuild_leaves_no_environment_that_looks_ready(clone: Clone) -> None:
    clone.set_up()
    before = (clone.folder / STACK.lock).read_text()
    (clone.folder / STACK.lock).write_text("tfx==0.0.0\n")
    clone.set_up(UV_DOES="fail")
    (clone.folder / STACK.lock).write_text(before)
    clone.uv_calls()
    assert clone.set_up().returncode == 0
    assert "pip sync" in clone.uv_calls()


def test_moved_clone_is_built_anew(clone: Clone) -> None:
    clone.set_up()
    clone.folder = clone.folder.rename(clone.folder.with_name("moved"))
    clone.uv_calls()
    assert clone.set_up().returncode == 0
    assert "pip sync" in clone.uv_calls()


def test_environment_whose_python_is_gone_is_built_anew(clone: Clone) -> None:
    clone.set_up()
    (clone.folder / ".venv" / "bin" / "python").unlink()
    clone.uv_calls()
    assert clone.set_up().returncode == 0
    assert "pip sync" in clone.uv_calls()


def test_everything_missing_is_one_message_with_the_commands(clone: Clone, tmp_path: pathlib.Path) -> None:
    tools = tmp_path / "tools"
    (tools / HERE).unlink()
    (tools / "c++").unlink()
    (tools / "uv").write_text('#!/bin/sh\n[ "$1" = --version ] && echo uv 0.13.8 || { echo no network; exit 1; }\n')
    refused = clone.set_up(PATH=str(only(tools, "dirname", "python3")))
    assert refused.returncode == 1
    for expected in (f"Python {STACK.python_words}", "no network", "C++ compiler", "g++", STACK.pythons[0]):
        assert expected in refused.stderr
    assert not (clone.folder / ".venv").exists()


def only(tools: pathlib.Path, *names: str) -> pathlib.Path:
    """A PATH on which just these programs of the system lie beside the tools; `python3` fits no stack."""
    for name in names:
        if name != "python3":
            (tools / name).symlink_to(str(shutil.which(name)))
    stranger = f'#!/bin/sh\ncase "$*" in *sysconfig*) exit 1;; *) exec {os.path.realpath(sys.executable)} "$@";; esac\n'
    (tools / "python3").write_text(stranger)
    (tools / "python3").chmod(0o755)
    return tools


def test_python_with_a_part_of_its_standard_library_is_passed_over(clone: Clone, tmp_path: pathlib.Path) -> None:
    tools = tmp_path / "tools"
    (tools / "python3").write_text('#!/bin/sh\necho "ModuleNotFoundError: No module named shutil" >&2; exit 1\n')
    (tools / "python3").chmod(0o755)
    assert clone.set_up(PATH=f"{tools}:/usr/bin:/bin").returncode == 0


def test_a_stack_that_is_asked_for_replaces_the_other_one(clone: Clone) -> None:
    assert clone.set_up(STACK=STACK.name).returncode == 0
    ready = clone.folder / ".venv" / "tapeline-ready"
    other = next(stack for stack in stacks.STACKS.values() if stack is not STACK)
    ready.write_text(ready.read_text().replace(STACK.name, other.name, 1))
    clone.uv_calls()
    assert clone.set_up(STACK=STACK.name).returncode == 0
    assert "pip sync" in clone.uv_calls()
    # Nobody asks for one: what is there stays.
    assert clone.set_up().stdout == ""


def test_a_stack_that_cannot_be_had_is_told_without_a_traceback(clone: Clone) -> None:
    clone.set_up()
    refused = clone.set_up(STACK="1.17")
    assert refused.returncode == 1
    assert "STACK is '1.17'. It must be 1.16 or 1.21." in refused.stderr
    assert "Traceback" not in refused.stderr
    # What was there is still there.
    assert clone.set_up().stdout == ""


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_readable_to_python_3_6(path: Any) -> None:
    ast.parse(path.read_text(), feature_version=(3, 6))
