"""What each part of the model and of its training is worth: one change at a time, on the eval split.

    python -m benchmarks.ablation                          # weekly CO2
    python -m benchmarks.ablation --series vic_temperature --seeds 1 --set model.members=1 training.candidates=1

The shipped configuration comes first, then the same with one thing changed;
with `--set` both have further values in common, such as one network in place of a pool.
Only the eval split is read: this table is where choices come from, and a
choice that has seen the test split would spoil the error it is judged by.
"""

import argparse
import pathlib
import statistics
import sys
from collections.abc import Mapping

import yaml

from benchmarks.accuracy import train_seeds
from benchmarks.protocols import DATA_DIR, PROTOCOLS, configure
from benchmarks.series import load_splits
from tapeline.schemas.config import Config
from tapeline.schemas.errors import ConfigError

CHANGES: dict[str, Mapping[str, object]] = {
    "as shipped": {},
    "one network, no selection": {"model.members": 1, "training.candidates": 1},
    "AdamW": {"training.optimizer.kind": "adamw"},
    "a cosine in place of the plateau": {"training.rate_schedule": "cosine"},
    "no linear highway": {"model.view.highway": "none"},
    "the linear highway reads the context alone": {"model.view.highway": "context"},
    "the linear highway is not cross-fitted": {"model.cross_fit": False},
    "the decoder sees the level": {"model.view.level": True},
    "units of the window's own": {"model.view.window_units": True},
    "three harmonics": {"model.view.harmonics": 3},
    "no covariates at the lags": {"model.view.lag_covariates": False},
    "segments of 4 steps": {"model.segment_length": 4},
    "segments of 8 steps": {"model.segment_length": 8},
    "the highway is trained too": {"training.highway_learning_rate": None},
    "the highway is trained a hundred times slower": {"training.highway_learning_rate": 1e-5},
    "no average of the weights": {"training.average_weights": 0.0},
    "a slower average of the weights (0.999)": {"training.average_weights": 0.999},
    "teacher forcing only": {"training.sampling": {"schedule": "constant", "start": 0.0}},
    "own output from the first epoch": {"training.sampling": {"schedule": "constant", "start": 1.0}},
    "later steps weigh up to twice as much": {"training.loss.weights": "linear"},
    "Huber's loss": {"training.loss.kind": "huber"},
    "half the units": {"model.units": 32},
    "twice the units": {"model.units": 128},
    "the encoder reads the whole context": {"model.encoder_length": None},
    "no lags in the decoder": {"model.lags": []},
    "attention, 4 heads": {"model.attention_heads": 4},
    "layer normalisation": {"model.layer_norm": True},
    "dropout 0.2": {"model.dropout": 0.2},
    "no dropout": {"model.dropout": 0.0},
    "no calendar": {"features.calendar": []},
    "no rolling statistics": {"features.rolling": []},
}


def changed(config: Config, changes: Mapping[str, object]) -> Config | None:
    """Returns the configuration with some values changed; None where that changes nothing or makes no sense."""
    try:
        other = config.override(changes)
    except ConfigError:
        return None
    return other if not changes or other != config else None


def main() -> int:
    """Prints a row for every change, as soon as it is known."""
    parser = argparse.ArgumentParser(description="One change at a time, on the eval split.")
    parser.add_argument("--data-dir", type=pathlib.Path, default=DATA_DIR)
    parser.add_argument("--series", choices=PROTOCOLS, default="co2")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--only", nargs="+", choices=CHANGES, default=list(CHANGES), metavar="CHANGE")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="override the configuration")
    options = parser.parse_args()

    in_common = {key: yaml.safe_load(value) for key, value in (item.split("=", 1) for item in options.set)}
    shipped = configure(options.series, options.data_dir, in_common)
    if shipped is None:
        return 1
    print(f"{PROTOCOLS[options.series].title}; median of {len(options.seeds)} seeds\n")
    print("| change | eval MAE, scaled | against shipped | training, s |\n|---|--:|--:|--:|", flush=True)
    base: float | None = None
    for name in dict.fromkeys(["as shipped", *options.only]):
        config = changed(shipped, CHANGES[name])
        if config is None:
            continue
        trained = train_seeds(config, load_splits(config), options.seeds)
        error = statistics.median(run.val_loss for run, _ in trained)
        base = error if base is None else base
        seconds = statistics.median(seconds for _, seconds in trained)
        print(f"| {name} | {error:.5f} | {100.0 * (error / base - 1.0):+.1f} % | {seconds:.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
