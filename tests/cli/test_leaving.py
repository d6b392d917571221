"""A process ends with the code that was said, whatever threads libraries have."""

import os
import subprocess
import sys

import pytest

_LEAVE = """
import atexit, sys, tempfile
sys.path.insert(0, {root!r})
from tapeline.cli.leaving import leave
{before}
kept = tempfile.TemporaryDirectory(dir={folder!r})
atexit.register(print, "at exit")
print("printed", end="")
leave({code})
"""

# Arrow reads ahead from a stream of Python's while the interpreter goes: it aborted in some of these.
_READING = """
import io, pyarrow.csv
class Endless(io.RawIOBase):
    def readable(self): return True
    def readinto(self, buffer):
        buffer[:] = (b"1,2\\n" * (len(buffer) // 4 + 1))[:len(buffer)]
        return len(buffer)
reader = pyarrow.csv.open_csv(io.BufferedReader(Endless()), read_options=pyarrow.csv.ReadOptions(block_size=4096))
reader.read_next_batch()
"""


def left(folder: object, *, before: str = "", code: int = 2) -> subprocess.CompletedProcess[str]:
    script = _LEAVE.format(root=sys.path[0], folder=str(folder), before=before, code=code)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("before", ["", _READING, "sys.stderr.close()"], ids=["nothing loaded", "reading", "no stderr"])
@pytest.mark.parametrize("code", [0, 2])
def test_what_was_registered_runs_and_what_was_printed_is_written(tmp_path: object, before: str, code: int) -> None:
    ended = left(tmp_path, before=before, code=code)
    assert (ended.returncode, ended.stderr) == (code, "")
    assert ended.stdout == "printedat exit\n"
    assert list(tmp_path.iterdir()) == []  # type: ignore[attr-defined]


def test_many_ends_are_all_clean(tmp_path: object) -> None:
    # Where the interpreter took itself down, half of these ended by SIGABRT.
    times = 5 * int(os.environ.get("TAPELINE_FUZZ", "1"))
    assert [left(tmp_path, before=_READING).returncode for _ in range(times)] == [2] * times
