"""Keeps imports pointing one way: schemas ← pure files ← Beam ← executors ← components ← pipeline.

The rules are read off the syntax trees, so nothing is imported and the test takes a moment. The last tests give
each rule a file that breaks it.
"""

import ast
import pathlib
import sys
from collections.abc import Iterator
from typing import NamedTuple

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROOMS = ("schemas", "components", "pipeline")
TENSORFLOW = {"tensorflow", "keras", "tensorflow_transform", "tensorflow_model_analysis", "tensorflow_data_validation"}
HEAVY = TENSORFLOW | {"tensorflow_metadata", "tfx", "tfx_bsl", "apache_beam", "ml_metadata"}
STARTS_AT_ONCE = (
    "components/ingest/splits.py",
    "series/windowing.py",
    "components/data_gate/series_checks.py",
)
# TFMA and TFT take Beam's transforms in these.
RUN_BY_BEAM = ("components/evaluator/beam_metrics.py", "components/transform/preprocessing.py")
SCHEMAS, PURE, BEAM, EXECUTOR, COMPONENT, PIPELINE = range(6)


class Import(NamedTuple):
    module: str
    line: int
    at_start: bool
    """Whether importing the file runs it: not inside a function, not for type checkers only."""


def sources(root: pathlib.Path) -> dict[str, ast.Module]:
    """Parses all files of the three rooms, by their path below the root."""
    files = (path for room in ROOMS for path in sorted((root / room).rglob("*.py")))
    return {path.relative_to(root).as_posix(): ast.parse(path.read_text()) for path in files}


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


def layer(path: str) -> int:
    """How far from the data contracts a file stands; it may import what stands no farther."""
    room, name = path.split("/")[0], path.split("/")[-1]
    if room != "components":
        return SCHEMAS if room == "schemas" else PIPELINE
    if name == "component.py":
        return COMPONENT
    if any(word in name for word in ("executor", "pusher", "resolver")):
        return EXECUTOR
    return BEAM if name.startswith("beam_") or path in RUN_BY_BEAM else PURE


def own_file(module: str, files: dict[str, ast.Module]) -> str | None:
    """Finds the file of ours that an imported name (a module, or something in one) comes from."""
    for name in (module, module.rpartition(".")[0]):
        path = name.replace(".", "/") + ".py"
        if path in files:
            return path
    return None


def top(module: str) -> str:
    return module.split(".")[0]


def wrong_imports(files: dict[str, ast.Module]) -> list[str]:
    """Lists every import that points the wrong way, or to a library that has no place in its file."""
    found = []
    for path, tree in files.items():
        for module, line, _ in imports(tree):
            target = own_file(module, files)
            wrong = {
                "imports against the direction": target is not None and layer(target) > layer(path),
                "imports across to the pipeline": top(module) == "pipeline" and layer(path) != PIPELINE,
                "needs a heavy library in schemas/": top(module) in HEAVY and layer(path) == SCHEMAS,
                "needs tfx in a pure file": top(module) == "tfx" and layer(path) < EXECUTOR,
                "needs Beam in a pure file": top(module) == "apache_beam" and layer(path) < BEAM,
                "imports all of tfx.v1, seven seconds": module.startswith("tfx.v1"),
                "uses Keras 2": module.startswith(("tf_keras", "tensorflow.keras", "tensorflow.python.keras")),
            }
            found += [f"{path}:{line}: {rule}: {module}" for rule, broken in wrong.items() if broken]
    return found


def loaded_at_start(path: str, files: dict[str, ast.Module]) -> set[str]:
    """Names every library that importing a file loads, through all of our files on the way."""
    seen, waiting, libraries = set(), [path], set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for module, _, at_start in imports(files[current]):
            target = own_file(module, files)
            if at_start and target is not None:
                waiting.append(target)
            elif at_start:
                libraries.add(top(module))
    return libraries


