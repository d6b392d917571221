"""Writes both locks from the `.in` files: `make lock`, or `make lock ARGS=--upgrade` for newer versions.

uv keeps what is locked already unless it is told to upgrade. The locks name no package index, so that they serve
behind a mirror too.
"""

import os
import sys
from typing import Iterator, List, Tuple

import bootstrap
import processes
import site_pages
import stacks
import uv_and_python
import uv_tool

SOURCES = ["requirements.in", "requirements-kubeflow.in", "requirements-onnx.in", "requirements-dev.in"]


def targets() -> Iterator[Tuple[str, List[str], List[str]]]:
    """Yields each file to write, its sources, and what it is resolved for.

    A stack of one Python is resolved for the oldest glibc that it runs on. One of several Pythons is resolved for all
    of them at once, with markers where they differ.
    """
    for stack in stacks.STACKS.values():
        if len(stack.pythons) == 1:
            place = ["--python-platform", "x86_64-manylinux_{}_{}".format(*stack.glibc)]
        else:
            place = ["--universal"]
        yield stack.lock, SOURCES, ["--python-version", min(stack.pythons), *place]
    tool = os.path.relpath(str(uv_tool.REQUIREMENTS), str(bootstrap.PROJECT))
    yield tool, ["scripts/uv.in"], ["--python-version", stacks.OLD.pythons[0]]
    site = os.path.relpath(str(site_pages.REQUIREMENTS), str(bootstrap.PROJECT))
    yield site, ["scripts/site.in"], ["--python-version", stacks.OLD.pythons[0], "--universal"]


def main(arguments: "list[str]") -> int:
    """Compiles the locks of the project, and the pins of uv and of the site; returns an exit status."""
    os.chdir(str(bootstrap.PROJECT))
    # A Python too: some dependencies say what they need only when one runs their set-up.
    tools = uv_and_python.find("make lock", os.environ)
    if tools is None:
        return 1
    for target, sources, where in targets():
        command = [tools.uv, "pip", "compile", "--quiet", "--generate-hashes", "--custom-compile-command", "make lock"]
        label = "{} -> {}".format(", ".join(sources), target)
        options = ["--python", tools.python, *where, "--output-file", target, *arguments]
        outcome = processes.run_showing_time(label, [*command, *options, *sources], environ=tools.environ)
        if not outcome.ok:
            print(outcome.output, file=sys.stderr)
            return outcome.code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
