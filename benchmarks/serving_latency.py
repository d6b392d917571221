"""How long a forecast takes: this SavedModel beside PyTorch, plain Keras and its own exports, in one run.

    python -m benchmarks.serving_latency --model runs/co2/serving_model/1795244861
    python -m benchmarks.serving_latency                     # an untrained model of the same size, made for this
    python -m benchmarks.serving_latency --without-torch
    python -m benchmarks.serving_latency --peer "ONNX Runtime:scripts/run_onnx.py:float32"

Context 104, horizon 24, 64 units, two calendar features, with a linear part.
Every contestant has a process of its own, and only one is asked at a time, in
turns, so that a noisy minute hits all of them. This SavedModel takes raw
values: checks, scaling, calendar and intervals are in its times; in those of
its exports scaling and intervals are. The others get scaled windows, ready-made. A further contestant is a script that answers
as `serving_peers/calls.py` says.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.contestants import ROOT, Contestant
from benchmarks.rest import untrained
from benchmarks.training_speed import torch_python

PEERS = ROOT / "benchmarks" / "serving_peers"
CALLS = {1: 200, 64: 40, 1000: 5}
"""Calls of each batch in a round."""


class Contest(NamedTuple):
    """Who is asked for what: the contestant's name, and what it calls the variant."""

    name: str
    variant: str


OURS = "this SavedModel"
CONTESTS = (
    Contest(OURS, "serving_default"),
    Contest(OURS, "any_horizon, 10 x"),
    Contest("PyTorch", "eager"),
    Contest("PyTorch", "scripted"),
    Contest("Keras", "graph"),
    Contest("TensorFlow Lite", "exported"),
    Contest("ONNX Runtime", "exported"),
)
EXPORTS = {"TensorFlow Lite": "tflite", "ONNX Runtime": "onnx"}


def milliseconds(contestant: Contestant, variant: str, batch: int, calls: int) -> list[float]:
    """Returns how long each of some calls took."""
    return [1e3 * seconds for seconds in contestant.ask(variant=variant, batch=batch, calls=calls)["seconds"]]


def exported(model: str, folder: pathlib.Path) -> dict[str, list[str]]:
    """Converts the model for other runtimes, and returns what runs each."""
    commands = {}
    for name, kind in EXPORTS.items():
        path = folder / f"model.{kind}"
        command = [sys.executable, "-m", "tapeline.cli.main", "export", "--model", model, "--format", kind]
        subprocess.run([*command, "--output", str(path)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        commands[name] = [sys.executable, str(PEERS / "exported.py"), str(path)]
    return commands


def compete(
    contestants: dict[str, Contestant], contests: Sequence[Contest], *, rounds: int
) -> dict[tuple[Contest, int], list[float]]:
    """Asks everyone in turn; returns milliseconds of every call. The first round warms up and is not counted."""
    times: dict[tuple[Contest, int], list[float]] = {}
    for number in range(rounds + 1):
        for batch, calls in CALLS.items():
            for contest in contests:
                taken = milliseconds(contestants[contest.name], contest.variant, batch, calls)
                if number:
                    times.setdefault((contest, batch), []).extend(taken)
        print(f"round {number} of {rounds} done", file=sys.stderr)
    return times


def table(
    times: dict[tuple[Contest, int], list[float]], contestants: dict[str, Contestant], contests: Sequence[Contest]
) -> Iterator[str]:
    """Markdown rows, in milliseconds: the median of each batch with the fastest call behind it, and a tail."""
    batches = [batch for batch in CALLS if batch > 1]
    heads = ["one", "one: 99th percentile", *(f"{batch:,} at once" for batch in batches)]
    yield "| contestant | variant | " + " | ".join(heads) + " |"
    yield "|---|---|" + "---|" * len(heads)
    for contest in contests:
        cells = [_median(times[contest, 1], 2), f"{np.percentile(times[contest, 1], 99):.2f}"]
        cells += [_median(times[contest, batch], 1) for batch in batches]
        yield f"| {contestants[contest.name].facts['library']} | {contest.variant} | " + " | ".join(cells) + " |"
    plain, longer = CONTESTS[0], CONTESTS[1]
    ratios = [f"{np.median(times[longer, batch]) / np.median(times[plain, batch]):.1f}" for batch in CALLS]
    yield ""
    yield (
        "Ten times the horizon costs "
        + ", ".join(f"{ratio} times as much ({batch:,} at once)" for ratio, batch in zip(ratios, CALLS, strict=True))
        + "."
    )


def _median(times: list[float], digits: int) -> str:
    return f"{np.median(times):.{digits}f} ({min(times):.{digits}f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="a SavedModel without covariate columns, one scale for all series, weekly")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that are counted")
    parser.add_argument("--without-torch", action="store_true", help="leave PyTorch out")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME:SCRIPT:VARIANT", help="one more")
    parser.add_argument("--torch-python", help="a Python that has PyTorch")
    parser.add_argument("--torch-base", help="the Python from which PyTorch's environment is made")
    parser.add_argument("--torch-requirement", default="torch==2.13.0", help="what pip installs there")
    parser.add_argument("--torch-index", help="pip's index for it, such as https://download.pytorch.org/whl/cpu")
    options = parser.parse_args()

    contests = list(CONTESTS)
    with tempfile.TemporaryDirectory() as folder:
        model = options.model
        if model is None:
            untrained(pathlib.Path(folder))
            model = str(pathlib.Path(folder) / "1")
        commands = {
            OURS: [sys.executable, str(PEERS / "saved_model.py"), str(pathlib.Path(model).resolve())],
            "Keras": [sys.executable, str(PEERS / "keras_graph.py")],
            **exported(model, pathlib.Path(folder)),
        }
        if not options.without_torch:
            commands["PyTorch"] = [torch_python(options), str(PEERS / "torch_lstm.py")]
        for name, script, variant in (peer.split(":") for peer in options.peer):
            commands[name] = [sys.executable, str(pathlib.Path(script).resolve()), str(pathlib.Path(model).resolve())]
            contests.append(Contest(name, variant))
        contests = [contest for contest in contests if contest.name in commands]
        contestants = {
            name: Contestant(command, environment={"PYTHONPATH": str(PEERS)}) for name, command in commands.items()
        }
        times = compete(contestants, contests, rounds=options.rounds)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        load = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
        print(f"Median milliseconds (fastest) over {options.rounds} interleaved rounds on {cores} cores{load}.\n")
        print("\n".join(table(times, contestants, contests)))
        for contestant in contestants.values():
            contestant.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
