"""Files as people have them, each from file to verdict with one command: `tapeline run --data FILE`.

    python -m benchmarks.any_file --twenty FILE...

The training is tiny (one small network, two epochs), so the errors say little; what counts is that each file reaches a
verdict and a forecast without a word from anybody. `--twenty` takes the twenty files that the tests write.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import yaml

from tests.pipeline.drafting.drafted_files import FILES

TINY = ("training.epochs=2", "training.candidates=1", "model.members=1", "model.units=8")

HEAD = """\
| file | frequency | series | split | context, horizon | verdict | MAE / naive | forecast | s |
|---|---|--:|---|---|---|--:|---|--:|"""


def main() -> None:
    """Runs every file and prints a row for each as it ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--twenty", action="store_true")
    arguments = parser.parse_args()
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        paths = [path.resolve() for path in arguments.files]
        for name, write in FILES.items() if arguments.twenty else ():
            paths.append(pathlib.Path(folder, name))
            write(paths[-1])
        for path in paths:
            with tempfile.TemporaryDirectory() as home:
                print(row(path, pathlib.Path(home)), flush=True)


def row(path: pathlib.Path, home: pathlib.Path) -> str:
    """Runs a file in an empty folder and returns its row of the table."""
    began = time.perf_counter()
    words = ["run", "--data", str(path), "--home", "runs", *(word for pair in TINY for word in ("--set", pair))]
    ended = subprocess.run(
        [sys.executable, "-m", "tapeline.cli.main", *words], cwd=home, capture_output=True, text=True
    )
    seconds = time.perf_counter() - began
    verdicts = list(home.glob("runs/*/report/*/verdict.json"))
    if not verdicts:
        return f"| {path.name} | | | | | exit code {ended.returncode}: {ended.stderr.strip()[-300:]!r} | | | {seconds:.0f} |"
    (verdict,) = verdicts
    told = json.loads(verdict.read_text())
    config = yaml.safe_load((verdict.parents[2] / "config.yaml").read_text())
    split, metrics = config.get("split", {}), told["metrics"]
    naive = min(metrics[name] for name in ("mae_scaled_persistence", "mae_scaled_seasonal_naive") if name in metrics)
    way = "own ends" if "test_steps" in split else "dates" if "test_start" in split else "fractions"
    forecast = " and ".join(kind for kind in ("csv", "png") if (verdict.parent / f"forecast.{kind}").exists()) or "none"
    cells = [
        path.name,
        config["data"]["frequency"],
        f"{told['series']:,}",
        way,
        f"{config['window']['context_length']}, {config['window']['horizon']}",
        told["outcome"] + refused(told),
        f"{metrics['mae_scaled'] / naive:.2f}",
        forecast,
        f"{seconds:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def refused(told: dict[str, list[dict[str, object]]]) -> str:
    """Names the checks that refused a model."""
    failed = [str(check["id"]) for check in told["checks"] if not check["passed"]]
    return f": {', '.join(failed)}" if failed else ""


if __name__ == "__main__":
    main()
