"""What the commands of `tapeline` do, once their arguments are parsed."""

import argparse
import pathlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tapeline.cli.exit_codes import (
    EXIT_BAD_INPUT,
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_REFUSED,
    failure,
    user_error,
)
from tapeline.pipeline.arguments import name_of_runs, read_config
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.artifact_files import PAGE_FILE
from tapeline.schemas.errors import ConfigError

if TYPE_CHECKING:
    from tapeline.pipeline.local_runner import LocalRun


def run(arguments: argparse.Namespace) -> int:
    """`tapeline run`: the whole pipeline, or a part of it."""
    from tapeline.pipeline.local_runner import run_locally
    from tapeline.series.sources.source import find_source

    config = read_config(arguments)
    paths = RunPaths.of(config.name, arguments.home)
    # Importing TFX takes seconds; a path that leads nowhere is answered before.
    find_source(config.data)
    print(f"{config.name}: {arguments.config}, {config.data.source}", flush=True)
    outcome = run_locally(config, paths, from_node=arguments.from_node, to_node=arguments.to_node)

    if isinstance(outcome.error, KeyboardInterrupt):
        print("tapeline run: interrupted. The same command carries on.", file=sys.stderr)
        return EXIT_INTERRUPTED
    mendable = user_error(outcome.error)
    if mendable is not None:
        print(f"\ntapeline run: {mendable}\nNothing was pushed. Log: {shown(outcome.log)}", file=sys.stderr)
        return EXIT_BAD_INPUT
    if outcome.error is not None or outcome.run is None or outcome.unfinished:
        reason = failure(outcome.error, outcome.unfinished)
        print(f"\ntapeline run: {reason}\nNothing was pushed. Log: {shown(outcome.log)}", file=sys.stderr)
        return EXIT_FAILED

    from tapeline.pipeline.judgement import Outcome, judge
    from tapeline.pipeline.verdict import verdict_text
    from tapeline.pipeline.verdict_files import write_files

    judgement = judge(paths, outcome.run.run_id)
    verdict = judgement.verdict
    if verdict is None:
        if "Evaluator" in outcome.node_ids:
            print(f"\ntapeline run: nothing to judge: {judgement.problem}\nLog: {shown(outcome.log)}", file=sys.stderr)
            return EXIT_FAILED
        print(f"\nThe components asked for are done; the gate was not among them.\n  log    {shown(outcome.log)}")
        return EXIT_DONE
    write_files(judgement, paths.report(outcome.run.run_id))
    print(f"\n{verdict_text(verdict)}\n")
    for label, where in _places(outcome, paths, verdict.accepted):
        print(f"  {label:<12} {where}")
    return EXIT_DONE if judgement.outcome is Outcome.PASSED else EXIT_REFUSED


def _places(outcome: "LocalRun", paths: RunPaths, accepted: bool) -> Iterator[tuple[str, str]]:
    """Where a person finds what a run left behind."""
    assert outcome.run is not None
    if accepted:
        yield "model", shown(paths.serving_model)
    report = outcome.run.artifact("Report", "report")
    if report is not None:
        yield "report", shown(pathlib.Path(report.uri) / PAGE_FILE)
    yield "verdict", shown(paths.report(outcome.run.run_id))
    training = outcome.run.artifact("Trainer", "model_run")
    if training is not None:
        yield "TensorBoard", f"tensorboard --logdir {shown(training.uri)}"
    yield "log", shown(outcome.log)


def gate(arguments: argparse.Namespace) -> int:
    """`tapeline gate`: the verdict of a run, from ML Metadata."""
    from tapeline.pipeline.judgement import Outcome, judge
    from tapeline.pipeline.verdict import verdict_text
    from tapeline.pipeline.verdict_files import to_json, write_files

    paths = RunPaths.of(name_of_runs(arguments), arguments.home, store=arguments.metadata)
    judgement = judge(paths, arguments.run)
    folder = arguments.output or (paths.report(judgement.run_id) if judgement.run_id else None)
    if folder is not None:
        try:
            write_files(judgement, folder)
        except OSError as error:
            raise ConfigError(f"--output: cannot write to {str(folder)!r}: {error}. Give another folder.") from error
    if arguments.json:
        print(to_json(judgement), end="")
    if judgement.verdict is None:
        print(f"tapeline gate: nothing to judge: {judgement.problem}", file=sys.stderr)
        return EXIT_BAD_INPUT
    if not arguments.json:
        assert folder is not None  # Whatever has a verdict has a run.
        print(
            f"{judgement.name}, run {judgement.run_id}\n{verdict_text(judgement.verdict)}\n\n  files  {shown(folder)}"
        )
    return EXIT_DONE if judgement.outcome is Outcome.PASSED else EXIT_REFUSED


