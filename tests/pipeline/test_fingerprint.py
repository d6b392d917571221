import pathlib

import pytest

from tapeline.pipeline.fingerprint import code_fingerprint, file_fingerprint
from tapeline.schemas import stack


@pytest.fixture
def package(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    folder = tmp_path / "sample_room"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('fingerprints import nothing')\n")
    (folder / "inner" / "deep.py").write_text("A = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    code_fingerprint.cache_clear()
    return folder


def test_fingerprint_changes_with_any_source_file_of_the_package(package: pathlib.Path) -> None:
    before = code_fingerprint("sample_room")
    (package / "inner" / "deep.py").write_text("A = 2\n")
    code_fingerprint.cache_clear()
    assert code_fingerprint("sample_room") != before


def test_fingerprint_ignores_what_is_not_source(package: pathlib.Path) -> None:
    before = code_fingerprint("sample_room")
    (package / "notes.txt").write_text("nothing runs this")
    code_fingerprint.cache_clear()
    assert code_fingerprint("sample_room") == before


def test_unknown_package_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no_such_room"):
        code_fingerprint("no_such_room")


def test_file_fingerprint_is_that_of_the_content(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a").write_text("same")
    (tmp_path / "b").write_text("same")
    (tmp_path / "c").write_text("other")
    assert file_fingerprint(tmp_path / "a") == file_fingerprint(tmp_path / "b")
    assert file_fingerprint(tmp_path / "a") != file_fingerprint(tmp_path / "c")


def test_fingerprint_changes_with_the_stack(package: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_fingerprint("sample_room")
    monkeypatch.setattr(stack, "NAME", "TFX 2.0")
    code_fingerprint.cache_clear()
    assert code_fingerprint("sample_room") != before
