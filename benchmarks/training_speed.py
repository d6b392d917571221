"""Training speed of this loop beside Keras' `model.fit` and PyTorch: windows a second, on this machine, in one run.

    python -m benchmarks.training_speed                     # some 10 minutes; makes PyTorch's environment at first
    python -m benchmarks.training_speed --torch-python /path/to/python   # one that has PyTorch
    python -m benchmarks.training_speed --without-torch

Every contestant trains the same architecture (context 104, horizon 24, 6
features, 64 units) in a process of its own, with the same allocator settings.
Rounds are interleaved, so that a noisy minute hits all of them, and only one
contestant runs at a time; what is told are medians. Keras and PyTorch get
their batches ready-made from memory; this loop cuts its windows on the way.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import venv
from collections.abc import Iterator

from benchmarks.contestants import ROOT, Contestant

PEERS = ROOT / "benchmarks" / "training_peers"
TORCH_ENVIRONMENT = ROOT / ".benchmarks" / "torch"
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "2000000000"}
STEPS = {64: 100, 256: 40}
OURS = "this loop"
CONTESTS = (
    ("Keras", "fit"),
    ("Keras", "fit, XLA"),
    ("PyTorch", "autoregressive"),
    ("PyTorch", "teacher-forced"),
    (OURS, "teacher-forced"),
    (OURS, "rollout"),
    (OURS, "as shipped"),
)

MEMORY_PROBE = """
import resource, sys
sys.path.insert(0, "benchmarks/training_peers")
import numpy as np, rounds, time
from tapeline.components.trainer.dataset import WindowStream
from tapeline.series.windowing import Chunk
from tapeline.schemas.window_spec import WindowSpec

LENGTH = 4096
def chunks(count):
    for number in range(count):
        values = np.random.default_rng(number).normal(size=(LENGTH, 5)).astype(np.float32)
        yield Chunk(series_id=b"noise", timestamp=np.arange(LENGTH), target=values[:, 0],
                    past_covariates=np.ascontiguousarray(values[:, 1:3]),
                    future_covariates=np.ascontiguousarray(values[:, 3:]),
                    static_covariates=np.zeros(0, np.float32),
                    forecast_offsets=np.arange(rounds.CONTEXT, LENGTH - rounds.HORIZON + 1))

count, batch = int(sys.argv[1]), int(sys.argv[2])
stream = WindowStream(read=lambda: chunks(count), spec=WindowSpec(context_length=rounds.CONTEXT, horizon=rounds.HORIZON),
                      batch_size=batch, shuffle_windows=100_000, seed=1)
started, windows = time.perf_counter(), 0
for _, target in stream.batches():
    windows += len(target)
