"""`tapeline run`: the whole pipeline, or a part of it."""

import json as json_text
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from tapeline.cli.arguments import read_config
from tapeline.cli.exit_codes import EXIT_BAD_INPUT, EXIT_DONE, EXIT_FAILED, EXIT_REFUSED, failure
from tapeline.cli.gate import say_verdict
from tapeline.cli.init import drafted_config
from tapeline.cli.options import ConfigPath, Data, Home, Json, Overrides, Quiet, Runner, Verbose
from tapeline.cli.signals import exit_code, interruption
from tapeline.cli.terminal import progress, say
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.artifact_files import FORECAST_FILE, PAGE_FILE
from tapeline.schemas.errors import user_error

if TYPE_CHECKING:
    from tapeline.pipeline.judgement import Judgement
    from tapeline.pipeline.local_runner import LocalRun
    from tapeline.schemas.config import Config


def run(
    *,
    config: ConfigPath = None,
    data: Data = None,
    home: Home = None,
    runner: Runner = None,
    overrides: Overrides = None,
    from_node: Annotated[
        str | None, typer.Option("--from", metavar="NODE", help="first component to run (Trainer, Evaluator, ...)")
    ] = None,
    to_node: Annotated[str | None, typer.Option("--to", metavar="NODE", help="last component to run")] = None,
    json: Json = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> int:
    """Runs the command; returns its exit code. Where no configuration is given, one is made of the data first."""
    from tapeline.series.sources.source import find_source

    with progress(quiet=quiet, json=json):
        path = drafted_config(data) if config is None else config
        read = read_config(path, data=data, runner=runner, overrides=overrides)
        paths = RunPaths.of(read.name, home)
        # Importing TFX takes seconds; a path that leads nowhere is answered before.
        find_source(read.data)
        say(f"{read.name}: {path}, {read.data.source}")
        outcome = _run(read, paths, from_node, to_node)
    if outcome.error is not None or outcome.run is None or outcome.unfinished:
        return _stopped(outcome, paths)

    from tapeline.pipeline.judgement import Outcome, judge
    from tapeline.pipeline.run_files import write_run_files

    judgement = judge(paths, outcome.run.run_id)
    judged = judgement.verdict is not None
    if judged:
        write_run_files(judgement, outcome.run, paths)
    if json:
        print(_as_json(judgement, outcome, paths))
    if not judged and "Evaluator" in outcome.node_ids:
        said = f"\ntapeline run: nothing to judge: {judgement.problem}\nLog: {shown(outcome.log)}"
        say(said, style="red", to_stderr=True)
        return EXIT_FAILED
    if not json:
        _say(judgement, outcome, paths, verbose=verbose, quiet=quiet)
    return EXIT_DONE if not judged or judgement.outcome is Outcome.PASSED else EXIT_REFUSED


def _run(config: "Config", paths: RunPaths, from_node: str | None, to_node: str | None) -> "LocalRun":
    """Chooses what is left to the data, says so, and runs the pipeline."""
    from tapeline.pipeline.local_runner import run_locally
    from tapeline.pipeline.settling import settle

    settled = settle(config)
    if chosen := settled.words():
        say(chosen)
    return run_locally(settled.config, paths, from_node=from_node, to_node=to_node)


def _say(judgement: "Judgement", outcome: "LocalRun", paths: RunPaths, *, verbose: bool, quiet: bool) -> None:
    """Prints the verdict, what the data gate warned of, and where everything is."""
    from tapeline.pipeline.data_warnings import warnings_text

    if judgement.verdict is None:
        say(
            "\nThe components asked for are done. There is no verdict, because the Evaluator was not among them."
            f"\n  log    {shown(outcome.log)}"
        )
        return
    if quiet:
        say_verdict(judgement.verdict, quiet=True)
        return
    print()
    say_verdict(judgement.verdict, verbose=verbose)
    assert outcome.run is not None
    warned = warnings_text(outcome.run)
    print(f"\n{warned}\n" if warned else "")
    for label, where in _places(outcome, paths, judgement.verdict.accepted):
        shown_as = f"tensorboard --logdir {shown(where)}" if label == "TensorBoard" else shown(where)
        print(f"  {label:<12} {shown_as}")
    if not judgement.verdict.blessed:
        home = "" if paths.root == RunPaths.of(paths.root.name).root else f" --home {shown(paths.root.parent)}"
        print(f"\nWhat it forecasts all the same: tapeline forecast --candidate --name {paths.root.name}{home}")


def _as_json(judgement: "Judgement", outcome: "LocalRun", paths: RunPaths) -> str:
    """The verdict as `tapeline gate --json` prints it, and where everything is."""
    from tapeline.pipeline.verdict_files import to_json

    accepted = judgement.verdict is not None and judgement.verdict.accepted
    places = {label.lower(): str(where) for label, where in _places(outcome, paths, accepted)}
    return json_text.dumps({**json_text.loads(to_json(judgement)), "places": places}, indent=2)


def _stopped(outcome: "LocalRun", paths: RunPaths) -> int:
    """Says what stopped a run and what it pushed before; returns the exit code, or raises what interrupted it."""
    pushed = "Nothing was pushed."
    if outcome.pushed is not None:
        pushed = (
            f"Version {outcome.pushed} was pushed before that, and servers of {shown(paths.serving_model)} take it."
        )
    interrupted = interruption(outcome.error)
    if interrupted is not None:
        if outcome.pushed is not None:
            say(pushed, to_stderr=True)
        if not outcome.jobs:
            raise interrupted
        say(f"tapeline run: interrupted. {outcome.jobs} Run the same command to continue.", to_stderr=True)
        return exit_code(interrupted)
    refusal = user_error(outcome.error)
    reason = refusal or failure(outcome.error, outcome.unfinished)
    told = " ".join(filter(None, (pushed, outcome.jobs, f"Log: {shown(outcome.log)}")))
    say(f"\ntapeline run: {reason}\n{told}", style="red", to_stderr=True)
    return EXIT_FAILED if refusal is None else EXIT_BAD_INPUT


def _places(outcome: "LocalRun", paths: RunPaths, accepted: bool) -> Iterator[tuple[str, pathlib.Path]]:
    """Where a person finds what a run left behind."""
    assert outcome.run is not None
    if accepted:
        yield "model", paths.serving_model
    report = outcome.run.artifact("Report", "report")
    if report is not None:
        yield "report", pathlib.Path(report.uri) / PAGE_FILE
    forecast = paths.report(outcome.run.run_id) / FORECAST_FILE
    if forecast.exists():
        yield "forecast", forecast
    if paths.report(outcome.run.run_id).is_dir():
        yield "verdict", paths.report(outcome.run.run_id)
    training = outcome.run.artifact("Trainer", "model_run")
    if training is not None:
        yield "TensorBoard", pathlib.Path(training.uri)
    yield "log", outcome.log
