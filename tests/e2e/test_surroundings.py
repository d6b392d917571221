"""A real full disk, a real read-only one, and names that are no UTF-8: one sentence and exit code 2, or none is needed.

Root passes permissions by, so folders that cannot be written to are file systems of their own here.
"""

import contextlib
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tapeline.forecaster.versions import push_version, versions
from tests.e2e.serving_process import instance, started
from tests.e2e.small_project import Project, Tapeline
from tests.hand_made_model import save_version

pytestmark = pytest.mark.once


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def small_disk(folder: pathlib.Path, size: str) -> Iterator[pathlib.Path]:
    """A file system of its own in memory."""
    folder.mkdir()
    if not _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)):
        pytest.skip("a file system can be mounted by root only, and not in every container")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("size", ["256k", "1500k"])
def test_a_full_disk_ends_a_run_in_one_sentence(project: Project, tapeline: Tapeline, size: str) -> None:
    with small_disk(project.root / "disk", size) as home:
        ended = tapeline("run", *project.arguments, "--home", str(home))
        assert ended.code == 2, ended.err
        (line,) = (line for line in ended.err.splitlines() if line.startswith("tapeline run: "))
        assert "no room is left on the disk" in line
        assert "--home" in line
        assert "Traceback" not in ended.err
        assert versions(home / "load" / "serving_model") == []


def test_a_home_that_cannot_be_written_to_is_told_in_one_sentence(project: Project, tapeline: Tapeline) -> None:
    with small_disk(project.root / "disk", "1m") as home:
        assert _mount("-o", "remount,ro", str(home))
        ended = tapeline("run", *project.arguments, "--home", str(home))
    assert ended.code == 2, ended.err
    assert "it is read-only. Give a folder that can be written to" in ended.err
    assert "Traceback" not in ended.err


def test_serving_needs_no_folder_that_can_be_written_to(tmp_path: pathlib.Path) -> None:
    save_version(tmp_path / "sound", 1, plus=1.0)
    with small_disk(tmp_path / "disk", "20m") as base:
        push_version(tmp_path / "sound" / "1", base, keep=1)
        assert _mount("-o", "remount,ro", str(base))
        running = started(base)
        server = next(running)
        code, answer = server.predict({"instances": [instance()]})
        assert code == 200, answer
        server.wait_for("cannot mark the version in use: .*Read-only file system")
        assert server.stop() == 0
        assert "Traceback" not in "".join(server.log)
        running.close()


def test_a_folder_of_versions_whose_name_is_no_utf8_is_refused_or_served(tmp_path: pathlib.Path) -> None:
    base = pathlib.Path(os.fsdecode(os.fsencode(tmp_path) + b"/serving\xff"))
    save_version(tmp_path / "sound", 1, plus=1.0)
    push_version(tmp_path / "sound" / "1", base, keep=1)
    command = [sys.executable, "-m", "tapeline.cli.main", "serve", "--model", str(base), "--port", "0"]
    ended = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert ended.returncode == 2, ended.stderr
    assert b"Traceback" not in ended.stderr
    assert ended.stderr.strip().splitlines()[-1].startswith(b"tapeline serve: ")
