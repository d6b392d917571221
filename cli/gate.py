"""`tapeline gate`: the verdict of a run, from ML Metadata."""

from typing import TYPE_CHECKING, Annotated

import typer

from tapeline.cli.arguments import name_of_runs
from tapeline.cli.exit_codes import EXIT_BAD_INPUT, EXIT_DONE, EXIT_REFUSED
from tapeline.cli.options import ConfigPath, Home, Json, Metadata, Name, Quiet, RunId, Verbose
from tapeline.cli.terminal import say
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.errors import ConfigError

if TYPE_CHECKING:
    from tapeline.pipeline.verdict import Verdict


def run(
    *,
    config: ConfigPath = None,
    name: Name = None,
    home: Home = None,
    run_id: RunId = None,
    output: Annotated[
        str | None, typer.Option(metavar="DIR", help="where files go (default: report/<run id>/ in the run's folder)")
    ] = None,
    json: Json = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
    metadata: Metadata = None,
) -> int:
    """Runs the command; returns its exit code."""
    from tapeline.pipeline.judgement import Outcome, judge
    from tapeline.pipeline.verdict_files import to_json, write_files

    paths = RunPaths.of(name_of_runs(name=name, config=config, home=home), home, store=metadata)
    judgement = judge(paths, run_id)
    folder = output or (paths.report(judgement.run_id) if judgement.run_id else None)
    if folder is not None:
        try:
            write_files(judgement, folder)
        except OSError as error:
            raise ConfigError(f"--output: cannot write to {str(folder)!r}: {error}. Give another folder.") from error
    if json:
        print(to_json(judgement), end="")
    if judgement.verdict is None:
        say(f"tapeline gate: nothing to judge: {judgement.problem}", to_stderr=True)
        return EXIT_BAD_INPUT
    if quiet and not json:
        say_verdict(judgement.verdict, quiet=True)
    elif not json:
        assert folder is not None  # Whatever has a verdict has a run.
        print(f"{judgement.name}, run {judgement.run_id}\n")
        say_verdict(judgement.verdict, verbose=verbose)
        print(f"\n  files  {shown(folder)}")
    return EXIT_DONE if judgement.outcome is Outcome.PASSED else EXIT_REFUSED


def say_verdict(verdict: "Verdict", *, verbose: bool = False, quiet: bool = False) -> None:
    """Prints a verdict: its sentence in colour, then all that it rests on.

    Args:
        verdict: What was decided.
        verbose: Whether all requirements are listed.
        quiet: Whether the sentence is enough.
    """
    from tapeline.pipeline.verdict_text import verdict_text

    sentence, _, rest = verdict_text(verdict, verbose=verbose).partition("\n\n")
    say(sentence, style="bold green" if verdict.blessed else "bold red")
    if not quiet:
        print(f"\n{rest}")
