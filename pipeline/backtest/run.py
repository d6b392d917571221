"""`tapeline backtest`: one configuration, trained and judged anew at several points in time.

    backtest = plan_backtest(config, RunPaths.of(config.name), folds=5, window="expanding")
    for fold in backtest.folds: ...      # a Config and a folder each

A fold is the same pipeline, up to the Evaluator, under a configuration whose
split dates are the fold's. Nothing of a fold is known to another: scaler,
schema, model and baselines are made from its own rows. Each fold has a folder
of its own with ML Metadata and checkpoints, so one that is done is answered
from the cache and one that was interrupted carries on.
"""

import argparse
import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import sys
from collections.abc import Iterator

from tapeline.cli.main import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED
from tapeline.components.ingest.splits import find_bounds, first_step_from, show_time
from tapeline.pipeline.backtest.folds import Cuts, TrainWindow, plan_folds
from tapeline.pipeline.local_runner import LocalRun, run_locally, user_error
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.config import Config
from tapeline.schemas.errors import ConfigError
from tapeline.series.sources.reading import plan_blocks
from tapeline.series.sources.rows import RowLayout
from tapeline.series.sources.scanning import scan_block, survey_source
from tapeline.series.sources.source import find_source, source_fingerprint
from tapeline.series.time_grid import TimeGrid

_LAST_NODE = "Evaluator"
"""No fold is pushed."""

_WITHOUT_INFLUENCE = {"push", "beam", "kubeflow"}
"""Sections that no number of a backtest depends on."""

_KEY_LENGTH = 12


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fold:
    """One fold: a pipeline of its own.

    Attributes:
        number: From 1, the earliest first.
        cuts: Where its splits lie, in steps of the grid.
        config: The configuration with the fold's dates.
        paths: Its folder.
    """

    number: int
    cuts: Cuts
    config: Config
    paths: RunPaths


@dataclasses.dataclass(frozen=True, kw_only=True)
class Backtest:
    """All folds.

    Attributes:
        config: The configuration as it was given.
        window: What becomes of train from fold to fold.
        root: Folder of the folds, and of the results where no other is named.
        folds: The earliest first.
    """

    config: Config
    window: TrainWindow
    root: pathlib.Path
    folds: tuple[Fold, ...]


def plan_backtest(
    config: Config, paths: RunPaths, *, folds: int, window: TrainWindow, fold_length: int | None = None
) -> Backtest:
    """Reads from when to when the data reach, and lays the folds.

    Args:
        config: What is tested.
        paths: The configuration's folder.
        folds: Number of folds.
        window: What becomes of train from fold to fold.
        fold_length: Steps of each test span; None shares the configuration's test span.

    Raises:
        ConfigError: The folds do not fit into the data.
        DataError: The source is missing, or cannot be read as it should.
    """
    fingerprint = source_fingerprint(config.data)
    base = base_cuts(config)
    cuts = plan_folds(base, folds=folds, window=window, spec=config.window_spec(), fold_length=fold_length)
    settings = {
        "config": config.model_dump(mode="json", exclude=_WITHOUT_INFLUENCE),
        "data": fingerprint,
        "folds": [dataclasses.asdict(each) for each in cuts],
    }
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:_KEY_LENGTH]
    root = paths.root / "backtest" / key
    return Backtest(
        config=config,
        window=window,
        root=root,
        folds=tuple(
            Fold(
                number=number,
                cuts=each,
                config=fold_config(config, each, base=base),
                paths=RunPaths(root / f"fold-{number:02d}"),
            )
            for number, each in enumerate(cuts, start=1)
        ),
    )


def base_cuts(config: Config) -> Cuts:
    """Returns where the configuration itself cuts its data, in steps of the grid.

    Args:
        config: Names the data.

    Raises:
        ConfigError: The split's dates do not fit the data.
        DataError: The source is missing, or cannot be read as it should.
    """
    layout, grid = RowLayout.of(config.data, config.features), TimeGrid.of(config.data)
    blocks = plan_blocks(find_source(config.data), needed=layout.columns)
    survey = survey_source(blocks, (facts for block in blocks for facts in scan_block(block, layout)), layout)
    bounds = find_bounds(first=survey.first, last=survey.last, split=config.split, grid=grid)
    return Cuts(**{name: first_step_from(time, grid) for name, time in dataclasses.asdict(bounds).items()})