def keras_shortcuts(files: dict[str, ast.Module]) -> list[str]:
    """Lists uses of tf.keras, and of Keras' ready-made training in place of the hand-written loop."""
    found = []
    for path, tree in files.items():
        called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute):
                continue
            owner = ast.unparse(node.value)
            trains = node.attr in ("compile", "fit") and id(node) in called and owner != "re"
            if (trains and path.startswith("components/")) or (node.attr == "keras" and owner in ("tf", "tensorflow")):
                found.append(f"{path}:{node.lineno}: {owner}.{node.attr}")
    return found


@pytest.fixture(scope="module")
def files() -> dict[str, ast.Module]:
    return sources(ROOT)


def test_imports_point_from_the_pipeline_to_the_schemas(files):
    assert wrong_imports(files) == []


@pytest.mark.parametrize("path", STARTS_AT_ONCE)
def test_pure_checks_load_no_tensorflow(files, path):
    assert not loaded_at_start(path, files) & HEAVY


def test_command_line_loads_the_standard_library_only(files):
    assert loaded_at_start("cli/main.py", files) <= set(sys.stdlib_module_names)


def test_packages_import_nothing(files):
    packages = {path: tree for path, tree in files.items() if path.endswith("__init__.py")}
    assert {path for path, tree in packages.items() if list(imports(tree))} == set()


def test_training_is_written_by_hand_on_keras_3(files):
    assert keras_shortcuts(files) == []


def test_components_do_not_postpone_annotations(files):
    # TFX's @component reads real types, not strings.
    components = {path: tree for path, tree in files.items() if path.endswith("/component.py")}
    assert components
    postponed = [
        path for path, tree in components.items() for found in imports(tree) if top(found.module) == "__future__"
    ]
    assert postponed == []


@pytest.mark.parametrize(
    ("path", "line", "rule"),
    [
        ("schemas/a.py", "import tensorflow as tf", "heavy library in schemas"),
        ("schemas/a.py", "from components.room import pure", "against the direction"),
        ("components/room/a.py", "from components.room import executor", "against the direction"),
        ("components/room/a.py", "from components.room.beam_rows import Read", "against the direction"),
        ("components/room/a.py", "def f():\n    from tfx import types", "tfx in a pure file"),
        ("components/room/a.py", "import apache_beam as beam", "Beam in a pure file"),
        ("components/room/executor.py", "from components.room.component import C", "against the direction"),
        ("components/room/component.py", "import pipeline.not_there_yet", "across to the pipeline"),
        ("pipeline/a.py", "from tfx import v1 as tfx", "tfx.v1"),
        ("components/room/a.py", "import tf_keras", "Keras 2"),
    ],
)
def test_an_import_that_breaks_a_rule_is_found(path, line, rule):
    files = {name: ast.parse("") for name in ("components/room/executor.py", "components/room/component.py")}
    files |= {"components/room/beam_rows.py": ast.parse(""), "components/room/pure.py": ast.parse("")}
    (message,) = wrong_imports(files | {path: ast.parse(line)})
    assert message.startswith(path)
    assert rule in message


def test_a_library_behind_another_file_of_ours_is_found():
    files = {"schemas/a.py": ast.parse("from schemas.b import x"), "schemas/b.py": ast.parse("import tfx_bsl.coders")}
    assert loaded_at_start("schemas/a.py", files) == {"tfx_bsl"}


def test_an_import_inside_a_function_or_for_type_checkers_costs_nothing_at_start():
    text = "def f():\n    import tfx\nif typing.TYPE_CHECKING:\n    import keras\nif True:\n    import json"
    assert loaded_at_start("schemas/a.py", {"schemas/a.py": ast.parse(text)}) == {"json"}


@pytest.mark.parametrize("text", ["model.fit(x)", "self.model.compile(loss=None)", "tf.keras.Model"])
def test_a_keras_shortcut_is_found(text):
    assert len(keras_shortcuts({"components/trainer/a.py": ast.parse(text)})) == 1


@pytest.mark.parametrize("text", ["re.compile('a')", "history = trained.fit"])
def test_compiling_a_pattern_or_a_field_named_fit_is_no_keras_shortcut(text):
    assert keras_shortcuts({"components/trainer/a.py": ast.parse(text)}) == []
