"""Hashes that stand for code and files in a component's execution properties.

TFX's cache key holds a component's inputs and properties, neither its own
source nor what lies behind a path. So each component is given the fingerprint
of the code it runs, and a change there, or of the stack below it, is never
answered from the cache.

    code_fingerprint("tapeline.components.ingest", "schemas")   # '5f0c1d…'
"""

import functools
import hashlib
import importlib.util
import pathlib

from tapeline.schemas import stack

_LENGTH = 16
"""Hexadecimal digits that are kept: 64 bits, enough to tell any two versions apart."""


@functools.cache
def code_fingerprint(*packages: str) -> str:
    """Returns a hash of the Python source of packages, their subpackages included, and of the stack's name.

    Args:
        packages: Dotted names. They are found, not imported.

    Raises:
        ValueError: There is no such package.
    """
    digest = hashlib.sha256(stack.NAME.encode())
    for package in packages:
        for path in _sources(package):
            digest.update(f"{package}/{path.name}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:_LENGTH]


def file_fingerprint(path: pathlib.Path) -> str:
    """Returns a hash of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:_LENGTH]


def _sources(package: str) -> list[pathlib.Path]:
    spec = importlib.util.find_spec(package)
    if spec is None or not (spec.submodule_search_locations or spec.origin):
        raise ValueError(f"packages: {package!r} is not an importable package.")
    if not spec.submodule_search_locations:
        return [pathlib.Path(str(spec.origin))]
    return sorted(path for folder in spec.submodule_search_locations for path in pathlib.Path(folder).rglob("*.py"))
