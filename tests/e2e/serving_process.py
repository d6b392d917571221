"""`tapeline serve` as a process of its own, and the versions that it serves."""

import http.client
import json
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from typing import Any

START_SECONDS = 120
TIMES = [[0, 3600, 7200, 10800]]
CONTEXT = [[1.0, 2.0, 3.0, 4.5]]


class Server:
    """A server that runs, and what it logs."""

    def __init__(self, base: pathlib.Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "tapeline.cli.main", "serve", "--model", str(base), "--port", "0", *arguments]
        self.base = base
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.log: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port = int(self.wait_for(r"serving load, version \d+: http://127.0.0.1:(\d+)/")[1])

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.log.extend(iter(self.process.stderr.readline, ""))

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Waits for a line of the log."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for line in list(self.log):
                if found := re.search(pattern, line):
                    return found
            assert self.process.poll() is None, "".join(self.log)
            time.sleep(0.05)
        raise AssertionError(f"no line {pattern!r} in: {''.join(self.log)}")

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Sends a request; returns the status code and what the JSON says."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body if isinstance(body, bytes) else json.dumps(body).encode())
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def predict(self, body: Any) -> tuple[int, Any]:
        return self.ask("POST", "/v1/models/load:predict", body)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Tells it to stop; returns the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self._reader.join(timeout=10)
        return code

    def close(self) -> None:
        """Waits for the end, and for the last line of the log."""
        self.process.wait(timeout=60)
        self._reader.join(timeout=10)
        if self.process.stderr is not None:
            self.process.stderr.close()


def started(base: pathlib.Path, *arguments: str) -> Generator[Server, None, None]:
    server = Server(base, *arguments)
    try:
        yield server
    finally:
        server.process.kill()
        server.close()


def push(versions: pathlib.Path, number: int, base: pathlib.Path) -> None:
    """Pushes one of the versions."""
    from tapeline.forecaster.versions import push_version

    assert push_version(versions / str(number), base, keep=5, clock=lambda: number) == number


def instance(level: float = 4.5) -> dict[str, Any]:
    return {"context": [1.0, 2.0, 3.0, level], "timestamps": TIMES[0]}
