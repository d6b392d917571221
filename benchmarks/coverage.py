"""How many of the test split's values lie inside the prediction intervals, after a short training.

    python -m benchmarks.coverage                                # every series whose file is there, 4 epochs
    python -m benchmarks.coverage --series co2 --epochs 20

Intervals are made on the eval split, as the Trainer makes them; the test split
is read for the count alone. Beside them stands what one size for all series
gives: on a panel it is too wide for some series and too narrow for others.
"""

import argparse
import pathlib

import numpy as np

from benchmarks.accuracy import train_seeds
from benchmarks.protocols import DATA_DIR, PROTOCOLS, configure
from benchmarks.series import load_splits
from tapeline.components.trainer.validation import eval_errors
from tapeline.schemas.served_model import INTERVALS
from tapeline.series.conformal import PERCENTS
from tapeline.series.prediction_intervals import EvalErrors, PredictionIntervals, fit_intervals
from tapeline.series.seasons import choose_season, naive_errors

Shares = list[tuple[float, float, float]]
"""Of each interval: share of all test values inside, and that of the series with the smallest and the largest one."""


def measure(
    name: str, *, data_dir: pathlib.Path, epochs: int, changes: dict[str, object]
) -> tuple[int, dict[str, Shares]]:
    """Returns the number of test windows, and the shares by kind of interval; 0 windows where a file is missing.

    Args:
        name: One of `PROTOCOLS`.
        data_dir: Where the files are.
        epochs: Epochs of the training.
        changes: What to override besides, by dotted key.
    """
    config = configure(name, data_dir, {**changes, "training.epochs": epochs})
    if config is None:
        return 0, {}
    splits = load_splits(config)
    ((trained, _),) = train_seeds(config, splits, [1])

    def errors_on(split: str) -> EvalErrors:
        return eval_errors(trained.model, read=lambda: splits[split], spec=config.window_spec(), series=trained.series)

    found = {split: errors_on(split) for split in ("eval", "test")}
    season = choose_season(config.gate, data=config.data, window=config.window, chunks=lambda: splits["train"])
    overlap = -(-config.window.horizon // config.window.eval_stride)
    naive = naive_errors(splits["train"], season=season)
    own = fit_intervals(found["eval"], naive_errors=naive, overlap=overlap)
    shares = {"own eval errors" if own.own_errors else "as served": _shares(own, found["test"])}
    if own.own_errors:
        by_naive = fit_intervals(found["eval"], naive_errors=naive, overlap=len(found["eval"].values))
        shares["naive errors"] = _shares(by_naive, found["test"])
    if len(naive) > 1:
        one_size = fit_intervals(found["eval"], naive_errors={}, overlap=overlap)
        shares["one size for all"] = _shares(one_size, found["test"])
    return len(found["test"].values), shares


def _shares(fitted: PredictionIntervals, errors: EvalErrors) -> Shares:
    ratios = fitted.ratios(errors)[:, np.newaxis]
    offsets = dict(zip(fitted.names, fitted.offsets, strict=True))
    shares = []
    for lower, upper in INTERVALS:
        inside = (offsets[lower] * ratios <= errors.values) & (errors.values <= offsets[upper] * ratios)
        measured = ~np.isnan(errors.values)
        by_series = [
            float(inside[here].sum() / measured[here].sum())
            for here in (errors.series == name for name in np.unique(errors.series))
        ]
        shares.append((float(inside.sum() / measured.sum()), min(by_series), max(by_series)))
    return shares


def main() -> None:
    """Prints a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", nargs="+", choices=PROTOCOLS, default=list(PROTOCOLS))
    parser.add_argument("--data-dir", type=pathlib.Path, default=DATA_DIR)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--one-scale", action="store_true", help="panels in one scale instead of one each")
    arguments = parser.parse_args()
    changes: dict[str, object] = {"scaling.per_series": False} if arguments.one_scale else {}
    kinds = [f"{percent} % interval" for percent in PERCENTS]
    print(f"| series | intervals | test windows | {' | '.join(kinds)} |")
    print("|---|---|--:|--:|--:|")
    for name in arguments.series:
        windows, found = measure(name, data_dir=arguments.data_dir, epochs=arguments.epochs, changes=changes)
        for kind, shares in found.items():
            cells = [
                f"{share:.1%}" if low == high else f"{share:.1%} ({low:.1%} to {high:.1%} by series)"
                for share, low, high in shares
            ]
            print(f"| {PROTOCOLS[name].title} | {kind} | {windows:,} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
