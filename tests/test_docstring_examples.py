"""The code that docstrings show is run, and gives what they say it gives."""

import doctest
import importlib
import pathlib
import types

import pytest

from tests.test_import_directions import MAY_USE, ROOT, module_of


def modules_with_examples(root: pathlib.Path) -> list[str]:
    """Names the modules whose text holds an example; the others need not be imported, which takes seconds for some."""
    files = [path for house in MAY_USE for path in sorted((root / house).rglob("*.py"))]
    return [module_of(path.relative_to(root).as_posix()) for path in files if ">>> " in path.read_text()]


def run_examples(module: types.ModuleType) -> doctest.TestResults:
    return doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)


@pytest.mark.parametrize("name", modules_with_examples(ROOT))
def test_examples_give_what_they_show(
    name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module(name)
    monkeypatch.chdir(tmp_path)  # what an example writes does not stay
    assert run_examples(module).failed == 0, capsys.readouterr().out


def test_an_example_that_became_untrue_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    module = types.ModuleType("untrue", "Adds.\n\n>>> 1 + 1\n3\n")
    assert run_examples(module).failed == 1
    assert "Expected:\n    3\nGot:\n    2" in capsys.readouterr().out


def test_modules_with_examples_are_found() -> None:
    assert "tapeline.schemas.frequency" in modules_with_examples(ROOT)
