"""A backtest that is killed in its second fold, and carried on by the same command."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.e2e.small_project import Project, Tapeline, daily_load, make_project, states

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parents[2]
HORIZON = 12
PATIENCE_SECONDS = 600


def kill_in_the_second_fold(arguments: Sequence[str], log: pathlib.Path) -> None:
    """Starts the command in a process of its own and kills that when fold 2 has its rows."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with open(log, "w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tapeline.cli.main", *arguments],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        while "SeriesExampleGen" not in log.read_text().partition("fold 2 of 2")[2]:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project that the tests below carry on with, in their order."""
    return make_project(tmp_path_factory.mktemp("backtest"))


def read_numbers(project: Project) -> dict[str, Any]:
    (root,) = (project.root / "runs" / "load" / "backtest").iterdir()
    tree: dict[str, Any] = json.loads((root / "backtest.json").read_text())
    return tree


@pytest.fixture
def numbers(project: Project) -> dict[str, Any]:
    return read_numbers(project)


def test_the_fold_that_was_done_is_answered_from_the_cache(project: Project, tapeline: Tapeline) -> None:
    arguments = ["backtest", *project.arguments, "--folds", "2"]
    kill_in_the_second_fold(arguments, project.root / "killed.log")
    ended = tapeline(*arguments, "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out) == read_numbers(project)
    first, _, second = ended.err.partition("fold 2 of 2")
    done = states(first)
    assert {"SeriesExampleGen", "Trainer", "Evaluator"} <= set(done)
    assert {state for node, state in done.items() if node != "BlessedBefore"} == {"cached"}
    assert states(second)["SeriesExampleGen"] == "cached"
    assert states(second)["Trainer"] == "ran"
    assert "Pusher" not in first + second


def test_each_fold_is_scaled_by_its_own_train_split(numbers: dict[str, Any]) -> None:
    load = daily_load()["load"].to_numpy()
    steps = [fold["train_steps"] for fold in numbers["folds"]]
    # 700 hours: 490 train, 105 eval, 105 test; two folds of 52 hours leave one more hour to train.
    assert steps == [491, 543]
    for fold in numbers["folds"]:
        span = np.ptp(load[: fold["train_steps"]])
        assert fold["mae"] == pytest.approx(fold["mae_scaled"] * span, rel=1e-4)


def test_the_baseline_is_the_one_of_the_folds_own_test_hours(numbers: dict[str, Any]) -> None:
    load = daily_load()["load"].to_numpy()
    for fold, end in zip(numbers["folds"], (648, 700), strict=True):
        # 52 test hours hold 41 windows of 12.
        starts = np.arange(end - 52, end - HORIZON + 1)
        assert fold["windows"] == len(starts) == 41
        truth = load[starts[:, None] + np.arange(HORIZON)]
        assert fold["persistence"] == pytest.approx(np.abs(truth - load[starts - 1, None]).mean(), rel=1e-4)


def test_the_mean_is_that_of_the_folds(numbers: dict[str, Any]) -> None:
    errors = [fold["mae"] for fold in numbers["folds"]]
    assert numbers["mean"]["mae"] == pytest.approx(np.mean(errors))
    assert numbers["standard_deviation"]["mae"] == pytest.approx(np.std(errors, ddof=1))


def test_table_numbers_and_a_figure_for_each_fold_are_written_and_nothing_else(
    project: Project, numbers: dict[str, Any]
) -> None:
    (root,) = (project.root / "runs" / "load" / "backtest").iterdir()
    assert (root / "backtest.txt").read_text().splitlines()[0].split()[0] == "fold"
    assert {path.name for path in root.iterdir()} == {
        *("backtest.json", "backtest.txt", "backtest.png"),
        *("fold-01", "fold-01.png", "fold-02", "fold-02.png"),
    }
    for figure in numbers["figures"]:
        assert (root / figure["file"]).read_bytes().startswith(b"\x89PNG")
    assert project.versions == []
