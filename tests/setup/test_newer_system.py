"""What the newer system is made of, and why it is not made; making it takes minutes and root's rights."""

import os
import pathlib
import subprocess
from typing import Any

import pytest

import newer_system
import stacks

OLD_GLIBC, NEW_GLIBC = (2, 36), (2, 41)


@pytest.fixture
def old_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "glibc_version", lambda: OLD_GLIBC)
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def reason(environ: Any) -> str:
    with pytest.raises(newer_system.CannotRun) as caught:
        newer_system.demand_means(environ)
    return str(caught.value)


def test_a_newer_system_needs_no_root_of_its_own(old_system: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "glibc_version", lambda: NEW_GLIBC)
    assert "make test STACK=1.21" in reason({"PATH": "/usr/bin"})


def test_what_cannot_be_had_is_named(old_system: None, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    assert reason({"PATH": str(tmp_path)}) == "chroot is not on PATH"
    for tool in ("chroot", "mount", "pivot_root"):
        (tmp_path / tool).symlink_to("/bin/true")
    (tmp_path / "unshare").symlink_to("/bin/false")
    assert "namespaces" in reason({"PATH": str(tmp_path)})
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "root's rights" in reason({"PATH": str(tmp_path)})


def test_the_reason_is_shown_and_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stacks, "glibc_version", lambda: NEW_GLIBC)
    assert newer_system.main([]) == 0
    assert capsys.readouterr().out.startswith("skipped: this system runs TFX 1.21 by itself")


def test_roots_lie_in_the_cache_unless_told_otherwise() -> None:
    folder = newer_system.root_folder
    assert folder({"HOME": "/home/me"}) == pathlib.Path("/home/me/.cache/tapeline/trixie")
    assert folder({"HOME": "/home/me", "XDG_CACHE_HOME": "/big"}) == pathlib.Path("/big/tapeline/trixie")
    assert folder({"HOME": "/home/me", "TAPELINE_ROOTS": "/roots"}) == pathlib.Path("/roots/trixie")


def debootstrap(tools: pathlib.Path, last_line: str) -> dict[str, str]:
    """A PATH with a debootstrap that makes its folder, counts its calls, and ends as it is told."""
    tools.mkdir(exist_ok=True)
    program = tools / "debootstrap"
    program.write_text(
        f'#!/bin/sh\nfor folder; do :; done\nmkdir -p "$folder"\necho call >> {tools}/calls\n{last_line}\n'
    )
    program.chmod(0o755)
    return {"PATH": f"{tools}:/usr/bin:/bin"}


def test_a_root_is_made_once_and_anew_after_an_interruption(tmp_path: pathlib.Path) -> None:
    environ = debootstrap(tmp_path / "tools", "exit 0")
    root = tmp_path / "root"
    root.mkdir()
    (root / "half").write_text("of a package")
    for _ in range(2):
        newer_system.make_root(root, environ)
    assert (tmp_path / "tools" / "calls").read_text() == "call\n"
    assert not (root / "half").exists()


def test_a_root_that_failed_is_told_and_not_taken_for_whole(tmp_path: pathlib.Path) -> None:
    environ = debootstrap(tmp_path / "tools", 'echo "E: no route to the archive"; exit 1')
    with pytest.raises(newer_system.CannotRun, match="no route to the archive"):
        newer_system.make_root(tmp_path / "root", environ)
    assert not (tmp_path / "root" / "tapeline-ready").exists()


def test_the_tree_replaces_the_one_before_and_keeps_the_environment(tmp_path: pathlib.Path) -> None:
    project, root = tmp_path / "project", tmp_path / "root"
    project.mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    for name, text in ((".gitignore", ".venv/\n"), ("tracked", "1"), ("deep/new", "2"), (".venv/python", "mine")):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text)
    (project / "package").mkdir()
    (project / "package" / "room").symlink_to("../deep")
    subprocess.run(["git", "add", "tracked", ".gitignore", "package"], cwd=project, check=True)
    tree = root / newer_system.TREE
    for name in (".venv/python", "old/file", "gone"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("theirs")
    newer_system.lay_tree(project, root)
    assert os.readlink(tree / "package" / "room") == "../deep"
    (tree / "package" / "room").unlink()
    found = {path.relative_to(tree).as_posix(): path.read_text() for path in tree.rglob("*") if path.is_file()}
    assert found == {".gitignore": ".venv/\n", "tracked": "1", "deep/new": "2", ".venv/python": "theirs"}
