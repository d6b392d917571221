"""A clean process to serve a model in: started, given its plan, and ended.

It imports TensorFlow before it asks for the plan. `start_ahead` starts one while there is no model to serve yet; the
next `take` gives that one away.
"""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable

SCRIPT = pathlib.Path(__file__).with_name("clean_process.py")
BARRED = ("tapeline",)
"""The project's package: nothing of it may be needed."""

_LOG_CHARACTERS = 2000


@dataclasses.dataclass(frozen=True)
class CleanProcess:
    """A process that waits for its plan, in a folder of its own.

    Attributes:
        folder: Holds what goes in and what comes out.
        process: Waits for a line on its standard input.
    """

    folder: pathlib.Path
    process: "subprocess.Popen[bytes]"

    @classmethod
    def start(cls) -> "CleanProcess":
        """Starts one."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="serving-gate-"))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        with (folder / "log.txt").open("wb") as output:
            # Isolated: neither the working directory nor PYTHONPATH nor the user's own packages are on its path.
            process = subprocess.Popen(
                [sys.executable, "-I", str(SCRIPT), str(folder), *BARRED],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.PIPE,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
        return cls(folder, process)

    def run(self, timeout_seconds: float, before_measuring: Callable[[], None] | None = None) -> tuple[str, str]:
        """Lets it do what the plan in its folder says; returns what went wrong, or "", and what it wrote.

        Args:
            timeout_seconds: When to give up, from when it may measure.
            before_measuring: It answers while this is called, and measures the time of a forecast after that.
        """
        assert self.process.stdin is not None
        try:
            # One that is gone already is told of below. Unbuffered: what waits in a buffer would fail when it is closed.
            with contextlib.suppress(BrokenPipeError):
                os.write(self.process.stdin.fileno(), b"go\n")
            if before_measuring is not None:
                before_measuring()
            self.process.communicate(b"measure\n", timeout=timeout_seconds)
            code: int | None = self.process.returncode
        except subprocess.TimeoutExpired:
            code = None
        finally:
            self._kill()
        written = (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace")[-_LOG_CHARACTERS:]
        if code == 0:
            return "", written
        stage = self.folder / "stage.txt"
        doing = stage.read_text(encoding="utf-8") if stage.exists() else "starting"
        if code is None:
            return f"it came to no end within {timeout_seconds:g} s; it was at: {doing}", written
        if code < 0:
            return f"it was ended by {_signal_name(-code)}; it was at: {doing}", written
        last = written.strip().splitlines()[-1:] or ["it wrote nothing"]
        return f"it ended with code {code} at: {doing}: {last[0]}", written

    def end(self) -> None:
        """Ends it, wherever it is, and removes its folder."""
        self._kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kill(self) -> None:
        # Whatever the model started goes with it, also when this process is interrupted.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()


_ahead: list[CleanProcess] = []


def start_ahead() -> None:
    """Starts a process for the next `take`; one is enough."""
    if not _ahead:
        _ahead.append(CleanProcess.start())


def take() -> CleanProcess:
    """Returns the process that was started ahead, or a new one."""
    return _ahead.pop() if _ahead else CleanProcess.start()


def end_ahead() -> None:
    """Ends the process that was started ahead, if nobody has taken it."""
    while _ahead:
        _ahead.pop().end()


def _signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"
