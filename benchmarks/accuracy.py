"""Accuracy on public series: persistence, seasonal naive, ridge and the model on the same windows.

    python -m benchmarks.accuracy                          # every series whose file is there
    python -m benchmarks.accuracy --series co2 --seeds 1 2 3
    python -m benchmarks.accuracy --series m4_weekly       # a whole run of the pipeline, scored as the competition did

Every figure is the mean absolute error in scaled space over all windows and
all steps of the test split, free-running; of the model the median over the
seeds, and of the first seed the share of test values inside its intervals.
Everything is chosen on the eval split: the ridge's penalties, learning rate,
end of training, intervals. The test split is read when all is decided.
"""

import argparse
import dataclasses
import os
import pathlib
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy.typing as npt

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
import yaml

from benchmarks import coverage, m4_weekly
from benchmarks.protocols import DATA_DIR, PROTOCOLS, Protocol, configure
from benchmarks.series import load_splits
from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.training_run import TrainedModel, run_training
from tapeline.schemas import features as names
from tapeline.schemas.config import Config
from tapeline.series.conformal import PERCENTS
from tapeline.series.scaling import Scaler
from tapeline.series.seasons import choose_season, persistence, seasonal_naive
from tapeline.series.windowing import Chunk


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """What was measured of one series."""

    windows: int
    persistence: float
    seasonal: float
    ridge: float
    model: tuple[float, ...]
    ensemble: float
    eval_errors: tuple[float, ...]
    seconds: tuple[float, ...]
    covered: coverage.Shares


def train_seeds(
    config: Config, splits: Mapping[str, list[Chunk]], seeds: list[int], *, scaler: Scaler | None = None
) -> list[tuple[TrainedModel, float]]:
    """Trains a model a seed; returns each with the seconds that it took.

    Args:
        config: The configuration; its own seed does not matter.
        splits: From `load_splits`.
        seeds: One training each.
        scaler: The scales of the series; None: no forecasts of logarithms.
    """
    trained = []
    for seed in seeds:
        started = time.perf_counter()
        run = run_training(
            train_chunks=lambda: splits["train"],
            eval_chunks=lambda: splits["eval"],
            window=config.window,
            features=config.features,
            model=config.model,
            training=config.training.model_copy(update={"seed": seed}),
            season=choose_season(config.gate, data=config.data, window=config.window, chunks=lambda: splits["train"]),
            scaler=scaler,
            transform=config.scaling.transform,
        )
        trained.append((run, time.perf_counter() - started))
    return trained


def measure(config: Config, seeds: list[int], *, verbose: bool = False) -> Row:
    """Trains a model a seed and scores everything on the test split.

    Args:
        config: The configuration.
        seeds: One training each.
        verbose: Whether to print a line an epoch.
    """
    splits = load_splits(config)
    timed = train_seeds(config, splits, seeds)
    trained = [run for run, _ in timed]
    if verbose:
        for seed, run in zip(seeds, trained, strict=True):
            show_history(run, seed)
    season = config.gate.season
    if not isinstance(season, int):
        raise ValueError(
            f"gate.season: got {season!r} in {config.name!r}; the seasonal baseline needs a number of steps."
        )
    models = [tf.function(run.model) for run in trained]
    errors = {name: np.zeros(2) for name in ("persistence", "seasonal", "ridge", "ensemble")}
    by_seed = [np.zeros(2) for _ in models]
    for window, target in scored_windows(config, splits["test"], trained[0].series):
        context = window[names.CONTEXT]
        add(errors["persistence"], persistence(context, horizon=config.window.horizon), target)
        add(errors["seasonal"], seasonal_naive(context, horizon=config.window.horizon, season=season), target)
        add(errors["ridge"], context[:, -1:] + trained[0].ridge(window).numpy(), target)
        forecasts = [model(window).numpy() for model in models]
        for total, forecast in zip(by_seed, forecasts, strict=True):
            add(total, forecast, target)
        add(errors["ensemble"], np.mean(forecasts, axis=0), target)
    return Row(
        windows=sum(len(chunk.forecast_offsets) for chunk in splits["test"]),
        model=tuple(float(total[0] / total[1]) for total in by_seed),
        eval_errors=tuple(run.val_loss for run in trained),
        seconds=tuple(seconds for _, seconds in timed),
        covered=coverage.interval_shares(config, splits, trained[0]),
        **{name: float(total[0] / total[1]) for name, total in errors.items()},
    )


