import pathlib
import shutil

import pytest

import tapeline
from tapeline.components.code_fingerprint import code_fingerprint, reached_files
from tapeline.schemas import stack

PACKAGE = pathlib.Path(tapeline.__file__).parent
EXECUTORS = sorted(
    f"tapeline.components.{path.parent.name}.executor" for path in (PACKAGE / "components").glob("*/executor.py")
)


def fresh(module: str, package: pathlib.Path) -> str:
    code_fingerprint.cache_clear()
    return code_fingerprint(module, package=package)


@pytest.fixture
def house(tmp_path: pathlib.Path) -> pathlib.Path:
    """A small package: an executor that uses a file of each kind, and one that it does not use."""
    files = {
        "__init__.py": "raise RuntimeError('fingerprints import nothing')",
        "room/__init__.py": "",
        "room/executor.py": "import tapeline.room.imported\ndef f():\n    from tapeline.room import late\n"
        "NAMED = 'tapeline.room.named.function'\nPAGE = 'page.css'",
        "room/imported.py": "from tapeline.room.far import A",
        "room/far.py": "A = 1",
        "room/late.py": "",
        "room/named.py": "",
        "room/page.css": "",
        "room/unused.py": "",
        "room/unused.css": "",
    }
    for name, text in files.items():
        path = tmp_path / "tapeline" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "tapeline"


def test_everything_that_an_executor_uses_is_reached_and_nothing_else(house: pathlib.Path) -> None:
    reached = {path.relative_to(house).as_posix() for path in reached_files("tapeline.room.executor", package=house)}
    everything = {path.relative_to(house).as_posix() for path in house.rglob("*.*")}
    assert everything - reached == {"room/unused.py", "room/unused.css"}


def test_an_import_for_type_checkers_alone_does_not_count(house: pathlib.Path) -> None:
    (house / "room" / "far.py").write_text("if TYPE_CHECKING:\n    import tapeline.room.unused\n")
    assert house / "room" / "unused.py" not in reached_files("tapeline.room.executor", package=house)


def test_a_changed_line_changes_the_keys_of_the_executors_that_reach_it_and_no_other(tmp_path: pathlib.Path) -> None:
    package = shutil.copytree(PACKAGE, tmp_path / "tapeline", ignore=shutil.ignore_patterns("__pycache__"))
    before = {module: fresh(module, package) for module in EXECUTORS}
    reached = {module: set(reached_files(module, package=package)) for module in EXECUTORS}
    for path in sorted(path for path in package.rglob("*.*") if path.suffix in (".py", ".css", ".j2", ".js", ".txt")):
        source = path.read_bytes()
        path.write_bytes(source + b"\n# One line more.\n")
        for module in EXECUTORS:
            changed = fresh(module, package) != before[module]
            assert changed == (path in reached[module]), f"{module}: {path}"
        path.write_bytes(source)


def test_the_trainer_is_trained_anew_when_its_intervals_change() -> None:
    reached = {path.relative_to(PACKAGE).as_posix() for path in reached_files("tapeline.components.trainer.executor")}
    assert {"series/conformal.py", "schemas/model_contract.py", "forecaster/serving/signatures.py"} <= reached
    assert not any(path.startswith(("components/report", "components/data_gate", "cli")) for path in reached)


def test_the_report_is_made_anew_when_its_scripts_change() -> None:
    reached = {path.name for path in reached_files("tapeline.components.report.executor")}
    pages = PACKAGE / "series" / "pages"
    beside = {path.name for path in pages.iterdir() if path.is_file() and path.suffix != ".py"}
    assert {"charts.js", "series_table.js", "page.css"} <= beside
    assert beside <= reached


def test_unknown_module_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no_such_room"):
        code_fingerprint("tapeline.no_such_room.executor")


def test_fingerprint_changes_with_the_stack(house: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fresh("tapeline.room.executor", house)
    monkeypatch.setattr(stack, "NAME", "TFX 2.0")
    assert fresh("tapeline.room.executor", house) != before
