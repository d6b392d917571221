"""Checks what has to be there before the set-up can begin, and words the one message about what is not.

missing = missing_parts(uv=..., search=..., compiler=..., stack=stacks.OLD)
print(message(missing, remedies(missing, stacks.OLD, system)))
"""

import os
import re
import shlex
import shutil
import ssl
from typing import Callable, List, Mapping, NamedTuple, Optional

import interpreters
import processes
import stacks
import uv_tool

COMPILERS = {"c++": "cc", "g++": "gcc", "clang++": "clang"}
COMPILE_SECONDS = 30
COMPILED = "pyfarmhash, a dependency, is compiled here"
APT_PYTHONS = {
    "debian 13": "3.13",
    "ubuntu 22.04": "3.10",
    "ubuntu 24.04": "3.12",
    "ubuntu 24.10": "3.12",
    "ubuntu 25.04": "3.13",
    "ubuntu 25.10": "3.13",
}
"""The Python that `apt-get` brings, for systems where a stack can use it."""


class Missing(NamedTuple):
    """Something that a newcomer has to bring."""

    name: str
    """One of `uv`, `python`, `headers`, `compiler`."""
    text: str
    """What it is, and why it is needed."""
    python: str = ""
    """For headers, the version of Python that they belong to."""


class System(NamedTuple):
    """What the remedies depend on."""

    distribution: str
    """`ID` and `VERSION_ID` of /etc/os-release, such as `"ubuntu 22.04"`."""
    is_root: bool
    has_apt: bool
    has_pyenv: bool
    uv: Optional[str]
    """Path of uv."""
    has_certificates: bool = True
    """Whether there are certificates to check servers by; a bare Debian has none."""


def describe_system(uv: Optional[str], environ: Mapping[str, str]) -> System:
    """Looks at the machine this runs on."""
    path = environ.get("PATH", "")
    try:
        with open("/etc/os-release") as release:
            fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', release.read(), re.MULTILINE))
    except OSError:
        fields = {}
    return System(
        distribution="{} {}".format(fields.get("ID", ""), fields.get("VERSION_ID", "")).strip(),
        is_root=os.geteuid() == 0,
        has_apt=shutil.which("apt-get", path=path) is not None,
        has_pyenv=shutil.which("pyenv", path=path) is not None,
        uv=uv,
        has_certificates=has_certificates(),
    )


def has_certificates() -> bool:
    """Whether Python finds certificates of authorities, in a file or a folder."""
    where = ssl.get_default_verify_paths()
    folder = where.capath
    return where.cafile is not None or (folder is not None and bool(os.listdir(folder)))


def find_compiler(
    environ: Mapping[str, str], run: Callable[..., processes.Outcome] = processes.run
) -> "Optional[dict[str, str]]":
    """Finds a C++ compiler that works, as the variables CC and CXX; None when there is none.

    A compiler without its standard library is installed easily (clang++ alone), so each is given a line to compile.
    """
    chosen = environ.get("CXX")
    for command in [chosen] if chosen else list(COMPILERS):
        check = [*shlex.split(command), "-x", "c++", "-fsyntax-only", "-"]
        if run(check, timeout=COMPILE_SECONDS, environ=environ, stdin="#include <string>\n").ok:
            return {"CXX": command, "CC": environ.get("CC") or COMPILERS.get(command, command)}
    return None


def missing_parts(
    *,
    uv: uv_tool.Found,
    search: interpreters.Search,
    compiler: "Optional[dict[str, str]]",
    stack: stacks.Stack,
) -> List[Missing]:
    """Lists everything that is missing at once, so that a newcomer mends it at once."""
    missing = []
    if uv.path is None:
        missing.append(Missing("uv", "uv, which installs the dependencies. It could not be fetched: " + uv.reason))
    fetch = f" uv could not fetch one: {search.reason}" if search.reason else ""
    if search.interpreter is None:
        text = f"Python {stack.python_words}: not on PATH, not under pyenv, not among those of uv.{fetch}"
        missing.append(Missing("python", text))
    elif not search.interpreter.headers:
        text = f"The C headers (Python.h) of {search.interpreter.path}: {COMPILED}.{fetch}"
        missing.append(Missing("headers", text, search.interpreter.minor))
    if compiler is None:
        missing.append(Missing("compiler", f"A C++ compiler: {COMPILED}."))
    return missing


def remedies(missing: List[Missing], stack: stacks.Stack, system: System) -> List[str]:
    """Writes the commands that bring what is missing, one apt-get line for all that it can bring."""
    parts = {part.name: part for part in missing}
    packages, others = [], []
    if "compiler" in parts:
        packages.append("g++")
    if "python" in parts or "headers" in parts:
        version = parts["headers"].python if "headers" in parts else APT_PYTHONS.get(system.distribution)
        if system.has_apt and ("headers" in parts or version in stack.pythons):
            packages += [f"python{version}", f"python{version}-dev"]
        elif system.has_pyenv:
            others.append("pyenv install " + stack.pythons[0])
        else:
            others.append("{} python install {}".format(shlex.quote(system.uv or "uv"), stack.pythons[0]))
    if "uv" in parts and system.has_apt and not system.has_certificates:
        packages.insert(0, "ca-certificates")
    elif "uv" in parts:
        hint = "    # or mend the network: HTTPS_PROXY, PIP_INDEX_URL, PIP_CERT"
        others.insert(0, "curl -LsSf https://astral.sh/uv/install.sh | sh" + hint)
    if not packages:
        return others
    if not system.has_apt:
        return ["your package manager: " + " ".join(packages), *others]
    install = "apt-get install -y " + " ".join(packages)
    return [install if system.is_root else "sudo " + install, *others]


def message(missing: List[Missing], commands: List[str]) -> str:
    """Words what is missing and what brings it."""
    lines = ["", "Tapeline cannot be set up yet. Missing:"]
    lines += ["  - " + part.text for part in missing]
    lines += ["", "This brings what is missing; then type the same make command again:"]
    lines += ["    " + command for command in commands]
    return "\n".join(lines)
