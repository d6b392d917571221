"""Builds `.venv` from one of the committed locks: what `make` does before anything else.

    python3 scripts/bootstrap.py            # builds .venv unless it is ready
    python3 scripts/bootstrap.py --check    # exit status 0 when it is ready, in a few hundredths of a second
    STACK=1.16 python3 scripts/bootstrap.py # the stack of this name, whatever `stacks.choose` would take

`.venv/tapeline-ready` is written last and removed first, so an environment without it is one that was interrupted,
and is built anew; uv's cache makes that cheap. It runs under any Python from 3.6 on, with or without pip.
"""

import fcntl
import hashlib
import os
import pathlib
import shutil
import sys
import time
from typing import Mapping, Optional

import interpreters
import processes
import stacks
import toolchain
import uv_tool

PROJECT = pathlib.Path(__file__).resolve().parent.parent
VENV_SECONDS = 60


class SetUpError(Exception):
    """The set-up cannot go on; the message says what a newcomer can do."""


def fingerprint(project: pathlib.Path, stack: stacks.Stack) -> str:
    """Names the environment that this checkout needs: what is locked, how it is packaged, where it lies.

    The place counts because scripts and the editable install hold absolute paths: a folder that was moved or copied
    has an environment that points elsewhere.
    """
    digest = hashlib.sha256(str(project).encode())
    for name in (stack.lock, "setup.py"):
        digest.update(b"\0" + (project / name).read_bytes())
    return f"{stack.name} {digest.hexdigest()}"


def stamp(project: pathlib.Path) -> pathlib.Path:
    """Returns the file whose presence says that the environment is whole."""
    return project / ".venv" / "tapeline-ready"


def is_ready(project: pathlib.Path, forced: Optional[str]) -> bool:
    """Whether `.venv` is whole, belongs to its lock and this place, and its Python is still there.

    An environment of either stack is ready, unless `forced` names the other one.
    """
    try:
        written = stamp(project).read_text()
        stack = stacks.STACKS.get(forced or written.split()[0])
        same = stack is not None and written == fingerprint(project, stack)
    except (OSError, IndexError):
        return False
    return same and (project / ".venv" / "bin" / "python").exists()


def pick_stack(environ: Mapping[str, str]) -> stacks.Stack:
    """Looks at this machine's glibc and Pythons, and chooses.

    Raises:
      SetUpError: `STACK` asks for what cannot be had here.
    """
    versions = (version for stack in stacks.STACKS.values() for version in stack.pythons)
    found = {version for version in versions if interpreters.find_local([version], environ)}
    try:
        return stacks.choose(environ.get("STACK"), glibc=stacks.glibc_version(), pythons=found)
    except stacks.StackError as error:
        raise SetUpError(f"\n{error}") from None


def prepare(project: pathlib.Path, environ: Mapping[str, str]) -> None:
    """Finds everything that is needed, says what is missing, or builds the environment.

    Raises:
      SetUpError: something is missing, or a step failed.
    """
    start = time.monotonic()
    stack = pick_stack(environ)
    print(f"Setting up Tapeline in .venv, once, with TFX {stack.name}:", flush=True)
    environ = uv_tool.uv_environment(environ)
    uv = uv_tool.get_uv(pathlib.Path(".uv"), environ)
    search = interpreters.find(stack.pythons, environ, uv.path, str(project / ".python"))
    compiler = toolchain.find_compiler(environ)
    missing = toolchain.missing_parts(uv=uv, search=search, compiler=compiler, stack=stack)
    if missing or not (uv.path and search.interpreter and compiler):
        commands = toolchain.remedies(missing, stack, toolchain.describe_system(uv.path, environ))
        raise SetUpError(toolchain.message(missing, commands))
    python = search.interpreter
    print(
        "  Python {} from {}; C++ compiler {}; uv from {}".format(python.version, python.path, compiler["CXX"], uv.path)
    )
    build(project, uv.path, python.path, stack.lock, dict(environ, **compiler))
    stamp(project).write_text(fingerprint(project, stack))
    print(f"  ready in {time.monotonic() - start:.0f} s\n", flush=True)


def build(project: pathlib.Path, uv: str, python: str, lock: str, environ: Mapping[str, str]) -> None:
    """Makes `.venv`, installs what is locked, then the project itself, editable.

    Raises:
      SetUpError: uv failed; its words are in the message.
    """
    folder = project / ".venv"
    stamp(project).unlink() if stamp(project).exists() else None
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(str(folder))
    made = processes.run(
        [uv, "venv", "--quiet", "--python", python, str(folder)], timeout=VENV_SECONDS, environ=environ
    )
    demand(made)
    into = ["--quiet", "--python", str(folder / "bin" / "python")]
    packages = sum("==" in line for line in (project / lock).read_text().splitlines())
    label = f"installing {packages} packages from {lock}"
    locked = [uv, "pip", "sync", *into, "--require-hashes", lock]
    if environ.get("PYTHONDONTWRITEBYTECODE"):
        # Python will never write it, so every process would compile what it imports: 10 s of CPU for TFX.
        locked.append("--compile-bytecode")
    demand(processes.run_showing_time(label, locked, environ=environ))
    # The build backend is in the lock, so the project's own install needs no network.
    itself = [uv, "pip", "install", *into, "--no-deps", "--no-build-isolation", "--offline", "--editable", "."]
    demand(processes.run_showing_time("installing Tapeline itself", itself, environ=environ))


def demand(outcome: processes.Outcome) -> None:
    """Stops the set-up when a step failed."""
    if not outcome.ok:
        raise SetUpError(f"\nTapeline's set-up stopped:\n{outcome.output.strip()}\nThe same make command tries again.")


def main(arguments: "list[str]") -> int:
    """Runs the command; returns its exit status."""
    os.chdir(str(PROJECT))
    forced = os.environ.get("STACK")
    if is_ready(PROJECT, forced):
        return 0
    if "--check" in arguments:
        return 1
    with open(__file__) as this_file:  # one set-up at a time: two `make` at once must not build into each other
        fcntl.flock(this_file, fcntl.LOCK_EX)
        if is_ready(PROJECT, forced):
            return 0
        try:
            prepare(PROJECT, os.environ)
        except SetUpError as error:
            print(error, file=sys.stderr)
            return 1
        except OSError as error:  # no space left, no permission
            print(f"\nTapeline's set-up stopped: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\nInterrupted. The same make command starts again.", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
