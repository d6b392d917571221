"""`tapeline backtest`: one configuration, trained and judged anew at several points in time.

A fold is the same pipeline, up to the Evaluator, under a configuration whose
split dates are the fold's. Nothing of a fold is known to another: scaler,
schema, model and baselines are made from its own rows. Each fold has a folder
of its own with ML Metadata and checkpoints, so one that is done is answered
from the cache and one that was interrupted continues.
"""

import argparse
import contextlib
import os
import pathlib
import sys
import tempfile
from collections.abc import Iterator

from tapeline.cli.arguments import read_config
from tapeline.cli.exit_codes import EXIT_DONE, EXIT_FAILED, failure
from tapeline.cli.signals import exit_code, interruption
from tapeline.pipeline.backtest.plan import Backtest, Fold, plan_backtest
from tapeline.pipeline.local_runner import LocalRun, run_locally
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.errors import ConfigError, user_error

_LAST_NODE = "Evaluator"
"""No fold is pushed."""


def run(arguments: argparse.Namespace) -> int:
    """Runs all folds, prints the table and writes the results; returns the exit code."""
    config = read_config(arguments)
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
        if backtest.chosen:
            print(backtest.chosen, flush=True)
        outcomes: list[LocalRun] = []
        for fold in backtest.folds:
            print(f"{_title(backtest, fold)}: {_span(fold)}", flush=True)
            outcomes.append(run_locally(fold.config, fold.paths, to_node=_LAST_NODE))
            code = _stopped(backtest, fold, outcomes[-1])
            if code is not None:
                return code

        # TensorFlow takes seconds to import; folds that do not fit are refused before.
        from tapeline.pipeline.backtest.results import write_results

        table, numbers = write_results(backtest, outcomes, output)
    if arguments.json:
        print(numbers, end="")
    else:
        print(f"\n{table}\n\n  results  {shown(output)}")
    return EXIT_DONE


def _title(backtest: Backtest, fold: Fold) -> str:
    return f"{backtest.config.name}, fold {fold.number} of {len(backtest.folds)}"


def _span(fold: Fold) -> str:
    return f"eval from {fold.config.split.eval_start}, test from {fold.config.split.test_start}"


def _stopped(backtest: Backtest, fold: Fold, outcome: LocalRun) -> int | None:
    """Says what stopped a fold and returns the exit code, or raises what the user can fix; None where it finished."""
    interrupted = interruption(outcome.error)
    if interrupted is not None:
        where = f"interrupted in fold {fold.number} of {len(backtest.folds)}; {fold.number - 1} before it are kept."
        told = " ".join(filter(None, (where, outcome.jobs, "Run the same command to continue.")))
        print(f"tapeline backtest: {told}", file=sys.stderr)
        return exit_code(interrupted)
    refusal = user_error(outcome.error)
    if refusal is not None:
        raise type(refusal)(f"{_title(backtest, fold)}, {_span(fold)}: {refusal}\nLog: {shown(outcome.log)}")
    if outcome.error is None and not outcome.unfinished:
        return None
    reason = f"fold {fold.number} {failure(outcome.error, outcome.unfinished)}"
    kept = " ".join(filter(None, ("The folds before it are kept.", outcome.jobs, f"Log: {shown(outcome.log)}")))
    print(f"\ntapeline backtest: {reason}\n{kept}", file=sys.stderr)
    return EXIT_FAILED


def _require_writable(output: pathlib.Path) -> None:
    """Refuses a folder that cannot be written to before hours are spent on what should go there."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=output).close()
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
