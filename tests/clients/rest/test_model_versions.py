"""Which version is in use while versions come and go."""

import errno
import gc
import logging
import os
import pathlib
import time
import weakref
from typing import Any

import pytest

from tapeline.clients.rest import model_versions
from tapeline.clients.rest.model_versions import ModelVersions
from tapeline.schemas.errors import DataError


class Model:
    def __init__(self, folder: pathlib.Path) -> None:
        if (folder / "broken").exists():
            raise DataError(f"{folder}: broken")
        self.version = int(folder.name)
        self.itself = self


FAKE: Any = Model
"""In place of what loads a SavedModel."""


@pytest.fixture(autouse=True)
def no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tapeline.serve")
    # A server that ran in this process before may have cut the logger off.
    logging.getLogger("tapeline.serve").propagate = True


@pytest.fixture
def versions(tmp_path: pathlib.Path) -> Any:
    push(tmp_path, 1)
    found = ModelVersions(tmp_path, load=FAKE)
    found.refresh()
    return found


def push(base: Any, version: Any, *, broken: bool = False) -> None:
    (base / str(version)).mkdir()
    if broken:
        (base / str(version) / "broken").touch()


def marker(base: Any) -> Any:
    return (base / f".in-use-{os.getpid()}").read_text().strip()


def test_the_newest_version_is_taken(tmp_path: pathlib.Path, versions: Any) -> None:
    assert versions.current.version == 1
    push(tmp_path, 2)
    push(tmp_path, 10)
    versions.refresh()
    assert versions.current.version == 10
    assert versions.states == {1: ("END", ""), 10: ("AVAILABLE", "")}


def test_the_version_in_use_is_marked_until_the_end(tmp_path: pathlib.Path, versions: Any) -> None:
    assert marker(tmp_path) == "1"
    push(tmp_path, 2)
    versions.refresh()
    assert marker(tmp_path) == "2"
    versions.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]


def test_a_folder_that_takes_no_mark_is_served_all_the_same(
    tmp_path: pathlib.Path, versions: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Any, content: Any) -> None:
        raise PermissionError(f"read-only: {path}")

    versions.close()
    monkeypatch.setattr(model_versions, "write_whole", refuse)
    push(tmp_path, 2)
    push(tmp_path, 3)
    versions.refresh()
    assert versions.current.version == 3
    assert "cannot mark" in caplog.text


def test_a_broken_version_is_told_once_and_skipped(
    tmp_path: pathlib.Path, versions: Any, caplog: pytest.LogCaptureFixture
) -> None:
    push(tmp_path, 2, broken=True)
    versions.refresh()
    versions.refresh()
    assert versions.current.version == 1
    assert caplog.text.count("version 2 is skipped") == 1
    state, problem = versions.states[2]
    assert state == "END"
    assert "broken" in problem


def test_a_version_that_was_half_written_is_taken_when_it_is_whole(tmp_path: pathlib.Path, versions: Any) -> None:
    push(tmp_path, 2, broken=True)
    versions.refresh()
    (tmp_path / "2" / "broken").unlink()
    versions.refresh()
    assert versions.current.version == 2


def test_removing_the_newest_version_goes_back(tmp_path: pathlib.Path, versions: Any) -> None:
    push(tmp_path, 2)
    versions.refresh()
    (tmp_path / "2").rmdir()
    versions.refresh()
    assert versions.current.version == 1


def test_a_model_stays_until_its_last_request_and_not_longer(tmp_path: pathlib.Path, versions: Any) -> None:
    in_flight = versions.current
    seen = weakref.ref(in_flight)
    push(tmp_path, 2)
    versions.refresh()
    versions.refresh()
    assert seen() is in_flight
    gc.disable()
    try:
        del in_flight
        assert seen() is not None, "it refers to itself"
        versions.refresh()
        assert seen() is None
    finally:
        gc.enable()


def test_a_folder_that_vanishes_leaves_the_version_in_use(tmp_path: pathlib.Path) -> None:
    base = tmp_path / "serving_model"
    base.mkdir()
    push(base, 1)
    versions = ModelVersions(base, load=FAKE)
    versions.refresh()
    versions.close()
    base.rename(tmp_path / "gone")
    versions.refresh()
    assert versions.current.version == 1


def test_without_a_version_that_can_be_served_the_reasons_are_told(tmp_path: pathlib.Path) -> None:
    empty = ModelVersions(tmp_path, load=FAKE)
    empty.refresh()
    with pytest.raises(DataError, match="holds no version"):
        _ = empty.current
    push(tmp_path, 1, broken=True)
    empty.refresh()
    with pytest.raises(DataError, match="1: broken"):
        _ = empty.current


def test_versions_are_looked_for_in_the_background(tmp_path: pathlib.Path, versions: Any) -> None:
    with versions.watched(seconds=0.01):
        push(tmp_path, 2)
        deadline = time.monotonic() + 10
        while versions.current.version != 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert versions.current.version == 2
    assert not (tmp_path / f".in-use-{os.getpid()}").exists()


@pytest.mark.parametrize("since", ["from the start", "meanwhile"])
def test_a_folder_that_is_read_only_is_left_without_an_error(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, since: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    push(tmp_path, 1)
    found = ModelVersions(tmp_path, load=FAKE)
    if since == "meanwhile":
        found.refresh()
    monkeypatch.setattr(model_versions, "write_whole", refuse)
    monkeypatch.setattr(pathlib.Path, "unlink", refuse)
    found.refresh()
    found.close()
    assert found.current.version == 1
    assert ("cannot take the mark" in caplog.text) == (since == "meanwhile")
