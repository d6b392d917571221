"""Versions of the served model: whole or not there, growing, and never fewer than one."""

import os
import pathlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tapeline.forecaster import versions
from tapeline.forecaster.versions import check_content, folder_fingerprint, push_version
from tapeline.schemas.errors import DataError

FILES = ("saved_model.pb", "variables/variables.index", "assets.extra/model_card.json")


@pytest.fixture
def source(tmp_path: pathlib.Path) -> Any:
    for name in FILES:
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}" * 1000)
    return tmp_path / "model"


@pytest.fixture
def base(tmp_path: pathlib.Path) -> Any:
    return tmp_path / "serving_model"


def at(now: int) -> Callable[[], int]:
    return lambda: now


def visible(base: Any) -> list[Any]:
    return sorted(entry.name for entry in base.iterdir() if not entry.name.startswith("."))


def hidden(base: Any) -> list[Any]:
    return sorted(entry.name for entry in base.iterdir() if entry.name.startswith(".") and entry.name != ".lock")


def test_a_version_is_the_whole_model(source: Any, base: Any) -> None:
    version = push_version(source, base, keep=3, clock=lambda: 1000.9)
    assert version == 1000
    assert folder_fingerprint(base / "1000") == folder_fingerprint(source)
    assert hidden(base) == []


def test_versions_grow_also_when_the_clock_goes_back(source: Any, base: Any) -> None:
    pushed = [push_version(source, base, keep=9, clock=at(now)) for now in (1000, 400, 1000, 5000)]
    assert pushed == [1000, 1001, 1002, 5000]


def test_the_newest_versions_stay(source: Any, base: Any) -> None:
    for now in (10, 20, 30, 40):
        push_version(source, base, keep=2, clock=at(now))
    assert visible(base) == ["30", "40"]


def test_numbers_are_ordered_as_numbers(source: Any, base: Any) -> None:
    for now in (9, 10, 100):
        push_version(source, base, keep=2, clock=at(now))
    assert versions.versions(base) == [10, 100]


def test_keep_one_leaves_the_new_version(source: Any, base: Any) -> None:
    for now in (10, 20):
        push_version(source, base, keep=1, clock=at(now))
    assert visible(base) == ["20"]


def test_keeping_none_is_refused(source: Any, base: Any) -> None:
    with pytest.raises(ValueError, match=r"push.keep: got 0, must be 1 or more"):
        push_version(source, base, keep=0)


