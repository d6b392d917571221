"""A run that is killed with SIGKILL, again and again, ends with the weights of one that never was."""

import json
import pathlib
import signal
import subprocess
import sys
from typing import Any

CHILD = pathlib.Path(__file__).parent / "training_child.py"
ROOT = CHILD.parent.parent.parent


def run(folder: Any, *options: Any) -> subprocess.CompletedProcess[Any]:
    return subprocess.run(
        [sys.executable, str(CHILD), str(folder), *options], capture_output=True, text=True, timeout=600, cwd=ROOT
    )


def result(process: subprocess.CompletedProcess[Any]) -> dict[str, Any]:
    assert process.returncode == 0, process.stderr[-2000:]
    return json.loads(process.stdout.splitlines()[-1])


def test_killed_anywhere_the_same_command_ends_with_bit_identical_weights(tmp_path: pathlib.Path) -> None:
    undisturbed = result(run(tmp_path / "whole"))

    # 140 windows are 9 steps an epoch. A checkpoint costs two calls of fsync (the file, then its folder) and
    # one rename; twice that where the epoch was the best so far.
    folder = tmp_path / "killed"
    carried_on = []
    for die in ("step:4", "write:1", "rename:1", "step:14", "write:2", "rename:2", "step:9"):
        killed = run(folder, "--die", die)
        assert killed.returncode == -signal.SIGKILL, (die, killed.stdout[-500:], killed.stderr[-2000:])
        carried_on.append(
            next((line for line in killed.stdout.splitlines() if "carrying on" in line), "from the start")
        )

    last = run(folder)
    assert result(last) == undisturbed
    # It did carry on, and did not only train anew.
    assert "carrying on after epoch" in last.stdout
    assert carried_on[0] == "from the start"
    assert any("carrying on after epoch 1" in line for line in carried_on)


def test_a_pool_that_was_killed_ends_with_the_same_weights_and_the_same_selection(tmp_path: pathlib.Path) -> None:
    undisturbed = result(run(tmp_path / "whole", "--candidates", "4"))
    assert len(undisturbed["losses"]) == 4
    # Four candidates make an epoch each, then three of them go on. Those not in the lead may end after a third epoch.
    first_out, *finalists = sorted(len(losses) for losses in undisturbed["losses"])
    assert (first_out, max(finalists)) == (1, 4)
    assert min(finalists) >= 3

    folder, said = tmp_path / "killed", []
    for die in ("step:30", "write:5"):
        killed = run(folder, "--candidates", "4", "--die", die)
        assert killed.returncode == -signal.SIGKILL, (die, killed.stdout[-500:], killed.stderr[-2000:])
        said.append(killed.stdout)
    last = run(folder, "--candidates", "4")
    assert result(last) == undisturbed
    assert "carrying on after epoch" in last.stdout
