"""`tapeline report`: where the page of a run is, and on request the page itself."""

import argparse
import pathlib
import sys

from tapeline.cli.arguments import name_of_runs
from tapeline.cli.exit_codes import EXIT_DONE, EXIT_FAILED
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.artifact_files import PAGE_FILE
from tapeline.schemas.errors import ConfigError


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns its exit code."""
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
