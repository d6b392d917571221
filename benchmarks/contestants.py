"""A process that is asked, line by line: what the side-by-side benchmarks let compete.

contestant = Contestant([sys.executable, "peer.py"], environment={"PYTHONPATH": "benchmarks/training_peers"})
contestant.facts                       # the first line that it prints: JSON
contestant.ask(variant="fit", batch=64)    # a line of JSON in, a line of JSON out
contestant.close()
"""

import json
import os
import pathlib
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

ROOT = pathlib.Path(__file__).parents[1]

_QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_USE_LEGACY_KERAS": "0",
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "-1",
}


class Contestant:
    """A process of its own that waits for questions."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str]) -> None:
        """Starts it, and waits until it is ready.

        Args:
            command: What runs it, from the root of the repository.
            environment: Variables beside those of this process.

        Raises:
            RuntimeError: It ended.
        """
        self._command = " ".join(command)
        self._process = subprocess.Popen(
            [*command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **_QUIET, **environment},
            cwd=ROOT,
        )
        self.facts = self._read()

    def ask(self, **question: Any) -> dict[str, Any]:
        """Returns the answer to a question.

        Raises:
            RuntimeError: It ended.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._command} ended; run it by hand to see why.")
        return json.loads(line)
