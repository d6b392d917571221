"""`tapeline backtest`: one configuration, trained and judged anew at several points in time.

A fold is the same pipeline, up to the Evaluator, under a configuration whose
split dates are the fold's. Nothing of a fold is known to another: scaler,
schema, model and baselines are made from its own rows. Each fold has a folder
of its own with ML Metadata and checkpoints, so one that is done is answered
from the cache and one that was interrupted continues.
"""

import pathlib
import tempfile
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tapeline.cli.arguments import read_config
from tapeline.cli.exit_codes import EXIT_DONE, EXIT_FAILED, failure
from tapeline.cli.options import ConfigPath, Data, Home, Json, Overrides, Quiet, Runner
from tapeline.cli.signals import exit_code, interruption
from tapeline.cli.terminal import progress, say
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.errors import ConfigError, user_error

if TYPE_CHECKING:
    from tapeline.pipeline.backtest.plan import Backtest, Fold
    from tapeline.pipeline.local_runner import LocalRun

_LAST_NODE = "Evaluator"
"""No fold is pushed."""


def run(
    *,
    config: ConfigPath,
    data: Data = None,
    home: Home = None,
    runner: Runner = None,
    overrides: Overrides = None,
    folds: Annotated[int, typer.Option(metavar="N", help="how many")] = 5,
    window: Annotated[
        Literal["expanding", "sliding"],
        typer.Option(help="whether train always begins with the first row, or keeps its length"),
    ] = "expanding",
    fold_length: Annotated[
        int | None,
        typer.Option(
            metavar="STEPS", help="steps that each fold is tested on (default: the folds share the test split)"
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option(metavar="DIR", help="where results go (default: in the run's folder)")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Runs all folds, prints the table and writes the results; returns the exit code."""
    from tapeline.pipeline.backtest.plan import plan_backtest
    from tapeline.pipeline.local_runner import run_locally

    read = read_config(config, data=data, runner=runner, overrides=overrides)
    paths = RunPaths.of(read.name, home)
    backtest = plan_backtest(read, paths, folds=folds, window=window, fold_length=fold_length)
    folder = pathlib.Path(output).expanduser().resolve() if output else backtest.root
    with progress(quiet=quiet, json=json):
        _require_writable(folder)
        if backtest.chosen:
            say(backtest.chosen)
        outcomes: list[LocalRun] = []
        for fold in backtest.folds:
            print(f"{_title(backtest, fold)}: {_span(fold)}", flush=True)
            outcomes.append(run_locally(fold.config, fold.paths, to_node=_LAST_NODE))
            code = _stopped(backtest, fold, outcomes[-1])
            if code is not None:
                return code

        # TensorFlow takes seconds to import; folds that do not fit are refused before.
        from tapeline.pipeline.backtest.results import write_results

        table, numbers = write_results(backtest, outcomes, folder)
    if json:
        print(numbers, end="")
    else:
        print(f"\n{table}\n\n  results  {shown(folder)}")
    return EXIT_DONE


def _title(backtest: "Backtest", fold: "Fold") -> str:
    return f"{backtest.config.name}, fold {fold.number} of {len(backtest.folds)}"


def _span(fold: "Fold") -> str:
    return f"eval from {fold.config.split.eval_start}, test from {fold.config.split.test_start}"


def _stopped(backtest: "Backtest", fold: "Fold", outcome: "LocalRun") -> int | None:
    """Says what stopped a fold and returns the exit code, or raises what the user can fix; None where it finished."""
    interrupted = interruption(outcome.error)
    if interrupted is not None:
        where = f"interrupted in fold {fold.number} of {len(backtest.folds)}; {fold.number - 1} before it are kept."
        told = " ".join(filter(None, (where, outcome.jobs, "Run the same command to continue.")))
        say(f"tapeline backtest: {told}", to_stderr=True)
        return exit_code(interrupted)
    refusal = user_error(outcome.error)
    if refusal is not None:
        raise type(refusal)(f"{_title(backtest, fold)}, {_span(fold)}: {refusal}\nLog: {shown(outcome.log)}")
    if outcome.error is None and not outcome.unfinished:
        return None
    reason = f"fold {fold.number} {failure(outcome.error, outcome.unfinished)}"
    kept = " ".join(filter(None, ("The folds before it are kept.", outcome.jobs, f"Log: {shown(outcome.log)}")))
    say(f"\ntapeline backtest: {reason}\n{kept}", style="red", to_stderr=True)
    return EXIT_FAILED


def _require_writable(output: pathlib.Path) -> None:
    """Refuses a folder that cannot be written to before hours are spent on what should go there."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=output).close()
    except OSError as error:
        raise ConfigError(f"--output: cannot write to {str(output)!r}: {error}. Give another folder.") from error
