"""Runs of a module in a process of its own: what they took, and what a run of the pipeline left behind."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parents[1]


class Usage(NamedTuple):
    """What a process and its children took."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


def run(arguments: Sequence[str], *, expected: Sequence[int] = (0,)) -> Usage:
    """Runs a Python module in a process of its own.

    Args:
        arguments: The module and its arguments.
        expected: Exit codes that are none of a failure.

    Raises:
        RuntimeError: It failed.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        command = [sys.executable, "-m", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        # Of this child and the children that it has waited for: memory is that of the largest, time that of all.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode not in expected:
        raise RuntimeError(f"{' '.join(arguments)}: exit code {process.returncode}\n{text}")
    seconds = time.perf_counter() - began
    return Usage(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, text)


def size_of(folder: pathlib.Path) -> int:
    """Bytes of all files below a folder, without those that are links to the files of an earlier step."""
    files = (path.stat() for path in folder.rglob("*") if path.is_file())
    return sum(file.st_size for file in files if file.st_nlink == 1)


def written(components: Sequence[str], artifacts: pathlib.Path) -> int:
    """Bytes that the components' newest executions left behind."""
    return sum(
        size_of(max(output.iterdir(), key=lambda path: int(path.name)))
        for component in components
        for output in outputs_of(artifacts / component)
    )


def outputs_of(folder: pathlib.Path) -> list[pathlib.Path]:
    """Folders of the outputs of one component."""
    found = folder.iterdir() if folder.exists() else ()
    return [path for path in found if path.is_dir() and not path.name.startswith(".")]


def seconds_of(component: str, text: str) -> float:
    """Reads a component's seconds from the lines that `tapeline run` prints."""
    # The Trainer's name stands alone where it begins, with its seconds where it ends.
    *_, line = (line for line in text.splitlines() if line.split()[:1] == [component])
    words = line.split()
    return float(words[words.index("s") - 1])


def windows_of(home: pathlib.Path) -> dict[str, int]:
    """Windows of each split, as the component wrote them onto its artifact."""
    from tapeline.pipeline.lineage import read_run

    run_of_it = read_run(home / "load" / "metadata.db")
    artifact = run_of_it.artifact("Transform", "chunks") if run_of_it else None
    assert artifact is not None
    return {split: artifact.properties[f"{split}_windows"] for split in ("train", "eval", "test")}
