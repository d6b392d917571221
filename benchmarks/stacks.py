"""The two stacks side by side: a whole run, imports, a training step and a forecast, in one run on one machine.

    make test-modern                   # makes the root with the newer stack, and its environment
    python -m benchmarks.stacks        # some 15 minutes

The older stack is that of this environment, the newer one that of the root
which `make test-modern` leaves (scripts/newer_system.py). Rounds alternate
between them and only one works at a time, so that a noisy minute hits both.
What is told are medians, and how many times as fast the newer one is.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.contestants import ROOT, Contestant
from benchmarks.training_speed import ALLOCATOR

sys.path.insert(0, str(ROOT / "scripts"))
import newer_system

SIDES = ("TFX 1.16", "TFX 1.21")
IMPORTS = {
    "imports of the command line": "import tapeline.cli.main",
    "imports of a run": "import tapeline.pipeline.pipeline, tapeline.pipeline.local_runner, tfx.orchestration.local.local_dag_runner",
}
TRAINING = {64: 100, 256: 40}
CALLS = {1: 200, 1000: 5}
SHORTEST = 0.5
"""Seconds of the components that are listed."""
MAE = re.compile(r"^  model +(\d\.\d+)", re.MULTILINE)
COMPONENT = re.compile(r"^  (\w+) +done +([\d.]+) s", re.MULTILINE)


class Side(NamedTuple):
    """One stack: its Python, and where it runs."""

    python: str
    root: pathlib.Path | None
    folder: pathlib.Path

    def inside(self, path: pathlib.Path) -> str:
        """Returns a path as this side sees it."""
        return str(path) if self.root is None else "/" + str(path.relative_to(self.root))

    def command(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> list[str]:
        """Returns what runs this side's Python in the root of the repository."""
        given = [f"{name}={value}" for name, value in (environment or {}).items()]
        if self.root is None:
            return ["env", *given, self.python, *arguments]
        clean = [f"{name}={value}" for name, value in newer_system.CLEAN.items()]
        return newer_system.entering(self.root, ["env", "-i", *clean, *given, self.python, *arguments])

    @property
    def tree(self) -> str:
        """The repository's root as this side sees it."""
        return str(ROOT) if self.root is None else f"/{newer_system.TREE}"


def run(side: Side, *arguments: str) -> tuple[float, str]:
    """Runs this side's Python; returns seconds and what it wrote.

    Raises:
        SystemExit: It failed.
    """
    started = time.perf_counter()
    ended = subprocess.run(side.command(arguments), cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(arguments)}: exit code {ended.returncode}\n{ended.stdout}\n{ended.stderr[-3000:]}")
    return time.perf_counter() - started, ended.stdout


def whole_run(side: Side, number: int) -> tuple[dict[str, float], pathlib.Path]:
    """Runs the embedded data from nothing; returns what was measured, and the model that was pushed."""
    home = side.folder / f"runs-{number}"
    seconds, text = run(
        side, "-m", "tapeline.cli.main", "run", "--config", "configs/co2.yaml", "--home", side.inside(home)
    )
    (mae,) = MAE.findall(text)
    found = {f"run: {name}, s": float(value) for name, value in COMPONENT.findall(text) if float(value) >= SHORTEST}
    (model,) = (path for path in (home / "co2" / "serving_model").iterdir() if path.name.isdigit())
    return {"run: all of it, s": seconds, **found, "test MAE, scaled": float(mae)}, model


def start(side: Side, folder: str, script: str, *arguments: str) -> Contestant:
    """Starts a peer of the other benchmarks on a side."""
    peers = f"{side.tree}/benchmarks/{folder}"
    environment = {**ALLOCATOR, "PYTHONPATH": f"{peers}:{side.tree}"}
    return Contestant(side.command([f"{peers}/{script}", *arguments], environment), environment={})


def measure(sides: Mapping[str, Side], *, runs: int, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Measures both sides in turns; returns every value by what it is of, and by side."""
    found: dict[str, dict[str, list[float]]] = {}

    def note(side: str, what: str, value: float) -> None:
        found.setdefault(what, {name: [] for name in sides})[side].append(value)

    models = {}
    for number in range(runs):
        for name, side in sides.items():
            values, models[name] = whole_run(side, number)
            for what, value in values.items():
                note(name, what, value)
            print(f"run {number + 1} of {runs}, {name}: {values['run: all of it, s']:.1f} s", file=sys.stderr)
    for number in range(rounds + 1):
        for what, statement in IMPORTS.items():
            for name, side in sides.items():
                seconds, _ = run(side, "-c", statement)
                if number:
                    note(name, f"{what}, s", seconds)
    trainers = {name: start(side, "training_peers", "tapeline_loop.py") for name, side in sides.items()}
    servers = {
        name: start(side, "serving_peers", "saved_model.py", side.inside(models[name])) for name, side in sides.items()
    }
    # The first round warms up.
    for number in range(rounds + 1):
        for batch, steps in TRAINING.items():
            for name, trainer in trainers.items():
                rate = trainer.ask(variant="as shipped", batch=batch, steps=steps)["windows_per_second"]
                if number:
                    note(name, f"a training step, batch {batch}, ms", 1e3 * batch / rate)
        for batch, calls in CALLS.items():
            for name, server in servers.items():
                taken = server.ask(variant="serving_default", batch=batch, calls=calls)["seconds"]
                if number:
                    note(name, f"a forecast, {batch:,} at once, ms", 1e3 * statistics.median(taken))
        print(f"round {number} of {rounds} done", file=sys.stderr)
    for contestant in (*trainers.values(), *servers.values()):
        contestant.close()
    return found


def table(found: Mapping[str, Mapping[str, Sequence[float]]]) -> Iterator[str]:
    """Markdown rows: medians, and how many times as fast the newer stack is."""
    older, newer = SIDES
    yield f"| | {older} | {newer} | {newer} is so many times as fast |"
    yield "|---|--:|--:|--:|"
    for what, values in found.items():
        if not all(values[side] for side in SIDES):
            continue
        medians = [statistics.median(values[side]) for side in SIDES]
        digits = 5 if "MAE" in what else 2 if max(medians) < 10 else 1
        ratio = "" if "MAE" in what else f"{medians[0] / medians[1]:.2f}"
        yield f"| {what} | {medians[0]:.{digits}f} | {medians[1]:.{digits}f} | {ratio} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2, help="whole runs of each stack")
    parser.add_argument("--rounds", type=int, default=4, help="rounds of all else that are counted")
    parser.add_argument("--json", type=pathlib.Path, help="file for every single value")
    options = parser.parse_args()
    root = newer_system.root_folder(os.environ)
    if not (root / newer_system.TREE / ".venv" / "tapeline-ready").exists():
        raise SystemExit(f"{root} holds no environment of the newer stack. make test-modern makes it.")
    newer_system.lay_tree(ROOT, root)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="stacks-", dir=root / "work"))
    try:
        pythons = sys.executable, f"/{newer_system.TREE}/.venv/bin/python"
        sides = dict(
            zip(SIDES, (Side(pythons[0], None, folder / "here"), Side(pythons[1], root, folder / "there")), strict=True)
        )
        found: dict[str, Any] = measure(sides, runs=options.runs, rounds=options.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    print(f"Medians of {options.runs} runs and {options.rounds} interleaved rounds.\n")
    print("\n".join(table(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
