"""`tapeline schema`: a TFDV schema inferred from the data, to be curated."""

import argparse
import pathlib
import sys

from tapeline.cli.arguments import read_config
from tapeline.cli.exit_codes import EXIT_DONE, EXIT_FAILED
from tapeline.cli.signals import interruption
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.errors import user_error


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns its exit code."""
    from tapeline.components.data_gate.schema_tools import write_schema
    from tapeline.pipeline.local_runner import run_locally
    from tapeline.pipeline.settling import settle
    from tapeline.series.sources.source import find_source

    config = read_config(arguments).override({"schema_path": None})
    find_source(config.data)
    config = settle(config).config
    output = pathlib.Path(arguments.output or f"schemas/{config.name}/schema.pbtxt")
    paths = RunPaths.of(config.name, arguments.home)
    outcome = run_locally(config, paths, to_node="StatisticsGen")
    if outcome.jobs:
        print(outcome.jobs, file=sys.stderr)
    interrupted = interruption(outcome.error)
    if interrupted is not None:
        raise interrupted
    refusal = user_error(outcome.error)
    if refusal is not None:
        raise refusal
    statistics = outcome.run.artifact("StatisticsGen", "statistics") if outcome.run else None
    if statistics is None:
        print(f"tapeline schema: StatisticsGen failed: {outcome.error}\nLog: {shown(outcome.log)}", file=sys.stderr)
        return EXIT_FAILED
    write_schema(statistics.uri, output, force=arguments.force)
    print(f"schema written to {shown(output)}. Curate it, then set schema_path: {shown(output)} in {arguments.config}.")
    return EXIT_DONE
