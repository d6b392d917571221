"""Runs other programs for the set-up scripts, where a missing program is a result and not an exception.

    run(["uv", "--version"], timeout=10)     # Outcome(code=0, output="uv 0.13.8 ...")
    run(["no-such-program"], timeout=10)     # Outcome(code=127, output="no-such-program: not found")

The scripts in this folder run under any Python from 3.6 on, before anything is installed.
"""

import subprocess
import sys
import tempfile
import time
from typing import Mapping, NamedTuple, Optional, Sequence

NOT_FOUND = 127
TIMED_OUT = 124


class Outcome(NamedTuple):
    """How a program ended."""

    code: int
    """Exit status; 127 when it could not be started, 124 when it ran out of time (as a shell has it)."""
    output: str
    """What it wrote on stdout and stderr."""

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.code == 0

    @property
    def last_line(self) -> str:
        """The last line it wrote: its answer, or why it failed."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return lines[-1] if lines else f"exit status {self.code}"


def run(
    command: Sequence[str], *, timeout: float, environ: Optional[Mapping[str, str]] = None, stdin: str = ""
) -> Outcome:
    """Runs a command to its end, or to its time limit in seconds."""
    try:
        ended = subprocess.run(
            command,
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(TIMED_OUT, f"{command[0]} gave no answer within {timeout:.0f} s")
    except OSError as error:
        return Outcome(NOT_FOUND, f"{command[0]}: {error.strerror or error}")
    return Outcome(ended.returncode, ended.stdout.decode(errors="replace"))


def run_showing_time(label: str, command: Sequence[str], *, environ: Mapping[str, str]) -> Outcome:
    """Runs a long command behind one line of progress; its own output is kept for when it fails."""
    start = time.monotonic()
    on_terminal = sys.stdout.isatty()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ)
        if not on_terminal:
            print(f"  {label} ...", flush=True)
        while process.poll() is None:
            if on_terminal:
                print(f"\r  {label} ... {time.monotonic() - start:.0f} s", end="", flush=True)
            try:
                process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                continue
        if on_terminal:
            print()
        log.seek(0)
        return Outcome(process.returncode, log.read().decode(errors="replace"))
