"""What is imported later: found nowhere until then, unless it is there already."""

import importlib
import pathlib
import sys
import types
from typing import Any

import pytest

from tapeline.pipeline import postponed_imports
from tapeline.pipeline.postponed_imports import import_postponed, postponed

LOOKS = """
try:
    import slow_library
except ModuleNotFoundError:
    slow_library = None
"""


@pytest.fixture
def _library(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_library.py").write_text("")
    (tmp_path / "looks_for_it.py").write_text(LOOKS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(postponed_imports, "_POSTPONED", ("slow_library",))
    monkeypatch.setattr(postponed_imports, "_DO_WITHOUT", ("looks_for_it",))
    for name in ("slow_library", "looks_for_it"):
        # Taken away again after the test.
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        del sys.modules[name]


@pytest.mark.usefixtures("_library")
def test_a_module_that_does_without_a_library_has_it_once_it_is_imported() -> None:
    with postponed():
        module: Any = importlib.import_module("looks_for_it")
    assert module.slow_library is None
    assert "slow_library" not in sys.modules
    import_postponed()
    assert module.slow_library is sys.modules["slow_library"]
    module.slow_library = "as it was left"
    import_postponed()
    assert module.slow_library == "as it was left"


@pytest.mark.usefixtures("_library")
def test_what_is_imported_already_stays() -> None:
    library = importlib.import_module("slow_library")
    with postponed():
        module: Any = importlib.import_module("looks_for_it")
    assert module.slow_library is library
    module.slow_library = "as it was left"
    import_postponed()
    assert module.slow_library == "as it was left"


@pytest.mark.usefixtures("_library")
def test_an_import_that_fails_leaves_no_library_unfindable() -> None:
    with pytest.raises(ModuleNotFoundError, match="slow_library"), postponed():
        importlib.import_module("slow_library")
    assert importlib.import_module("slow_library")
