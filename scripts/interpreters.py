"""Finds a Python of one of some versions, wherever a newcomer's machine may have one.

    paths = candidates("3.10", os.environ)               # PATH first, then every pyenv version
    choose(filter(None, map(inspect, paths)), "3.10")    # Interpreter(path=..., version="3.10.13", headers=True)
    find_local(["3.13", "3.12"], os.environ)             # the first of these that is there

A name on PATH proves nothing (a pyenv shim exists even where its version is not active), so each candidate is
asked what it is. One with its C headers is preferred: a dependency is compiled against them. A virtual environment
answers with the Python it stands on: the project's own may be active while it is built anew.
"""

import functools
import json
import os
import re
from typing import Callable, Iterable, Iterator, Mapping, NamedTuple, Optional, Sequence

import processes

PROBE = """
import json, os, platform, sys, sysconfig
virtual = sys.prefix != sys.base_prefix
base = os.path.join(sys.base_prefix, "bin", "python{}.{}".format(*sys.version_info))
header = os.path.join(sysconfig.get_path("include"), "Python.h")
print(json.dumps({
    "path": base if virtual else sys.executable,
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "headers": os.path.exists(header),
}))
"""
PROBE_SECONDS = 20
INSTALL_SECONDS = 180


class Interpreter(NamedTuple):
    """A Python that was seen to start."""

    path: str
    version: str
    implementation: str
    headers: bool
    """Whether `Python.h` is there."""

    @property
    def minor(self) -> str:
        """The version without its last number: `3.10`."""
        return ".".join(self.version.split(".")[:2])


def numbers(version: str) -> "tuple[int, ...]":
    """Sorts versions as numbers: 3.10.9 comes before 3.10.13."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def candidates(version: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Yields paths that may be a Python of this version (`"3.10"`), the likeliest first, each once."""
    seen = set()
    for path in _everywhere(version, environ):
        if path not in seen and os.access(path, os.X_OK):
            seen.add(path)
            yield path


def _everywhere(version: str, environ: Mapping[str, str]) -> Iterator[str]:
    folders = [folder for folder in environ.get("PATH", "").split(os.pathsep) if folder]
    for name in ("python" + version, "python3", "python"):
        for folder in folders:
            yield os.path.join(folder, name)
    for root in (environ.get("PYENV_ROOT"), os.path.join(environ.get("HOME", ""), ".pyenv")):
        versions = os.path.join(root or "", "versions")
        if root and os.path.isdir(versions):
            fitting = (name for name in os.listdir(versions) if re.match(re.escape(version) + r"\.\d+$", name))
            for name in sorted(fitting, key=numbers, reverse=True):
                yield os.path.join(versions, name, "bin", "python" + version)


@functools.lru_cache(maxsize=None)
def inspect(path: str) -> Optional[Interpreter]:
    """Asks an interpreter what it is; None when it does not start."""
    outcome = processes.run([path, "-I", "-c", PROBE], timeout=PROBE_SECONDS)
    if not outcome.ok:
        return None
    try:
        return Interpreter(**json.loads(outcome.output))
    except (ValueError, TypeError):
        return None


def choose(found: Iterable[Interpreter], version: str) -> Optional[Interpreter]:
    """Picks the first CPython of this version that has its headers, else the first at all."""
    without_headers = None
    for interpreter in found:
        if interpreter.implementation != "CPython" or numbers(interpreter.version)[:2] != numbers(version):
            continue
        if interpreter.headers:
            return interpreter
        without_headers = without_headers or interpreter
    return without_headers


Inspect = Callable[[str], Optional[Interpreter]]


def find_local(
    versions: Sequence[str], environ: Mapping[str, str], *, inspect: Inspect = inspect
) -> Optional[Interpreter]:
    """Looks on PATH and under pyenv for the first of these versions that has its headers, else the first at all."""
    without_headers = None
    for version in versions:
        found = choose(filter(None, map(inspect, candidates(version, environ))), version)
        if found and found.headers:
            return found
        without_headers = without_headers or found
    return without_headers


class Search(NamedTuple):
    """What a search for a Python brought."""

    interpreter: Optional[Interpreter]
    reason: str
    """Why uv could not fetch one either; empty when it was not asked."""


def find(
    versions: Sequence[str],
    environ: Mapping[str, str],
    uv: Optional[str],
    folder: str,
    *,
    inspect: Inspect = inspect,
    run: Callable[..., processes.Outcome] = processes.run,
) -> Search:
    """Looks on PATH, under pyenv and among uv's own Pythons; fetches one with uv when there is none.

    Args:
      versions: such as `["3.12", "3.11"]`, the best first; that is the one that is fetched.
      environ: the environment to search by.
      uv: path of uv, None when there is none to ask.
      folder: where a fetched Python goes; it stays in the project, not in the user's home.
      inspect: asks an interpreter what it is.
      run: runs a command.
    """

    def managed(setting: Mapping[str, str]) -> Optional[Interpreter]:
        options = ["--system", "--python-preference", "only-managed", "--no-python-downloads"]
        for version in versions:
            answer = run([uv, "python", "find", *options, version], timeout=PROBE_SECONDS, environ=setting)
            found = inspect(answer.last_line) if answer.ok else None
            if found:
                return found
        return None

    local = find_local(versions, environ, inspect=inspect)
    if uv is None or (local and local.headers):
        return Search(local, "")
    in_project = dict(environ, UV_PYTHON_INSTALL_DIR=folder, UV_PYTHON_INSTALL_BIN="0")
    ready = managed(environ) or managed(in_project)
    if ready:
        return Search(ready, "")
    fetched = run([uv, "python", "install", versions[0]], timeout=INSTALL_SECONDS, environ=in_project)
    if not fetched.ok:
        return Search(local, re.sub("^cause: ", "", fetched.last_line))
    ready = managed(in_project)
    return Search(ready or local, "" if ready else "the one it fetched does not start")