def fold_config(config: Config, cuts: Cuts, *, base: Cuts) -> Config:
    """Returns the configuration of one fold.

    Args:
        config: That of the backtest.
        cuts: Where the fold's splits lie.
        base: Where the configuration's own lie.
    """
    grid = TimeGrid.of(config.data)
    dates = {name: show_time(int(grid.timestamps([step])[0])) for name, step in dataclasses.asdict(cuts).items()}
    split = {
        "start": config.split.start if cuts.train_start == base.train_start else dates["train_start"],
        "eval_start": dates["eval_start"],
        "test_start": dates["test_start"],
        "end": config.split.end if cuts.end == base.end else dates["end"],
    }
    # Whatever ran in a fold's folder before must not decide about it.
    return config.override({"split": split, "gate.no_worse_than_blessed": False})


def run(config: Config, arguments: argparse.Namespace) -> int:
    """Runs all folds, prints the table and writes the results.

    Args:
        config: What is tested.
        arguments: `home`, `folds`, `window`, `fold_length`, `output` and `json` of the command line.

    Returns:
        The exit code.

    Raises:
        UserError: The folds do not fit, or a fold's data were refused; the message says which.
    """
    backtest = plan_backtest(
        config,
        RunPaths.of(config.name, arguments.home),
        folds=arguments.folds,
        window=arguments.window,
        fold_length=arguments.fold_length,
    )
    output = pathlib.Path(arguments.output).expanduser().resolve() if arguments.output else backtest.root
    with contextlib.ExitStack() as stack:
        if arguments.json:
            stack.enter_context(_progress_on_stderr())
        _require_writable(output)
        outcomes: list[LocalRun] = []
        for fold in backtest.folds:
            print(f"{_title(backtest, fold)}: {_span(fold)}", flush=True)
            outcomes.append(run_locally(fold.config, fold.paths, to_node=_LAST_NODE))
            code = _stopped(backtest, fold, outcomes[-1])
            if code is not None:
                return code

        from tapeline.pipeline.backtest.results import write_results

        results = write_results(backtest, outcomes, output)
    if arguments.json:
        print(results.json, end="")
    else:
        print(f"\n{results.table}\n\n  results  {shown(output)}")
    return EXIT_DONE


def _title(backtest: Backtest, fold: Fold) -> str:
    return f"{backtest.config.name}, fold {fold.number} of {len(backtest.folds)}"


def _span(fold: Fold) -> str:
    return f"eval from {fold.config.split.eval_start}, test from {fold.config.split.test_start}"


def _stopped(backtest: Backtest, fold: Fold, outcome: LocalRun) -> int | None:
    """Says what stopped a fold and returns the exit code; None where it came to its end.

    Raises:
        UserError: It is something that the user can mend.
    """
    if isinstance(outcome.error, KeyboardInterrupt):
        print(
            f"tapeline backtest: interrupted in fold {fold.number} of {len(backtest.folds)}; "
            f"{fold.number - 1} before it are kept. The same command carries on.",
            file=sys.stderr,
        )
        return EXIT_INTERRUPTED
    mendable = user_error(outcome.error)
    if mendable is not None:
        raise type(mendable)(f"{_title(backtest, fold)}, {_span(fold)}: {mendable}\nLog: {shown(outcome.log)}")
    if outcome.error is None and outcome.run is not None and not outcome.unfinished:
        return None
    reason = f"{type(outcome.error).__name__}: {outcome.error}" if outcome.error else "it came to no end"
    where = f" in {outcome.unfinished[0]}" if outcome.unfinished else ""
    print(
        f"\ntapeline backtest: fold {fold.number} failed{where}: {reason}\nThe folds before it are kept. "
        f"Log: {shown(outcome.log)}",
        file=sys.stderr,
    )
    return EXIT_FAILED


def _require_writable(output: pathlib.Path) -> None:
    """Refuses a folder that cannot be written to before hours are spent on what should go there."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        probe = output / ".probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError(f"--output: cannot write to {str(output)!r}: {error}. Give another folder.") from error


@contextlib.contextmanager
def _progress_on_stderr() -> Iterator[None]:
    """Keeps standard output for the JSON alone, whoever writes to it on the way."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
