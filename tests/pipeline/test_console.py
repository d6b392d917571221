import io
import logging
import os
import pathlib
import subprocess
import sys
import time

import pytest

from tapeline.pipeline import console as console_module
from tapeline.pipeline.console import ComponentLines

ABSL = logging.getLogger("absl")


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_component_is_one_line_with_its_state_time_and_counts() -> None:
    console, clock = io.StringIO(), _Clock()
    with ComponentLines(console, lambda node: ("cached", "") if node == "B" else ("ran", "3 rows"), clock=clock):
        ABSL.warning("Component %s is running.", "A")
        clock.now = 2.5
        ABSL.warning("Component %s is finished.", "A")
        ABSL.warning("Component %s is running.", "B")
        ABSL.warning("Component %s is finished.", "B")
    assert [line.split() for line in console.getvalue().splitlines()] == [
        ["A", "ran", "2.5", "s", "3", "rows"],
        ["B", "cached", "0.0", "s"],
    ]


@pytest.mark.parametrize(("is_terminal", "end"), [(True, "\x1b[K\r"), (False, "\n")])
def test_a_component_at_work_shows_how_long_it_took_so_far(
    is_terminal: bool, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    console, clock = io.StringIO(), _Clock()
    monkeypatch.setattr(console, "isatty", lambda: is_terminal)
    with ComponentLines(console, lambda node: ("ran", ""), talkative=frozenset({"Trainer"}), clock=clock) as lines:
        lines.show_elapsed()
        ABSL.warning("Component %s is running.", "Transform")
        clock.now = 61.0
        lines.show_elapsed()
        assert console.getvalue().endswith(f"  Transform          runs         61 s{end}")
        ABSL.warning("Component %s is finished.", "Transform")
        ABSL.warning("Component %s is running.", "Trainer")
        before = console.getvalue()
        lines.show_elapsed()
        assert console.getvalue() == before
        ABSL.warning("Component %s is finished.", "Trainer")


def test_a_component_whose_job_runs_on_a_cluster_tells_of_it_in_the_same_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    for is_terminal, expected in (
        (False, "running  tapeline-co2-Transform-1\n"),
        (True, "running  tapeline-c\x1b[K\r"),
    ):
        console = io.StringIO()
        monkeypatch.setattr(console, "isatty", lambda value=is_terminal: value)
        with ComponentLines(
            console, lambda node: ("ran", ""), clock=_Clock(), detail=lambda: "running  tapeline-co2-Transform-1"
        ) as lines:
            ABSL.warning("Component %s is running.", "Transform")
            lines.show_elapsed()
            assert console.getvalue().endswith(f"  Transform          runs          0 s  {expected}")


def test_the_time_is_kept_until_the_last_component_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_module, "_LINE_SECONDS", 0.001)
    console = io.StringIO()
    with ComponentLines(console, lambda node: ("ran", "")):
        ABSL.warning("Component %s is running.", "A")
        while "runs" not in console.getvalue():
            time.sleep(0.001)
        ABSL.warning("Component %s is finished.", "A")
    told = console.getvalue()
    time.sleep(0.01)
    assert console.getvalue() == told


def test_a_terminal_breaks_counts_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    console = io.StringIO()
    monkeypatch.setattr(console, "isatty", lambda: True)
    counts = "1 series; 2,111 windows: 1,472 train, 319 eval, 320 test"
    with ComponentLines(console, lambda node: ("ran", counts), clock=_Clock()):
        ABSL.warning("Component %s is running.", "Windows")
        ABSL.warning("Component %s is finished.", "Windows")
    lines = console.getvalue().split("\r")[-1].splitlines()
    assert lines[0] == "  Windows            ran         0.0 s  1 series; 2,111 windows: 1,472 train,"
    assert lines[1] == " " * 40 + "319 eval, 320 test"


def test_a_component_that_raises_is_shown_as_failed() -> None:
    console = io.StringIO()
    lines = ComponentLines(console, lambda node: ("ran", ""), clock=_Clock())
    lines.__enter__()
    ABSL.warning("Component %s is running.", "A")
    lines.__exit__(RuntimeError, RuntimeError("broken"), None)
    assert console.getvalue().split() == ["A", "failed", "0.0", "s"]


def test_a_talkative_component_gets_a_line_at_its_start() -> None:
    console = io.StringIO()
    with ComponentLines(console, lambda node: ("ran", ""), talkative=frozenset({"Trainer"}), clock=_Clock()):
        ABSL.warning("Component %s is running.", "Trainer")
        console.write("epoch 1\n")
        ABSL.warning("Component %s is finished.", "Trainer")
    assert [line.strip().split()[0] for line in console.getvalue().splitlines()] == ["Trainer", "epoch", "Trainer"]


def test_who_asks_is_told_of_components_that_run_and_not_of_cached_ones() -> None:
    told: list[str] = []
    with ComponentLines(io.StringIO(), lambda node: ("ran", ""), executes=told.append, clock=_Clock()):
        ABSL.warning("Going to run a new execution %d", 1)
        for node in ("A", "B"):
            ABSL.warning("Component %s is running.", node)
            if node == "B":
                ABSL.warning("Going to run a new execution %d", 2)
            ABSL.warning("Component %s is finished.", node)
    assert told == ["B"]


def test_only_prints_reach_the_terminal_and_all_else_the_log(tmp_path: pathlib.Path) -> None:
    script = """
import os, pathlib, sys, logging
from tapeline.pipeline.console import quiet
print("before")
with quiet(pathlib.Path(sys.argv[1])):
    print("for people")
    logging.getLogger("absl").info("from TFX")
    os.write(1, b"from C++ on standard output\\n")
    os.write(2, b"from C++ on standard error\\n")
logging.getLogger("absl").info("late words")
logging.info("late words of the root")
print("after")
"""
    log = tmp_path / "logs" / "run.log"
    result = subprocess.run(
        [sys.executable, "-c", script, str(log)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert result.stdout.splitlines() == ["before", "for people", "after"]
    assert result.stderr == ""
    logged = log.read_text()
    assert "from TFX" in logged
    assert "from C++ on standard output" in logged
    assert "from C++ on standard error" in logged
    assert "for people" not in logged
