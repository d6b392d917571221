"""The tutorial's commands and programs run from the page, in their order, as they stand there."""

import pathlib
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from tests.e2e.small_project import Tapeline

pytestmark = pytest.mark.once

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "tutorial.md"
START_SECONDS = 120


def blocks(port: int) -> Iterator[tuple[str, str]]:
    """Language and text of each block that is run."""
    text = PAGE.read_text().replace("8501", str(port))
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    yield from (block for block in found if block[0] != "text")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Shell:
    """Runs a line as a shell would: one that ends with `&` goes on beside the others until `kill %1`."""

    def __init__(self, tapeline: Tapeline, port: int) -> None:
        self.tapeline, self.port = tapeline, port
        self.background: subprocess.Popen[str] | None = None
        self.ran: list[str] = []

    def run(self, line: str) -> None:
        command, _, comment = line.partition("#")
        words = shlex.split(command.rstrip(" &"))
        if words == ["kill", "%1"]:
            self.close()
            return
        program, *arguments = words
        assert program == "tapeline", line
        self.ran.append(arguments[0])
        if command.rstrip().endswith("&"):
            self.background = subprocess.Popen([sys.executable, "-m", "tapeline.cli.main", *arguments], text=True)
            self._wait()
            return
        expected = re.search(r"exits with (\d)", comment)
        ended = self.tapeline(*arguments)
        assert ended.code == (int(expected[1]) if expected else 0), f"{line}\n{ended.out}{ended.err}"

    def _wait(self) -> None:
        for _ in range(10 * START_SECONDS):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v1/models/sales"):
                    return
            except urllib.error.URLError:
                assert self.background is not None
                assert self.background.poll() is None
                time.sleep(0.1)
        raise AssertionError("the server did not start")

    def close(self) -> None:
        """Stops what runs beside."""
        if self.background is not None:
            self.background.terminate()
            self.background.wait(timeout=60)


def test_the_tutorial_runs_as_it_stands(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, tapeline: Tapeline
) -> None:
    monkeypatch.chdir(tmp_path)
    port = free_port()
    shell = Shell(tapeline, port)
    program: dict[str, Any] = {}
    try:
        for language, block in blocks(port):
            if language == "python":
                program = {}
                exec(compile(block, str(PAGE), "exec"), program)
                continue
            for line in block.splitlines():
                shell.run(line)
    finally:
        shell.close()
    assert shell.ran == ["init", "run", "init", "run", "gate", "gate", "forecast", "serve"]
    forecast = pd.read_csv("next.csv")
    assert forecast.groupby("series_id").size().to_dict() == {"north": 14, "south": 14, "west": 14}
    assert (tmp_path / "next.png").read_bytes().startswith(b"\x89PNG")
    # What the server said to the last program is what the file holds.
    north = forecast.loc[forecast["series_id"] == "north", "forecast"]
    assert program["answer"]["forecast"] == pytest.approx(north.tolist(), rel=1e-4)
