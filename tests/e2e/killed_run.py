"""Runs `tapeline` and kills the process (SIGKILL) at one call of one function: what `test_kills.py` starts.

python tests/e2e/killed_run.py MODULE:NAME before|after CALL COMMAND ...
"""

import importlib
import os
import signal
import sys
from typing import Any

from tapeline.cli import main as cli
from tapeline.cli.leaving import leave


def arm(place: str, when: str, call: int) -> None:
    """Replaces a function by one that kills the process before or after it is called for the n-th time."""
    module, _, path = place.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    function, calls = getattr(owner, name), 0

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*args, **kwargs)
        if calls == call and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, deadly)


if __name__ == "__main__":
    point, when, call, *arguments = sys.argv[1:]
    arm(point, when, int(call))
    leave(cli.main(arguments))
