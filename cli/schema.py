"""`tapeline schema`: a TFDV schema inferred from the data, to be curated."""

import json as json_text
import pathlib
from typing import Annotated

import typer

from tapeline.cli.arguments import read_config
from tapeline.cli.exit_codes import EXIT_DONE, EXIT_FAILED
from tapeline.cli.options import ConfigPath, Data, Force, Home, Json, Overrides, Quiet, Runner
from tapeline.cli.signals import interruption
from tapeline.cli.terminal import progress, say
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.errors import user_error


def run(
    *,
    config: ConfigPath,
    data: Data = None,
    home: Home = None,
    runner: Runner = None,
    overrides: Overrides = None,
    output: Annotated[
        str | None, typer.Option(metavar="PATH", help="where to write it (default: schemas/<name>/schema.pbtxt)")
    ] = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Runs the command; returns its exit code."""
    from tapeline.components.data_gate.schema_tools import write_schema
    from tapeline.pipeline.local_runner import run_locally
    from tapeline.pipeline.settling import settle
    from tapeline.series.sources.source import find_source

    read = read_config(config, data=data, runner=runner, overrides=overrides).override({"schema_path": None})
    find_source(read.data)
    target = pathlib.Path(output or f"schemas/{read.name}/schema.pbtxt")
    with progress(quiet=quiet, json=json):
        outcome = run_locally(settle(read).config, RunPaths.of(read.name, home), to_node="StatisticsGen")
    if outcome.jobs:
        say(outcome.jobs, to_stderr=True)
    interrupted = interruption(outcome.error)
    if interrupted is not None:
        raise interrupted
    refusal = user_error(outcome.error)
    if refusal is not None:
        raise refusal
    statistics = outcome.run.artifact("StatisticsGen", "statistics") if outcome.run else None
    if statistics is None:
        said = f"tapeline schema: StatisticsGen failed: {outcome.error}\nLog: {shown(outcome.log)}"
        say(said, style="red", to_stderr=True)
        return EXIT_FAILED
    write_schema(statistics.uri, target, force=force)
    if json:
        print(json_text.dumps({"name": read.name, "schema": str(target.resolve())}, indent=2))
    else:
        say(f"schema written to {shown(target)}. Curate it, then set schema_path: {shown(target)} in {config}.")
    return EXIT_DONE
