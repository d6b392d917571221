"""What the group may do with what a run wrote: as the umask says, also where the writer did not ask it."""

import os
import pathlib
import stat
from collections.abc import Iterator

import pytest

from tapeline.pipeline.group_access import share_with_group


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o002)
    yield
    os.umask(before)


def written(root: pathlib.Path) -> list[pathlib.Path]:
    """A folder as TensorFlow makes it, a private file, a program, and a link out of the folder."""
    folder = root / "run" / "variables"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    private, program, other = folder / "index", folder / "program", root / "elsewhere"
    for path, mode in ((private, 0o600), (program, 0o744), (other, 0o600)):
        path.touch()
        path.chmod(mode)
    (folder / "link").symlink_to(other)
    return [folder, private, program, other]


def modes(paths: list[pathlib.Path]) -> list[int]:
    return [stat.S_IMODE(path.stat().st_mode) for path in paths]


def test_the_group_may_do_what_the_owner_may(umask: None, tmp_path: pathlib.Path) -> None:
    paths = written(tmp_path)
    share_with_group(tmp_path / "run")
    assert modes(paths) == [0o775, 0o660, 0o774, 0o600]


def test_nothing_changes_where_the_umask_keeps_the_group_from_writing(umask: None, tmp_path: pathlib.Path) -> None:
    os.umask(0o022)
    paths = written(tmp_path)
    share_with_group(tmp_path / "run")
    assert modes(paths) == [0o755, 0o600, 0o744, 0o600]


def test_a_folder_that_is_not_there_is_no_mistake(umask: None, tmp_path: pathlib.Path) -> None:
    share_with_group(tmp_path / "nowhere")
