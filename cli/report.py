"""`tapeline report`: where the page of a run is, and on request the page itself."""

import json as json_text
import pathlib
from typing import Annotated

import typer

from tapeline.cli.arguments import name_of_runs
from tapeline.cli.exit_codes import EXIT_DONE, EXIT_FAILED
from tapeline.cli.options import ConfigPath, Home, Json, Name, RunId
from tapeline.cli.terminal import say
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.artifact_files import PAGE_FILE
from tapeline.schemas.errors import ConfigError


def run(
    *,
    config: ConfigPath = None,
    name: Name = None,
    home: Home = None,
    run_id: RunId = None,
    browse: Annotated[bool, typer.Option("--open", help="show it in the browser")] = False,
    json: Json = False,
) -> int:
    """Runs the command; returns its exit code."""
    import webbrowser

    from tapeline.pipeline.lineage import read_run

    paths = RunPaths.of(name_of_runs(name=name, config=config, home=home), home)
    found = read_run(paths.metadata, run_id)
    artifact = found.artifact("Report", "report") if found else None
    page = pathlib.Path(artifact.uri) / PAGE_FILE if artifact else None
    if found is None or page is None or not page.is_file():
        which = f"run {run_id!r}" if run_id else "the newest run"
        raise ConfigError(f"--run: {which} in {shown(paths.root)} has no report. Run `tapeline run` to its end first.")
    if json:
        print(json_text.dumps({"name": paths.root.name, "run_id": found.run_id, "page": str(page)}, indent=2))
    else:
        print(shown(page))
    if browse and not webbrowser.open(page.as_uri()):
        say("tapeline report: no browser was found; open the file above in one.", to_stderr=True)
        return EXIT_FAILED
    return EXIT_DONE
