"""`tapeline gate`: the verdict of a run, from ML Metadata."""

import argparse
import sys

from tapeline.cli.arguments import name_of_runs
from tapeline.cli.exit_codes import EXIT_BAD_INPUT, EXIT_DONE, EXIT_REFUSED
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.errors import ConfigError


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns its exit code."""
    from tapeline.pipeline.judgement import Outcome, judge
    from tapeline.pipeline.verdict_files import to_json, write_files
    from tapeline.pipeline.verdict_text import verdict_text

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
        text = verdict_text(judgement.verdict, verbose=arguments.verbose)
        print(f"{judgement.name}, run {judgement.run_id}\n\n{text}\n\n  files  {shown(folder)}")
    return EXIT_DONE if judgement.outcome is Outcome.PASSED else EXIT_REFUSED
