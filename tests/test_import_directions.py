"""Keeps imports pointing one way: schemas ← series ← forecaster ← components, clients ← pipeline ← cli, api.

Everything is read off the imports themselves: which room a file belongs to, which libraries it uses, what it reaches.
Nothing is imported, so the test takes a moment. The last tests give each rule a file that breaks it.
"""

import ast
import pathlib
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAY_USE = {
    "schemas": set(),
    "series": {"schemas"},
    "forecaster": {"schemas", "series"},
    "components": {"schemas", "series", "forecaster"},
    "clients": {"schemas", "series", "forecaster"},
    "pipeline": {"schemas", "series", "forecaster", "components", "clients"},
    "cli": {"schemas", "series", "forecaster", "components", "clients", "pipeline"},
    "api": {"schemas", "series", "forecaster", "components", "clients", "pipeline"},
}
"""For each house those that it may use.

A room of `components/` may also use what lies beside the rooms there (TFX's tools for all of them), and no other room.
So may `clients/`: its batch forecasts are a TFX pipeline of their own.
"""

TENSORFLOW = {"tensorflow", "keras", "tensorflow_transform", "tensorflow_model_analysis", "tensorflow_data_validation"}
HEAVY = TENSORFLOW | {"tensorflow_metadata", "tfx", "tfx_bsl", "apache_beam", "ml_metadata"}
STARTS_AT_ONCE = ("tapeline.components.ingest.splits", "tapeline.series.windowing", "tapeline.series.time_grid")
ON_WORKERS = (
    "tapeline.series.sources.beam_scanning",
    "tapeline.components.ingest.beam_writing",
    "tapeline.series.grouping.beam_groups",
    "tapeline.series.grouping.rows_io",
    "tapeline.components.data_gate.series_checks",
)
"""What Beam's workers import for ingest and the data gate: every one of them, in every job."""


class Import(NamedTuple):
    module: str
    line: int
    at_start: bool
    """Whether importing the file runs it: not inside a function, not for type checkers only."""


class Source(NamedTuple):
    path: str
    imports: tuple[Import, ...]

    def libraries(self) -> set[str]:
        return {top(each.module) for each in self.imports}