def report(arguments: argparse.Namespace) -> int:
    """`tapeline report`: where the page is, and on request the page itself."""
    import webbrowser

    from tapeline.pipeline.lineage import read_run

    paths = RunPaths.of(name_of_runs(arguments), arguments.home)
    run = read_run(paths.metadata, arguments.run)
    artifact = run.artifact("Report", "report") if run else None
    page = pathlib.Path(artifact.uri) / PAGE_FILE if artifact else None
    if page is None or not page.is_file():
        which = f"run {arguments.run!r}" if arguments.run else "the newest run"
        raise ConfigError(f"--run: {which} in {shown(paths.root)} has no report. Run `tapeline run` to its end first.")
    print(shown(page))
    if arguments.open and not webbrowser.open(page.as_uri()):
        print("tapeline report: no browser was found; open the file above in one.", file=sys.stderr)
        return EXIT_FAILED
    return EXIT_DONE


def backtest(arguments: argparse.Namespace) -> int:
    """`tapeline backtest`: the pipeline anew in every fold."""
    from tapeline.pipeline.backtest.run import run as run_backtest

    return run_backtest(read_config(arguments), arguments)


def forecast(arguments: argparse.Namespace) -> int:
    """`tapeline forecast`: the newest rows of a file, forecast by a pushed model."""
    from tapeline.cli.forecast import run as run_forecast

    return run_forecast(arguments)


def batch(arguments: argparse.Namespace) -> int:
    """`tapeline batch`: a large file, forecast on Beam."""
    from tapeline.cli.batch import run as run_batch

    return run_batch(arguments)


def serve(arguments: argparse.Namespace) -> int:
    """`tapeline serve`: the pushed model over HTTP."""
    from tapeline.cli.serve import run as run_serve

    return run_serve(arguments)


def compile(arguments: argparse.Namespace) -> int:
    """`tapeline compile`: the pipeline as a file for an orchestrator."""
    from tapeline.cli.compile import run_compile

    return run_compile(read_config(arguments), arguments)


def run_node(arguments: argparse.Namespace) -> int:
    """`tapeline run-node`: one node of a compiled pipeline."""
    from tapeline.cli import compile as deploy

    return deploy.run_node(arguments)


def export(arguments: argparse.Namespace) -> int:
    """`tapeline export`: the pushed model for other platforms."""
    from tapeline.cli.export import run as run_export

    return run_export(arguments)


def schema(arguments: argparse.Namespace) -> int:
    """`tapeline schema`: an inferred schema, to be curated."""
    from tapeline.components.data_gate.schema_tools import write_schema
    from tapeline.pipeline.local_runner import run_locally
    from tapeline.series.sources.source import find_source

    config = read_config(arguments).override({"schema_path": None})
    find_source(config.data)
    output = pathlib.Path(arguments.output or f"schemas/{config.name}/schema.pbtxt")
    paths = RunPaths.of(config.name, arguments.home)
    outcome = run_locally(config, paths, to_node="StatisticsGen")
    mendable = user_error(outcome.error)
    if mendable is not None:
        raise mendable
    statistics = outcome.run.artifact("StatisticsGen", "statistics") if outcome.run else None
    if statistics is None:
        print(f"tapeline schema: StatisticsGen failed: {outcome.error}\nLog: {shown(outcome.log)}", file=sys.stderr)
        return EXIT_FAILED
    write_schema(statistics.uri, output, force=arguments.force)
    print(f"schema written to {shown(output)}. Curate it, then set schema_path: {shown(output)} in {arguments.config}.")
    return EXIT_DONE
