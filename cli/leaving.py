"""How the process of a command ends: orderly for what Python knows of, at once for what it does not.

TensorFlow and Arrow have threads of their own. An interpreter that takes itself down while one of them is at work
may abort (SIGABRT, exit code 134) after everything was said and written, and a refusal looks like a crash.
"""

import atexit
import contextlib
import os
import sys
from typing import NoReturn

_WITH_THREADS = ("pyarrow", "tensorflow")


def leave(code: int) -> NoReturn:
    """Ends the process with an exit code.

    What was registered for the end runs (temporary folders, logs, children), and what was printed is written out. Then,
    where a library with threads of its own was loaded, the process ends without taking the interpreter down.
    """
    if not any(name in sys.modules for name in _WITH_THREADS):
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        # Nobody may be left to read it.
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
