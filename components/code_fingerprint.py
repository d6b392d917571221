"""A hash that stands for the code of an executor in its component's cache key.

TFX's cache key holds a component's inputs and properties, not the source of
its executor. So each component is given the fingerprint of every file that its
executor reaches, and a change in one of them, or of the stack below, is never
answered from the cache.

>>> len(code_fingerprint("tapeline.components.trainer.executor"))
16

What is reached is read off the sources, nothing is imported: imports at the
top and inside functions, modules that are only named (`"tapeline.room.file"`,
as TFX and TFMA take them), and files beside a module that it names
(`"page.css"`, a script). Imports for type checkers alone do not count.
"""

import ast
import functools
import hashlib
import pathlib
import re
from collections.abc import Iterator

from tapeline.schemas import stack

_PACKAGE = pathlib.Path(__file__).parent.parent
"""The folder of `tapeline`."""

_LENGTH = 16
"""Hexadecimal digits that are kept: 64 bits, enough to tell any two versions apart."""

_MODULE_NAME = re.compile(r"tapeline(\.\w+)+")
_FILE_NAME = re.compile(r"[\w-]+(\.\w+)+")


@functools.cache
def code_fingerprint(module: str, *, package: pathlib.Path = _PACKAGE) -> str:
    """Returns a hash of all source that a module reaches, and of the stack's name.

    Args:
        module: Dotted name in `tapeline`. It is found, not imported.
        package: The folder of `tapeline`.

    Raises:
        ValueError: There is no such module.
    """
    digest = hashlib.sha256(stack.NAME.encode())
    for path in reached_files(module, package=package):
        digest.update(f"{path.relative_to(package).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:_LENGTH]


def reached_files(module: str, *, package: pathlib.Path = _PACKAGE) -> list[pathlib.Path]:
    """Returns the files that a module uses, directly or through others, itself included; sorted.

    Arguments and errors are those of `code_fingerprint`.
    """
    first = _file_of(module, package)
    if first is None:
        raise ValueError(f"module: {module!r} is no module of {package}. Give its dotted name, such as tapeline.cli.")
    found: set[pathlib.Path] = set()
    waiting = [first]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            if path.suffix == ".py":
                # Importing a module runs the packages that it lies in.
                waiting += [package / parent / "__init__.py" for parent in path.relative_to(package).parents]
                waiting += _uses(path, package)
    return sorted(found)


def _uses(path: pathlib.Path, package: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields the files that one file names itself."""
    modules, files = _names_in(path.read_bytes())
    for name in modules:
        used = _file_of(name, package)
        if used is not None:
            yield used
    for name in files:
        if (path.parent / name).is_file():
            yield path.parent / name


@functools.cache
def _names_in(source: bytes) -> tuple[frozenset[str], frozenset[str]]:
    """Returns the modules, or names in modules, that a source uses, and what could be names of files beside it."""
    modules, files = set(), set()
    for node in _executed(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _MODULE_NAME.fullmatch(node.value):
                modules.add(node.value)
            elif _FILE_NAME.fullmatch(node.value):
                files.add(node.value)
    return frozenset(modules), frozenset(files)


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    """Yields all nodes but those for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _executed(node)


@functools.cache
def _file_of(name: str, package: pathlib.Path) -> pathlib.Path | None:
    """Returns the file of a module, or of the module that a name lies in; None where it is not of this project."""
    first, *parts = name.split(".")
    if first != "tapeline":
        return None
    for length in (len(parts), len(parts) - 1):
        place = package.joinpath(*parts[:length]) if length >= 0 else package
        if place.with_suffix(".py").is_file() and length > 0:
            return place.with_suffix(".py")
        if (place / "__init__.py").is_file():
            return place / "__init__.py"
    return None