def test_a_push_that_fails_leaves_the_old_version_alone(
    source: Any, base: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    push_version(source, base, keep=1, clock=lambda: 10)
    before = folder_fingerprint(base / "10")

    def disk_full(handle: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space left"):
        push_version(source, base, keep=1, clock=lambda: 20)
    assert visible(base) == ["10"]
    assert hidden(base) == []
    assert folder_fingerprint(base / "10") == before


def test_an_old_version_that_cannot_be_removed_is_no_failure(
    source: Any, base: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    push_version(source, base, keep=1, clock=lambda: 10)
    rename = os.rename

    def refuse_removal(old: Any, new: Any) -> None:
        if pathlib.Path(old).name == "10":
            raise PermissionError(13, "in use")
        rename(old, new)

    monkeypatch.setattr(os, "rename", refuse_removal)
    assert push_version(source, base, keep=1, clock=lambda: 20) == 20
    assert visible(base) == ["10", "20"]


def test_what_a_killed_push_left_behind_is_cleared(source: Any, base: Any) -> None:
    (base / ".5.0a1b2c").mkdir(parents=True)
    (base / ".4.outgoing").mkdir()
    push_version(source, base, keep=1, clock=lambda: 10)
    assert hidden(base) == []


def test_what_is_not_a_version_is_left_alone(source: Any, base: Any) -> None:
    (base / "notes").mkdir(parents=True)
    (base / "12").write_text("a file, not a version")
    push_version(source, base, keep=1, clock=lambda: 10)
    push_version(source, base, keep=1, clock=lambda: 20)
    assert visible(base) == ["12", "20", "notes"]


def test_another_content_than_the_blessed_one_is_not_pushed(source: Any, base: Any) -> None:
    blessed = folder_fingerprint(source)
    (source / "saved_model.pb").write_text("another model")
    with pytest.raises(ValueError, match="is not what was blessed"):
        push_version(source, base, keep=1, fingerprint=blessed)
    assert visible(base) == []


def test_a_fingerprint_sees_names_and_contents(source: Any, tmp_path: pathlib.Path) -> None:
    before = folder_fingerprint(source)
    assert folder_fingerprint(shutil.copytree(source, tmp_path / "copy")) == before
    (tmp_path / "copy" / "saved_model.pb").rename(tmp_path / "copy" / "saved_model.pbtxt")
    assert folder_fingerprint(tmp_path / "copy") != before


def test_whoever_polls_never_sees_half_a_version(source: Any, base: Any) -> None:
    done, broken, seen = threading.Event(), [], set()

    def poll() -> None:
        while not done.is_set():
            for version in versions.versions(base):
                # Listed, then looked into: it may be gone by then, but never be there in part.
                try:
                    found = {str(p.relative_to(base / str(version))) for p in (base / str(version)).rglob("*.*")}
                except FileNotFoundError:
                    continue
                seen.add(version)
                if found and not set(FILES) <= found:
                    broken.append((version, found))

    poller = threading.Thread(target=poll)
    poller.start()
    for now in range(1, 60):
        push_version(source, base, keep=100, clock=at(now))
    done.set()
    poller.join()
    assert seen
    assert broken == []


def test_pushes_side_by_side_get_versions_of_their_own(source: Any, base: Any) -> None:
    pushed = []
    threads = [
        threading.Thread(target=lambda: pushed.append(push_version(source, base, keep=20, clock=lambda: 7)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(pushed) == list(range(7, 15))
    assert versions.versions(base) == sorted(pushed)


def test_a_version_in_use_stays(source: Any, base: Any) -> None:
    push_version(source, base, keep=1, clock=lambda: 10)
    (base / f".in-use-{os.getpid()}").write_text("10")
    for now in (20, 30):
        push_version(source, base, keep=1, clock=at(now))
    assert visible(base) == ["10", "30"]


def test_the_mark_of_a_process_that_ended_does_not_count(source: Any, base: Any) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    push_version(source, base, keep=1, clock=lambda: 10)
    (base / f".in-use-{ended.pid}").write_text("10")
    push_version(source, base, keep=1, clock=lambda: 20)
    assert visible(base) == ["20"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("server", "10"), (str(os.getpid()), "the newest"), (str(os.getpid()), "")],
    ids=["a name that is no process", "words", "nothing"],  # Those with a process id would differ in each worker.
)
def test_a_mark_that_makes_no_sense_does_not_count(source: Any, base: Any, name: Any, content: str) -> None:
    push_version(source, base, keep=1, clock=lambda: 10)
    (base / f".in-use-{name}").write_text(content)
    push_version(source, base, keep=1, clock=lambda: 20)
    assert visible(base) == ["20"]


def test_a_push_that_was_cut_short_after_its_rename_is_not_repeated(source: Any, base: Any) -> None:
    fingerprint = folder_fingerprint(source)
    first = push_version(source, base, keep=3, fingerprint=fingerprint, clock=lambda: 1000)
    assert push_version(source, base, keep=3, fingerprint=fingerprint, clock=lambda: 2000) == first
    assert visible(base) == ["1000"]


def test_an_older_model_is_pushed_anew_over_a_newer_one(source: Any, base: Any) -> None:
    fingerprint = folder_fingerprint(source)
    push_version(source, base, keep=3, fingerprint=fingerprint, clock=lambda: 1000)
    (base / "1001").mkdir()
    assert push_version(source, base, keep=3, fingerprint=fingerprint, clock=lambda: 2000) == 2000


@pytest.mark.parametrize("name", [*FILES, "assets.extra/content.sha256"])
def test_a_flipped_bit_in_a_pushed_version_is_found(source: Any, base: Any, name: str) -> None:
    version = base / str(push_version(source, base, keep=3))
    check_content(version)
    content = bytearray((version / name).read_bytes())
    content[7] ^= 1
    (version / name).write_bytes(content)
    with pytest.raises(DataError, match="is not what was pushed"):
        check_content(version)


def test_a_file_that_is_gone_from_a_pushed_version_is_found(source: Any, base: Any) -> None:
    version = base / str(push_version(source, base, keep=3))
    (version / FILES[1]).unlink()
    with pytest.raises(DataError, match="is not what was pushed"):
        check_content(version)


def test_a_version_that_was_copied_elsewhere_is_whole(source: Any, base: Any, tmp_path: pathlib.Path) -> None:
    shutil.copytree(base / str(push_version(source, base, keep=3)), tmp_path / "elsewhere")
    check_content(tmp_path / "elsewhere")


def test_a_model_that_was_never_pushed_has_no_hash_and_passes(source: Any) -> None:
    check_content(source)