def scored_windows(
    config: Config, chunks: list[Chunk], series: Sequence[bytes]
) -> Iterator[tuple[dict[str, npt.NDArray[Any]], npt.NDArray[Any]]]:
    """Yields every test window once."""
    stream = WindowStream(
        read=lambda: chunks, spec=config.window_spec(), batch_size=512, fill_last=False, series=series
    )
    return stream.batches()


def add(total: npt.NDArray[Any], forecast: npt.NDArray[Any], target: npt.NDArray[Any]) -> None:
    """Adds the absolute errors of observed steps, and their number, to `total` `[2]`."""
    total += (np.nansum(np.abs(forecast - target)), np.sum(~np.isnan(target)))


def show_history(run: TrainedModel, seed: int) -> None:
    print(
        f"  seed {seed}: ridge on eval {run.fit.eval_mae:.5f}, penalty {run.fit.penalty:g}"
        f" (covariates x {run.fit.covariate_factor:g})"
    )
    for each in run.candidates:
        print(f"  {each.candidate.name}: {each.candidate.words}")
        for number, epoch in enumerate(each.history.epochs):
            mark = " *" if number == each.history.best else ""
            print(
                f"    {number:3d} loss {epoch['loss']:.5f} val_loss {epoch['val_loss']:.5f} "
                f"forced {epoch['val_teacher_forced']:.5f} rate {epoch['learning_rate']:.1e} "
                f"{epoch['seconds']:.1f} s{mark}",
                flush=True,
            )
    if run.selected is not None:
        print(f"  {run.selected.in_words()}", flush=True)


def line(protocol: Protocol, row: Row) -> str:
    median = statistics.median(row.model)
    must = protocol.must if protocol.must is not None else 1.003 * row.persistence
    cells = [
        protocol.title,
        f"{row.windows:,}",
        f"{row.persistence:.4f}",
        f"{row.seasonal:.4f}",
        f"{row.ridge:.4f}",
        f"**{median:.4f}**",
        f"{min(row.model):.4f}-{max(row.model):.4f}",
        f"{row.ensemble:.4f}",
        f"{must:.4f}" + (" yes" if median <= must else " NO"),
        f"{protocol.aim:.4f}" + (" yes" if median <= protocol.aim else " no") if protocol.aim else "-",
        f"{statistics.median(row.seconds):.0f}",
        *coverage.in_words(row.covered),
    ]
    return "| " + " | ".join(cells) + " |"


HEADER = (
    "| series | windows | persistence | seasonal naive | ridge | model (median) | seeds | mean of the seeds' forecasts"
    " | must reach | aim | training, s | "
    + " | ".join(f"{percent} % interval" for percent in PERCENTS)
    + " |\n"
    + "|---" * (11 + len(PERCENTS))
    + "|"
)


def main() -> int:
    """Prints the table; 1 where a figure that must be reached is not."""
    parser = argparse.ArgumentParser(description="Accuracy on public series, free-running, in scaled space.")
    parser.add_argument("--data-dir", type=pathlib.Path, default=DATA_DIR)
    parser.add_argument("--series", nargs="+", choices=[*PROTOCOLS, m4_weekly.NAME], default=list(PROTOCOLS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="override the configuration")
    parser.add_argument("--verbose", action="store_true", help="a line an epoch")
    options = parser.parse_args()

    changes = {key: yaml.safe_load(value) for key, value in (item.split("=", 1) for item in options.set)}
    reached = True
    for seed in options.seeds if m4_weekly.NAME in options.series else ():
        told, enough = m4_weekly.measure(
            options.data_dir / f"{m4_weekly.NAME}.parquet",
            changes={**changes, "training.seed": seed},
            verbose=options.verbose,
        )
        print(f"seed {seed}: {told}", flush=True)
        reached = reached and enough
    protocols = [name for name in options.series if name in PROTOCOLS]
    if protocols:
        print(HEADER, flush=True)
    for name in protocols:
        protocol = PROTOCOLS[name]
        config = configure(name, options.data_dir, changes)
        if config is None:
            continue
        row = measure(config, options.seeds, verbose=options.verbose)
        print(line(protocol, row), flush=True)
        must = protocol.must if protocol.must is not None else 1.003 * row.persistence
        reached = reached and statistics.median(row.model) <= must
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
