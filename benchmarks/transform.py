"""How fast rows become windows, in what memory and in how many bytes, beside doing it by hand.

    python -m benchmarks.transform --rows 100000 1000000            # prints Markdown
    python -m benchmarks.transform --rows 1000000 --format csv --beam-args=--direct_running_mode=multi_processing,--direct_num_workers=2
    python -m benchmarks.transform --rows 10000000 --series 100000 --context 24 --horizon 6     # many short series
    python -m benchmarks.transform --rows 10000000 --series 1                                   # one long one
    python -m benchmarks.transform --rows 10000000 --series 50001 --shape skewed --context 24 --horizon 6
    python -m benchmarks.transform --rows 1000000 --series 10000 --context 24 --horizon 6 --whole    # to the report
    python -m benchmarks.transform --fixed-cost                     # a whole run over 100 rows

Each stage is `tapeline run` over one part of the real pipeline, in a process
of its own: what is timed is what a user gets. A stage's seconds are those that
ML Metadata knows between its start and its end, without the imports that one
process of a whole run pays once; its CPU seconds are those of that process and
its children, imports (about 20 s) included. Its memory is the largest resident size of
the process or of any of its children, as the kernel counts it.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import yaml

from benchmarks import load_panels
from benchmarks.measured_runs import outputs_of, run, seconds_of, size_of, windows_of, written

CONTEXT, HORIZON = 104, 24
ROWS_A_SERIES = 10_000
GIB = 2**30

# The components of each, from the first to the last.
STAGES = {
    "ingest": ("SeriesExampleGen",),
    "statistics": ("StatisticsGen", "SchemaGen", "ExampleValidator"),
    "data gate": ("DataGate",),
    "Transform": ("Transform",),
}
AFTERWARDS = {
    "training": ("Trainer",),
    "evaluation": ("BlessedBefore", "Evaluator"),
    "serving gate": ("ServingGate",),
    "push": ("Pusher",),
    "report": ("Report",),
}
OPEN_GATE = {
    "mae_scaled_below": 1e6,
    "season": 2,
    "min_windows": 1,
    "skill_over": {"persistence": -1e6, "seasonal_naive": -1e6},
}
MOST_BY_HAND = 1000
"""Series; each is a file by hand."""
HEADER = (
    "| rows | step | seconds | CPU seconds | rows/s | windows/s | peak memory | bytes written a row |\n"
    "|--:|---|--:|--:|--:|--:|--:|--:|"
)


def write_config(folder: pathlib.Path, source: pathlib.Path, beam_args: Sequence[str], **sections: Any) -> pathlib.Path:
    """Writes the configuration that is measured."""
    config: dict[str, Any] = {
        "name": "load",
        "data": {
            "source": str(source),
            "time": "ds",
            "target": "y",
            "series_id": "unique_id",
            "frequency": "H",
        },
        "features": {"future_covariates": ["temperature", "holiday"], "calendar": ["hour_of_day", "day_of_week"]},
        "checks": {"max_gap": 200},
        "beam": {"args": list(beam_args)},
        **sections,
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


@dataclasses.dataclass(frozen=True, kw_only=True)
class Panel:
    """What is measured.

    Attributes:
        rows: Rows of the source.
        series: Series that they are divided among.
        shape: How they are divided.
        kind: The source's ending.
        context: Context length.
        horizon: Horizon.
        per_series: Whether each series is scaled by itself.
        beam_args: Where Beam runs.
        whole: Whether training and all that follows is measured.
    """

    rows: int
    series: int
    shape: load_panels.Shape
    kind: str
    context: int
    horizon: int
    per_series: bool
    beam_args: Sequence[str]
    whole: bool

    def configure(self, folder: pathlib.Path, source: pathlib.Path) -> pathlib.Path:
        """Writes the configuration; what trains trains one small epoch, and passes any gate."""
        return write_config(
            folder,
            source,
            self.beam_args,
            window={"context_length": self.context, "horizon": self.horizon},
            scaling={"per_series": self.per_series, "unseen_series": "global"},
            model={"units": 8, "members": 1},
            training={"epochs": 1, "candidates": 1},
            gate=OPEN_GATE,
        )


def measure(panel: Panel, folder: pathlib.Path) -> Iterator[str]:
    """Yields the lines of the table for one panel."""
    source = folder / f"load.{panel.kind}"
    rows = load_panels.write(source, rows=panel.rows, series=panel.series, shape=panel.shape)
    config = panel.configure(folder, source)
    home = folder / "runs"
    yield f"| {rows:,} | source, {panel.series:,} series | | | | | | {source.stat().st_size / rows:.0f} |"
    yield from _stages(STAGES, config, home, rows)
    windows = windows_of(home)
    made = {path.name: path for path in outputs_of(home / "load" / "artifacts" / "Transform")}
    chunks, scored = size_of(made["chunks"]), size_of(made["windows"])
    yield (
        f"| | of which chunks ({windows['train']:,} train windows) | | | | | | {chunks / rows:.0f} |\n"
        f"| | of which test windows ({windows['test']:,}) | | | | | | {scored / rows:.0f} |"
    )
    for line in ("examples", "stream"):
        usage = run(["benchmarks.transform_rates", line, str(home / "load"), str(config)])
        found = json.loads(usage.output.splitlines()[-1])
        label = "windows as tf.train.Example in Python" if line == "examples" else "the Trainer's input, batch 64"
        yield (
            f"| | {label} | {found['seconds']:.1f} | {usage.cpu_seconds:.1f} | | {found['windows'] / found['seconds']:,.0f} | "
            f"{usage.peak_bytes / GIB:.2f} GiB | |"
        )
    if panel.kind == "parquet" and panel.shape == "even" and panel.series <= MOST_BY_HAND:
        by_hand = folder / "by_hand"
        sizes = ["--context", str(panel.context), "--horizon", str(panel.horizon)]
        usage = run(["benchmarks.windows_by_hand", str(source), str(by_hand), *sizes])
        found = json.loads(usage.output.splitlines()[-1])
        yield (
            f"| | all of it by hand, pandas and NumPy | {found['seconds']:.1f} | {usage.cpu_seconds:.1f} | {rows / found['seconds']:,.0f} | "
            f"{(found['eval'] + found['test'] + found['train']) / found['seconds']:,.0f} | "
            f"{usage.peak_bytes / GIB:.2f} GiB | {size_of(by_hand) / rows:.0f} |"
        )
    if panel.whole:
        yield from _stages(AFTERWARDS, config, home, rows)


def _stages(stages: Mapping[str, Sequence[str]], config: pathlib.Path, home: pathlib.Path, rows: int) -> Iterator[str]:
    """Runs some components at a time and yields a line for each."""
    artifacts = home / "load" / "artifacts"
    for name, components in stages.items():
        first, last = components[0], components[-1]
        usage = run(
            ["tapeline.cli.main", "run", "--config", str(config), "--home", str(home), "--from", first, "--to", last]
        )
        seconds = sum(seconds_of(component, usage.output) for component in components)
        rate = f"{sum(windows_of(home).values()) / seconds:,.0f}" if name == "Transform" else ""
        yield (
            f"| | {name} | {seconds:.1f} | {usage.cpu_seconds:.1f} | {rows / max(seconds, 0.1):,.0f} | {rate} | "
            f"{usage.peak_bytes / GIB:.2f} GiB | {written(components, artifacts) / rows:.0f} |"
        )


def fixed_cost(folder: pathlib.Path, beam_args: Sequence[str]) -> Iterator[str]:
    """Yields how long a whole run over 100 rows takes, component by component."""
    source = folder / "load.parquet"
    rows = load_panels.write(source, rows=100, series=1)
    config = write_config(
        folder,
        source,
        beam_args,
        window={"context_length": 6, "horizon": 2},
        model={"units": 4, "members": 1},
        scaling={"per_series": True},
        training={"epochs": 1, "batch_size": 16, "candidates": 1},
        gate=OPEN_GATE,
    )
    usage = run(["tapeline.cli.main", "run", "--config", str(config), "--home", str(folder / "runs")])
    yield f"A whole run over {rows} rows: {usage.seconds:.1f} s, {usage.cpu_seconds:.1f} s of CPU, {usage.peak_bytes / GIB:.2f} GiB.\n"
    yield "```\n" + usage.output.split("\n\n")[0] + "\n```"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures ingest, Transform and windowing.")
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--series", type=int, help=f"default: one for every {ROWS_A_SERIES:,} rows")
    parser.add_argument("--shape", choices=get_args(load_panels.Shape), default="even", help="as of load_panels")
    parser.add_argument("--context", type=int, default=CONTEXT)
    parser.add_argument("--horizon", type=int, default=HORIZON)
    parser.add_argument("--one-scale", action="store_true", help="scale all series alike")
    parser.add_argument("--whole", action="store_true", help="go on to the report, with a small model and one epoch")
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("--beam-args", default="", help="separated by commas")
    parser.add_argument("--fixed-cost", action="store_true", help="measure a run over 100 rows instead")
    parser.add_argument("--folder", type=pathlib.Path, help="where to work (default: a temporary folder, removed)")
    arguments = parser.parse_args()
    beam_args = [arg for arg in arguments.beam_args.split(",") if arg]
    parent = arguments.folder or pathlib.Path(tempfile.mkdtemp(prefix="tapeline-"))
    print(f"`python -m benchmarks.transform {' '.join(sys.argv[1:])}`, load {os.getloadavg()[0]:.1f} at the start\n")
    if not arguments.fixed_cost:
        print(HEADER, flush=True)
    for rows in [100] if arguments.fixed_cost else arguments.rows:
        folder = parent / str(rows)
        folder.mkdir(parents=True)
        panel = Panel(
            rows=rows,
            series=arguments.series or max(1, rows // ROWS_A_SERIES),
            shape=arguments.shape,
            kind=arguments.format,
            context=arguments.context,
            horizon=arguments.horizon,
            per_series=not arguments.one_scale,
            beam_args=beam_args,
            whole=arguments.whole,
        )
        for line in fixed_cost(folder, beam_args) if arguments.fixed_cost else measure(panel, folder):
            print(line, flush=True)
        if arguments.folder is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
