"""A file or folder is there whole, or is what it was before."""

import os
import pathlib
from typing import Any

import pytest

from tapeline.schemas.whole_files import parts_of, put_in_place, replacing, sync_tree, write_whole


def names(folder: Any) -> list[Any]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize(("content", "written"), [("Grüße\n", "Grüße\n".encode()), (b"\x00\r\n", b"\x00\r\n")])
def test_content_is_written_and_folders_above_it_are_made(
    tmp_path: pathlib.Path, content: Any, written: Any, durable: bool
) -> None:
    path = tmp_path / "a" / "b" / "verdict.json"
    write_whole(path, content, durable=durable)
    assert path.read_bytes() == written
    assert names(path.parent) == ["verdict.json"]


def test_a_file_is_readable_by_whoever_may_read_others(tmp_path: pathlib.Path) -> None:
    write_whole(tmp_path / "file", "new")
    (tmp_path / "plain").touch()
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "forecast.csv"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as part:
            part.write_text("half")
            assert part.suffix == ".csv"
            assert parts_of(path) == [part]
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert names(tmp_path) == ["forecast.csv"]
    assert path.read_text() == "old"


def test_a_folder_takes_the_place_of_another(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "old").touch()
    with replacing(folder, durable=True) as part:
        part.mkdir()
        (part / "new").touch()
        assert names(folder) == ["old"]
    assert names(folder) == ["new"]
    assert names(tmp_path) == ["model"]


def test_a_file_takes_the_place_of_a_folder(tmp_path: pathlib.Path) -> None:
    (tmp_path / "model").mkdir()
    write_whole(tmp_path / "model", "file")
    assert (tmp_path / "model").read_text() == "file"
    assert names(tmp_path) == ["model"]


def test_a_folder_comes_back_where_the_new_one_cannot_take_its_place(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "forecasts"
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(FileNotFoundError):
        put_in_place(tmp_path / "nothing", folder)
    assert names(tmp_path) == ["forecasts"]
    assert names(folder) == ["old"]


def test_two_writers_at_once_keep_to_parts_of_their_own(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "file"
    with replacing(path) as first, replacing(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"


def test_everything_in_a_folder_is_forced_to_disk(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").touch()
    synced = []
    real = os.open

    def note(path: Any, flags: Any) -> Any:
        synced.append(pathlib.Path(path))
        return real(path, flags)

    monkeypatch.setattr(os, "open", note)
    sync_tree(tmp_path)
    assert sorted(synced) == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]
