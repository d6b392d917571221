"""SIGTERM and SIGHUP end a command as Ctrl-C does."""

import pathlib
import signal
import subprocess
import sys
import time

import pytest

from tapeline.cli import main as cli
from tapeline.cli.signals import exit_code, interrupting, interruption

_COMMAND = """
import signal, subprocess, sys, tempfile
from tapeline.cli import main as cli, schema

# Who runs the tests in the background, or under nohup, has these ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

def run(config: str = "") -> int:
    with tempfile.TemporaryDirectory(dir=sys.argv[1]):
        subprocess.run(["sh", "-c", "echo ready; exec sleep 60"])

schema.run = run
sys.exit(cli.main(["schema", "--config", "any.yaml"]))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_ends_a_command_with_a_message_and_leaves_nothing(
    tmp_path: pathlib.Path, number: int, code: int
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(1.0)  # The child speaks before subprocess.run has taken hold of it.
    process.send_signal(number)
    # The pipe is closed only once the child has gone as well.
    _, error = process.communicate(timeout=30)
    assert process.returncode == code
    assert "tapeline schema: interrupted. Run the same command to continue." in error
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # As nohup has it.
    try:
        with interrupting():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_interruption_whose_cleaning_up_failed_stays_one() -> None:
    error: BaseException | None = None
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # The tests may run under nohup.
    try:
        try:
            with interrupting():
                signal.raise_signal(signal.SIGHUP)
        finally:
            raise OSError("the terminal is gone")
    except OSError as raised:
        error = raised
    finally:
        signal.signal(signal.SIGHUP, before)
    found = interruption(error)
    assert found is not None
    assert exit_code(found) == 129


def test_a_full_disk_is_no_fault_of_ours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(config: str = "") -> int:
        raise OSError(28, "No space left on device", "/runs/co2")

    monkeypatch.setattr("tapeline.cli.run.run", full)
    assert cli.main(["run", "--config", "any.yaml"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tapeline run: no room is left on the disk at '/runs/co2'. Make room")
    assert error.count("\n") == 1
