"""`tapeline run`: the whole pipeline, or a part of it."""

import argparse
import pathlib
import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tapeline.cli.arguments import read_config
from tapeline.cli.exit_codes import EXIT_BAD_INPUT, EXIT_DONE, EXIT_FAILED, EXIT_REFUSED, failure
from tapeline.cli.init import drafted_config
from tapeline.cli.signals import exit_code, interruption
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.artifact_files import PAGE_FILE
from tapeline.schemas.errors import user_error

if TYPE_CHECKING:
    from tapeline.pipeline.local_runner import LocalRun


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns its exit code."""
    from tapeline.pipeline.local_runner import run_locally
    from tapeline.pipeline.settling import settle
    from tapeline.series.sources.source import find_source

    if arguments.config is None:
        arguments.config = drafted_config(arguments.data)
    config = read_config(arguments)
    paths = RunPaths.of(config.name, arguments.home)
    # Importing TFX takes seconds; a path that leads nowhere is answered before.
    find_source(config.data)
    print(f"{config.name}: {arguments.config}, {config.data.source}", flush=True)
    settled = settle(config)
    if chosen := settled.words():
        print(textwrap.fill(chosen, 80, subsequent_indent="  "), flush=True)
    config = settled.config
    outcome = run_locally(config, paths, from_node=arguments.from_node, to_node=arguments.to_node)

    if outcome.error is not None or outcome.run is None or outcome.unfinished:
        return _stopped(outcome, paths)

    from tapeline.pipeline.data_warnings import warnings_text
    from tapeline.pipeline.judgement import Outcome, judge
    from tapeline.pipeline.verdict_files import write_files
    from tapeline.pipeline.verdict_text import verdict_text

    judgement = judge(paths, outcome.run.run_id)
    verdict = judgement.verdict
    if verdict is None:
        if "Evaluator" in outcome.node_ids:
            print(f"\ntapeline run: nothing to judge: {judgement.problem}\nLog: {shown(outcome.log)}", file=sys.stderr)
            return EXIT_FAILED
        print("\nThe components asked for are done. There is no verdict, because the Evaluator was not among them.")
        print(f"  log    {shown(outcome.log)}")
        return EXIT_DONE
    write_files(judgement, paths.report(outcome.run.run_id))
    told = verdict_text(verdict, verbose=arguments.verbose), warnings_text(outcome.run)
    print("\n" + "\n\n".join(filter(None, told)) + "\n")
    for label, where in _places(outcome, paths, verdict.accepted):
        print(f"  {label:<12} {where}")
    return EXIT_DONE if judgement.outcome is Outcome.PASSED else EXIT_REFUSED


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
            print(pushed, file=sys.stderr)
        if not outcome.jobs:
            raise interrupted
        print(f"tapeline run: interrupted. {outcome.jobs} Run the same command to continue.", file=sys.stderr)
        return exit_code(interrupted)
    refusal = user_error(outcome.error)
    reason = refusal or failure(outcome.error, outcome.unfinished)
    told = " ".join(filter(None, (pushed, outcome.jobs, f"Log: {shown(outcome.log)}")))
    print(f"\ntapeline run: {reason}\n{told}", file=sys.stderr)
    return EXIT_FAILED if refusal is None else EXIT_BAD_INPUT


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
