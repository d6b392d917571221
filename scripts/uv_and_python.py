"""Finds what a make target needs that runs uv by itself: uv, and a Python of one of the stacks.

tools = uv_and_python.find("make docs", os.environ)
if tools is None:
    return 1      # what is missing was printed
"""

import sys
from typing import Dict, Mapping, NamedTuple, Optional

import bootstrap
import interpreters
import stacks
import uv_tool


class Tools(NamedTuple):
    """What was found."""

    uv: str
    python: str
    environ: Dict[str, str]
    """The environment to run uv in."""


def find(target: str, environ: Mapping[str, str]) -> Optional[Tools]:
    """Looks for both, fetches what is missing, and says on standard error what could not be had."""
    environment = uv_tool.uv_environment(environ)
    uv = uv_tool.get_uv(bootstrap.PROJECT / ".uv", environment)
    if uv.path is None:
        print(target + " needs uv, which could not be fetched: " + uv.reason, file=sys.stderr)
        return None
    pythons = [version for stack in stacks.STACKS.values() for version in stack.pythons]
    python = interpreters.find(pythons, environment, uv.path, str(bootstrap.PROJECT / ".python")).interpreter
    if python is None:
        print(target + " needs one of Python " + ", ".join(pythons), file=sys.stderr)
        return None
    return Tools(uv.path, python.path, environment)