print(windows, windows / (time.perf_counter() - started), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def start(python: str, script: str) -> Contestant:
    """Starts a peer; all of them get the same allocator settings."""
    path = os.pathsep.join([str(PEERS), str(ROOT)])
    return Contestant([python, str(PEERS / script)], environment={**ALLOCATOR, "PYTHONPATH": path})


def rate(contestant: Contestant, variant: str, batch: int, steps: int) -> float:
    """Lets a peer train; returns windows a second."""
    return contestant.ask(variant=variant, batch=batch, steps=steps)["windows_per_second"]


def torch_python(options: argparse.Namespace) -> str:
    """Returns a Python with PyTorch; makes its environment when there is none."""
    if options.torch_python:
        return options.torch_python
    python = TORCH_ENVIRONMENT / "bin" / "python"
    if python.exists():
        return str(python)
    print(f"making an environment with {options.torch_requirement} in {TORCH_ENVIRONMENT} ...", file=sys.stderr)
    base = options.torch_base or shutil.which("python3.11") or shutil.which("python3.12")
    if base:
        subprocess.run([base, "-m", "venv", str(TORCH_ENVIRONMENT)], check=True)
    else:
        venv.create(TORCH_ENVIRONMENT, with_pip=True)
    index = ["--index-url", options.torch_index] if options.torch_index else []
    pip = [str(python), "-m", "pip", "install", "--quiet", *index]
    try:
        subprocess.run([*pip, *options.torch_requirement.split(), "numpy"], check=True)
    except subprocess.CalledProcessError:
        shutil.rmtree(TORCH_ENVIRONMENT)
        raise
    return str(python)


def compete(contestants: dict[str, Contestant], *, rounds: int) -> dict[tuple[str, str, int], list[float]]:
    """Lets everyone train in turn; the first round warms up and is not counted."""
    rates: dict[tuple[str, str, int], list[float]] = {}
    contests = [contest for contest in CONTESTS if contest[0] in contestants]
    for number in range(rounds + 1):
        for batch, steps in STEPS.items():
            for name, variant in contests:
                found = rate(contestants[name], variant, batch, steps)
                if number:
                    rates.setdefault((name, variant, batch), []).append(found)
        print(f"round {number} of {rounds} done", file=sys.stderr)
    return rates


def speed_table(rates: dict[tuple[str, str, int], list[float]], contestants: dict[str, Contestant]) -> Iterator[str]:
    """Markdown rows: windows a second, milliseconds a step, and how many times Keras' faster `fit`."""
    median = {key: statistics.median(values) for key, values in rates.items()}
    yield (
        "| contestant | variant | parameters | " + " | ".join(f"batch {b}: windows/s | ms a step" for b in STEPS) + " |"
    )
    yield "|---|---|---|" + "---|---|" * len(STEPS)
    for name, variant in [contest for contest in CONTESTS if contest[0] in contestants]:
        facts = contestants[name].facts
        cells = [f"{median[name, variant, b]:,.0f} | {1e3 * b / median[name, variant, b]:.1f}" for b in STEPS]
        parameters = "" if variant == "as shipped" else f"{facts['parameters']:,}"
        yield f"| {facts['library']} | {variant} | {parameters} | " + " | ".join(cells) + " |"
    yield ""
    yield "| this loop, how many times as fast as | " + " | ".join(f"batch {b}" for b in STEPS) + " |"
    yield "|---|" + "---|" * len(STEPS)
    for ours, name, variant in (
        ("teacher-forced", "Keras", "fit"),
        ("teacher-forced", "Keras", "fit, XLA"),
        ("teacher-forced", "PyTorch", "teacher-forced"),
        ("rollout", "PyTorch", "autoregressive"),
        ("teacher-forced", "PyTorch", "autoregressive"),
    ):
        if name in contestants:
            ratios = [f"{median[OURS, ours, b] / median[name, variant, b]:.2f}" for b in STEPS]
            yield f"| {name} {variant} ({ours} here) | " + " | ".join(ratios) + " |"


def length_table(ours: Contestant, *, rounds: int) -> Iterator[str]:
    """Markdown rows: a context of 512 beside one of 104."""
    rates: dict[int, list[float]] = {104: [], 512: []}
    for number in range(rounds + 1):
        for context, values in rates.items():
            found = rate(ours, f"teacher-forced@{context}", 64, 40)
            if number:
                values.append(found)
    short, long = (1e3 * 64 / statistics.median(values) for values in rates.values())
    yield "| context | ms a step (batch 64) | µs a step and context step |"
    yield "|---|---|---|"
    yield f"| 104 | {short:.1f} | {1e3 * short / (104 + 24):.0f} |"
    yield f"| 512 | {long:.1f} | {1e3 * long / (512 + 24):.0f} |"


def memory_table() -> Iterator[str]:
    """Markdown rows: peak memory of the input pipeline, and its speed, over the number of windows."""
    yield "| windows | batch | windows/s of the input pipeline alone | peak memory of the process, MiB |"
    yield "|---|---|---|---|"
    environment = {**os.environ, **ALLOCATOR, "PYTHONPATH": str(ROOT)}
    for chunks, batch in ((25, 64), (25, 256), (100, 256), (400, 256)):
        command = [sys.executable, "-c", MEMORY_PROBE, str(chunks), str(batch)]
        output = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=ROOT).stdout
        windows, rate, memory = (float(number) for number in output.split())
        yield f"| {windows:,.0f} | {batch} | {rate:,.0f} | {memory:,.0f} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds that are counted")
    parser.add_argument("--without-torch", action="store_true", help="leave PyTorch out")
    parser.add_argument("--torch-python", help="a Python that has PyTorch")
    parser.add_argument("--torch-base", help="the Python from which PyTorch's environment is made")
    parser.add_argument("--torch-requirement", default="torch==2.13.0", help="what pip installs there")
    parser.add_argument("--torch-index", help="pip's index for it, such as https://download.pytorch.org/whl/cpu")
    options = parser.parse_args()

    contestants = {
        "Keras": start(sys.executable, "keras_fit.py"),
        OURS: start(sys.executable, "tapeline_loop.py"),
    }
    if not options.without_torch:
        contestants["PyTorch"] = start(torch_python(options), "torch_lstm.py")
    rates = compete(contestants, rounds=options.rounds)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"Medians of {options.rounds} interleaved rounds on {cores} cores; every process has")
    print("`" + " ".join(f"{name}={value}" for name, value in ALLOCATOR.items()) + "`.\n")
    print("\n".join(speed_table(rates, contestants)), end="\n\n")
    print("\n".join(length_table(contestants[OURS], rounds=options.rounds)), end="\n\n")
    for contestant in contestants.values():
        contestant.close()
    print("\n".join(memory_table()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