def imports(tree: ast.AST, at_start: bool = True) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, at_start) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            yield from (Import(f"{node.module}.{alias.name}", node.lineno, at_start) for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from imports(node, at_start=False)
        else:
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from imports(node, at_start and not is_function)


def module_of(path: str) -> str:
    return "tapeline." + path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def sources(texts: dict[str, str]) -> dict[str, Source]:
    """Reads the imports of files, by module."""
    return {module_of(path): Source(path, tuple(imports(ast.parse(text)))) for path, text in texts.items()}


def own_module(name: str, files: dict[str, Source]) -> str | None:
    """Finds the module of ours that an imported name (a module, or something in one) comes from."""
    return next((each for each in (name, name.rpartition(".")[0]) if each in files), None)


def top(module: str) -> str:
    return module.split(".")[0]


def house(module: str) -> str:
    return module.split(".")[1]


def room(module: str) -> str:
    """The room of `components/` that a module lies in; empty for what lies beside the rooms, and elsewhere."""
    parts = module.split(".")
    return parts[2] if parts[1] == "components" and len(parts) > 3 else ""


def beside_the_rooms(module: str) -> bool:
    return house(module) == "components" and not room(module)


def wrong_imports(files: dict[str, Source]) -> list[str]:
    """Lists every import that points the wrong way, or to a library that has no place in its file."""
    found = []
    for module, source in files.items():
        libraries = source.libraries()
        free = house(module) in ("pipeline", "cli", "api")
        for name, line, _ in source.imports:
            target = own_module(name, files)
            reached = files[target].libraries() if target else set()
            other_house = target is not None and house(target) != house(module)
            wrong = {
                "no file of ours": top(name) == "tapeline" and target is None,
                "imports against the direction": other_house
                and house(str(target)) not in MAY_USE[house(module)]
                and not (house(module) == "clients" and beside_the_rooms(str(target))),
                "imports another room": target is not None and room(target) not in ("", room(module)) and not free,
                "needs a heavy library in schemas/": top(name) in HEAVY and house(module) == "schemas",
                "needs tfx outside of components": top(name) == "tfx"
                and house(module) in ("schemas", "series", "forecaster", "cli", "api"),
                "uses a file of TFX and is none": "tfx" in reached and "tfx" not in libraries and not free,
                "uses a file of Beam and is none": "apache_beam" in reached
                and not libraries & {"apache_beam", "tfx", "tensorflow_transform"}
                and not free,
                "imports all of tfx.v1, seven seconds": name.startswith("tfx.v1"),
                "uses Keras 2": name.startswith(("tf_keras", "tensorflow.keras", "tensorflow.python.keras")),
            }
            found += [f"{source.path}:{line}: {rule}: {name}" for rule, broken in wrong.items() if broken]
    return found


def circles(files: dict[str, Source]) -> list[set[str]]:
    """Returns every group of files that import each other, at the top or inside functions."""
    uses = {
        module: {target for each in source.imports if (target := own_module(each.module, files))} - {module}
        for module, source in files.items()
    }
    reached = {module: set(targets) for module, targets in uses.items()}
    changed = True
    while changed:
        changed = False
        for targets in reached.values():
            more = set().union(*(reached[target] for target in targets)) - targets
            targets |= more
            changed |= bool(more)
    found: list[set[str]] = []
    for module in sorted(module for module, targets in reached.items() if module in targets):
        if not any(module in circle for circle in found):
            found.append({other for other in reached[module] if module in reached[other]})
    return found


def loaded_at_start(module: str, files: dict[str, Source]) -> set[str]:
    """Names every library that importing a file loads, through all of our files on the way."""
    seen, waiting, libraries = set(), [module], set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for name, _, at_start in files[current].imports:
            target = own_module(name, files)
            if at_start and target is not None:
                waiting.append(target)
            elif at_start:
                libraries.add(top(name))
    return libraries


def keras_shortcuts(path: str, text: str) -> list[str]:
    """Lists uses of tf.keras, and of Keras' ready-made training in place of the hand-written loop."""
    tree = ast.parse(text)
    found = []
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        owner = ast.unparse(node.value)
        trains = node.attr in ("compile", "fit") and id(node) in called and owner != "re"
        if trains or (node.attr == "keras" and owner in ("tf", "tensorflow")):
            found.append(f"{path}:{node.lineno}: {owner}.{node.attr}")
    return found


def namesakes(files: dict[str, Source]) -> dict[str, list[str]]:
    """Returns files of one name that do not play the same part in two rooms."""
    names: dict[str, list[str]] = {}
    for source in files.values():
        name = pathlib.PurePosixPath(source.path).name
        if name not in ("__init__.py", "component.py", "executor.py"):
            names.setdefault(name, []).append(source.path)
    return {name: paths for name, paths in names.items() if len(paths) > 1}


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    files = (path for folder in MAY_USE for path in sorted((ROOT / folder).rglob("*.py")))
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in files}


@pytest.fixture(scope="module")
def files(texts: dict[str, str]) -> dict[str, Source]:
    return sources(texts)


def test_imports_point_from_the_command_line_to_the_schemas(files: dict[str, Source]) -> None:
    assert wrong_imports(files) == []


def test_no_file_reaches_itself_through_others(files: dict[str, Source]) -> None:
    assert circles(files) == []


def test_no_two_files_share_a_name(files: dict[str, Source]) -> None:
    assert namesakes(files) == {}


@pytest.mark.parametrize("module", STARTS_AT_ONCE)
def test_pure_files_load_no_tensorflow(files: dict[str, Source], module: Any) -> None:
    assert not loaded_at_start(module, files) & HEAVY


@pytest.mark.parametrize("module", ON_WORKERS)
def test_workers_of_ingest_and_the_data_gate_load_no_tensorflow(files: dict[str, Source], module: Any) -> None:
    assert not loaded_at_start(module, files) & (HEAVY - {"apache_beam"})


def test_command_line_loads_typer_and_the_standard_library_only(files: dict[str, Source]) -> None:
    assert loaded_at_start("tapeline.cli.main", files) <= set(sys.stdlib_module_names) | {"typer"}


def test_packages_import_nothing(files: dict[str, Source]) -> None:
    assert [source.path for source in files.values() if source.path.endswith("__init__.py") and source.imports] == []


