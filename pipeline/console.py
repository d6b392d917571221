"""What a person sees while a pipeline runs: a line a component, everything else in a log file.

TFX, Beam and TensorFlow write thousands of lines to standard error, some from
C++. `quiet` sends both standard streams' file descriptors to a log and keeps
the terminal for Python's own `print`.
"""

import contextlib
import logging
import os
import pathlib
import shutil
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TextIO

from tapeline.schemas.errors import user_error
from tapeline.schemas.features import SPLITS

_NODE_STARTED = "Component %s is running."
_EXECUTION_STARTED = "Going to run a new execution %d"
_REST_OF_LINE = "\x1b[K"
"""Has a terminal clear the line from here on."""

_NODE_FINISHED = "Component %s is finished."
_REFRESH_SECONDS, _LINE_SECONDS = 1.0, 60.0
_BEFORE_COUNTS = 40
"""Where what a component counted begins in its line."""


@contextlib.contextmanager
def quiet(log_path: pathlib.Path) -> Iterator[TextIO]:
    """Sends all that is not printed by Python to a log file.

    Yields:
        The terminal (or whatever standard output was), which `print` keeps writing to.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    stdout_fd, stderr_fd = os.dup(1), os.dup(2)
    python_streams = sys.stdout, sys.stderr
    with open(log_path, "a", buffering=1, encoding="utf-8") as log, os.fdopen(stdout_fd, "w", buffering=1) as console:
        handler = _log_handler(log)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        sys.stdout, sys.stderr = console, log
        try:
            yield console
        finally:
            console.flush()
            os.dup2(stdout_fd, 1)
            os.dup2(stderr_fd, 2)
            os.close(stderr_fd)
            sys.stdout, sys.stderr = python_streams
            root = logging.getLogger()
            root.removeHandler(handler)
            # Without any handler, the next record would have Python make one that writes to the terminal.
            root.addHandler(logging.NullHandler())


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Keeps off the terminal what TensorFlow and other libraries say; an error that is no refusal shows it."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log.txt"
        try:
            with quiet(log):
                yield
        except Exception as error:
            if user_error(error) is None:
                sys.stderr.write(log.read_text(encoding="utf-8", errors="replace"))
            raise


def _log_handler(log: TextIO) -> logging.Handler:
    """Replaces whatever handlers write to the terminal by one that writes to the log."""
    from absl import logging as absl_logging

    absl_logging.use_absl_handler()
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    file_handler = logging.StreamHandler(log)
    file_handler.setFormatter(logging.Formatter("%(asctime)s %(levelname).1s %(name)s: %(message)s"))
    root.addHandler(file_handler)
    absl_logging.set_verbosity(absl_logging.INFO)
    return file_handler


class ComponentLines(logging.Handler):
    """Prints a line when a component ends: its name, how it ended, how long it took, what it counted.

    It listens to what LocalDagRunner logs, the runner's only sign of life. Until a component ends, a terminal shows how
    long it has been at work, and a file gets a line a minute.

    Attributes:
        started: Ids of the components that began, in order.

    Args:
        console: Where lines go.
        state: Returns how a node ended, and what it counted or "", once it has ended.
        talkative: Nodes that print lines of their own in between, such as the Trainer's epochs.
        executes: Told a node's id once it is clear that it runs, and is not answered from the cache.
        clock: Seconds, for tests.
        detail: Returns what more is known of the component at work, such as where its job stands; "" where nothing is.
    """

    def __init__(
        self,
        console: TextIO,
        state: Callable[[str], tuple[str, str]],
        talkative: frozenset[str] = frozenset(),
        executes: Callable[[str], None] = lambda node: None,
        clock: Callable[[], float] = time.monotonic,
        detail: Callable[[], str] = str,
    ) -> None:
        super().__init__()
        self._detail = detail
        self._told = False
        self._console = console
        self._state = state
        self._talkative = talkative
        self._executes = executes
        self._clock = clock
        self._started: tuple[str, float] | None = None
        self._left = threading.Event()
        self._timer = threading.Thread(target=self._keep_time, daemon=True)
        self.started: list[str] = []

    def __enter__(self) -> "ComponentLines":
        logging.getLogger("absl").addHandler(self)
        self._timer.start()
        return self

    def __exit__(self, *exception: Any) -> None:
        logging.getLogger("absl").removeHandler(self)
        self._left.set()
        # The console may be closed once this returns.
        self._timer.join()
        if self._started is not None:
            self._print("failed" if exception[0] else "ran", "")

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == _EXECUTION_STARTED and self._started is not None:
            self._executes(self._started[0])
        if record.msg not in (_NODE_STARTED, _NODE_FINISHED) or not isinstance(record.args, tuple):
            return
        node_id = str(record.args[0])
        if record.msg == _NODE_FINISHED:
            if self._started is not None:
                self._print(*self._state(node_id))
            return
        self._started = (node_id, self._clock())
        self.started.append(node_id)
        if node_id in self._talkative:
            self._console.write(f"  {node_id}\n")
        elif self._console.isatty():
            self._console.write(f"  {node_id:<18} …\r")
        self._console.flush()

    def _keep_time(self) -> None:
        seconds = _REFRESH_SECONDS if self._console.isatty() else _LINE_SECONDS
        while not self._left.wait(seconds):
            self.show_elapsed()

    def show_elapsed(self) -> None:
        """Shows how long the component at work has taken so far; one that prints lines of its own needs none."""
        detail = self._detail()  # It may ask a cluster, and nobody waits for that.
        self.acquire()  # A component that ends prints in another thread.
        try:
            if self._started is None or self._started[0] in self._talkative:
                return
            node_id, start = self._started
            line = f"  {node_id:<18} runs     {self._clock() - start:6.0f} s{detail and '  ' + detail}"
            self._told = self._told or bool(detail)
            if self._console.isatty():
                # What the line before had beyond it goes; what does not fit would begin a line of its own.
                line = line[: shutil.get_terminal_size().columns - 1] + _REST_OF_LINE + "\r"
            else:
                line += "\n"
            self._console.write(line)
            self._console.flush()
        finally:
            self.release()

    def _print(self, state: str, counts: str) -> None:
        assert self._started is not None
        node_id, start = self._started
        self._started = None
        line = f"  {node_id:<18} {state:<8} {self._clock() - start:6.1f} s{counts and '  ' + counts}"
        clearing = _REST_OF_LINE if self._told and self._console.isatty() else ""
        self._console.write(clearing + self._in_columns(line) + "\n")
        self._console.flush()

    def _in_columns(self, line: str) -> str:
        """A line as a terminal shows it without breaking words; elsewhere it stays one line."""
        if not self._console.isatty():
            return line
        columns = shutil.get_terminal_size().columns
        return textwrap.fill(line, columns, subsequent_indent=" " * _BEFORE_COUNTS, break_long_words=False)


def counts_in_words(artifacts: Iterable[Mapping[str, Any]]) -> str:
    """Returns what a component counted, for the end of its line: rows or windows by split, and series.

    The numbers are those that components write onto their artifacts, summed
    over all workers, so they are the same on every runner and for a cached
    component. The serving gate writes its finding in place of numbers.

    >>> counts_in_words([{"train_rows": 1599, "eval_rows": 342, "test_rows": 343, "unused_rows": 0}])
    '2,284 rows: 1,599 train, 342 eval, 343 test'

    Args:
        artifacts: Properties of each artifact; the first with numbers of all splits counts, "" where none has them.
    """
    for properties in artifacts:
        if "in_words" in properties:
            return str(properties["in_words"])
        parts = []
        if "first_span" in properties:
            first, last = properties["first_span"], properties["span"]
            parts.append(f"span {last}" if first == last else f"spans {first} to {last}")
        if "series" in properties:
            parts.append(f"{properties['series']:,} series")
        told = len(parts)
        for what in ("rows", "windows"):
            by_split: dict[str, Any] = {
                split: properties.get(f"{split}_{what}") for split in (*SPLITS, "unused", "unmeasured")
            }
            if all(by_split[split] is not None for split in SPLITS):
                shares = [f"{count:,} {split}" for split, count in by_split.items() if count or split in SPLITS]
                parts.append(f"{sum(by_split[split] for split in SPLITS):,} {what}: {', '.join(shares)}")
        if len(parts) > told:
            return "; ".join(parts)
    return ""
