"""Writes the lock from the `.in` files: `make lock`, or `make lock ARGS=--upgrade` for newer versions.

uv keeps what is locked already unless it is told to upgrade. The lock names no package index, so that it serves
behind a mirror too.
"""

import os
import sys

import bootstrap
import interpreters
import processes
import uv_tool

SOURCES = ["requirements.in", "requirements-kubeflow.in", "requirements-onnx.in", "requirements-dev.in"]
# The oldest glibc for which every dependency has a wheel: Ubuntu 22.04 has 2.35, Debian 12 has 2.36.
PLATFORM = "x86_64-manylinux_2_28"


def main(arguments: "list[str]") -> int:
    """Compiles the lock of the project and the pin of uv; returns an exit status."""
    os.chdir(str(bootstrap.PROJECT))
    environ = uv_tool.uv_environment(os.environ)
    uv = uv_tool.get_uv(bootstrap.PROJECT / ".uv", environ)
    if uv.path is None:
        print("make lock needs uv, which could not be fetched: " + uv.reason, file=sys.stderr)
        return 1
    python = interpreters.find(bootstrap.PYTHON, environ, uv.path, str(bootstrap.PROJECT / ".python")).interpreter
    if python is None:
        print("make lock needs Python " + bootstrap.PYTHON, file=sys.stderr)
        return 1
    tool = os.path.relpath(str(uv_tool.REQUIREMENTS), str(bootstrap.PROJECT))
    for sources, target in ((SOURCES, bootstrap.LOCK), (["scripts/uv.in"], tool)):
        compile_lock = [
            uv.path,
            "pip",
            "compile",
            "--quiet",
            "--generate-hashes",
            "--custom-compile-command",
            "make lock",
        ]
        where = ["--python", python.path, "--python-platform", PLATFORM, "--output-file", target]
        label = "{} -> {}".format(", ".join(sources), target)
        outcome = processes.run_showing_time(label, [*compile_lock, *where, *arguments, *sources], environ=environ)
        if not outcome.ok:
            print(outcome.output, file=sys.stderr)
            return outcome.code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