def test_training_is_written_by_hand_on_keras_3(texts: dict[str, str]) -> None:
    trained = {path: text for path, text in texts.items() if path.startswith(("components/", "forecaster/"))}
    assert [line for path, text in trained.items() for line in keras_shortcuts(path, text)] == []


HOUSE = {
    "components/room/component.py": "from tfx import types\nfrom tapeline.components.room.executor import E",
    "components/room/executor.py": "import tfx\nfrom tapeline.components.room import beam_rows",
    "components/room/beam_rows.py": "import apache_beam\nfrom tapeline.components.room import pure",
    "components/room/pure.py": "",
    "components/other/pure.py": "",
    "components/beside.py": "",
    "pipeline/wiring.py": "from tapeline.components.room.component import C",
    "series/grid.py": "",
    "clients/ask.py": "",
    "schemas/b.py": "",
}


def test_a_house_that_keeps_the_rules_is_let_be() -> None:
    assert wrong_imports(sources(HOUSE)) == []
    assert circles(sources(HOUSE)) == []


@pytest.mark.parametrize(
    ("path", "line", "rule"),
    [
        ("schemas/a.py", "import tensorflow as tf", "heavy library in schemas"),
        ("schemas/a.py", "from tapeline.series import grid", "against the direction"),
        ("series/a.py", "from tapeline.components.room.pure import x", "against the direction"),
        ("series/a.py", "import tfx", "tfx outside of components"),
        ("clients/a.py", "from tapeline.components.room import pure", "against the direction"),
        ("components/room/a.py", "from tapeline.clients.ask import x", "against the direction"),
        ("components/room/a.py", "from tapeline.components.other import pure", "another room"),
        ("components/a.py", "from tapeline.components.room import pure", "another room"),
        ("components/room/a.py", "from tapeline.components.room import executor", "a file of TFX"),
        ("components/room/a.py", "def f():\n    from tapeline.components.room.beam_rows import R", "a file of Beam"),
        ("components/room/a.py", "import tapeline.pipeline.wiring\nimport tfx", "against the direction"),
        ("components/room/a.py", "from tapeline.components.room.gone import x", "no file of ours"),
        ("pipeline/a.py", "from tfx import v1 as tfx", "tfx.v1"),
        ("components/room/a.py", "import tf_keras", "Keras 2"),
    ],
)
def test_an_import_that_breaks_a_rule_is_found(path: str, line: str, rule: str) -> None:
    messages = wrong_imports(sources(HOUSE | {path: line}))
    assert any(message.startswith(path) and rule in message for message in messages), messages


def test_a_circle_is_found_even_through_functions() -> None:
    circle = {"cli/a.py": "from tapeline.cli import b", "cli/b.py": "def f():\n    from tapeline.cli.a import x"}
    assert circles(sources(HOUSE | circle)) == [{"tapeline.cli.a", "tapeline.cli.b"}]


def test_files_of_one_name_are_found() -> None:
    files = sources({"series/rows.py": "", "clients/rows.py": "", "series/executor.py": "", "clients/executor.py": ""})
    assert namesakes(files) == {"rows.py": ["series/rows.py", "clients/rows.py"]}


def test_a_library_behind_another_file_of_ours_is_found() -> None:
    files = sources({"schemas/a.py": "from tapeline.schemas.b import x", "schemas/b.py": "import tfx_bsl.coders"})
    assert loaded_at_start("tapeline.schemas.a", files) == {"tfx_bsl"}


def test_an_import_inside_a_function_or_for_type_checkers_costs_nothing_at_start() -> None:
    text = "def f():\n    import tfx\nif typing.TYPE_CHECKING:\n    import keras\nif True:\n    import json"
    assert loaded_at_start("tapeline.schemas.a", sources({"schemas/a.py": text})) == {"json"}


@pytest.mark.parametrize("text", ["model.fit(x)", "self.model.compile(loss=None)", "tf.keras.Model"])
def test_a_keras_shortcut_is_found(text: str) -> None:
    assert len(keras_shortcuts("components/trainer/a.py", text)) == 1


@pytest.mark.parametrize("text", ["re.compile('a')", "history = trained.fit"])
def test_compiling_a_pattern_or_a_field_named_fit_is_no_keras_shortcut(text: str) -> None:
    assert keras_shortcuts("components/trainer/a.py", text) == []
