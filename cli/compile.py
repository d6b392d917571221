"""`tapeline compile`: the pipeline as a file for Kubeflow, or for `tapeline run-node`."""

import pathlib
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tapeline.cli.arguments import read_config, require_run_id
from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.cli.options import ConfigPath, Data, Home, Overrides, Runner
from tapeline.cli.terminal import say
from tapeline.pipeline.console import hushed
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.errors import ConfigError

if TYPE_CHECKING:
    from tapeline.schemas.config import Config


def run(
    *,
    config: ConfigPath = None,
    config_json: Annotated[str | None, typer.Option(metavar="JSON", help="the configuration itself")] = None,
    target: Annotated[
        Literal["kubeflow", "ir"], typer.Option(help="who runs it; ir: `tapeline run-node`", show_choices=True)
    ],
    output: Annotated[
        str | None, typer.Option(metavar="PATH", help="where to write it (ir: in the run's folder)")
    ] = None,
    run_id: Annotated[str | None, typer.Option(metavar="RUN_ID", help="ir: the run that it belongs to")] = None,
    data: Data = None,
    home: Home = None,
    runner: Runner = None,
    overrides: Overrides = None,
) -> int:
    """Writes a pipeline for the orchestrator that was asked for; returns the exit code."""
    read = read_config(
        config, config_json=config_json, data=data, runner=runner, overrides=overrides, read_here=target == "ir"
    )
    if target == "ir":
        return _compile_ir(read, run_id=run_id, home=home, output=output)
    if output is None:
        raise ConfigError("--output: is missing. Say where the pipeline for Kubeflow goes: --output pipeline.yaml.")
    with hushed():
        from tapeline.pipeline.kubeflow import compile_kubeflow

        compile_kubeflow(read, output)
    say(f"{shown(output)}: {read.name} for Kubeflow Pipelines; its steps run {read.kubeflow.image}.")
    return EXIT_DONE


def _compile_ir(config: "Config", *, run_id: str | None, home: str | None, output: str | None) -> int:
    if run_id is None:
        raise ConfigError("--run-id: is missing. A compiled pipeline belongs to a run: --run-id nightly.")
    require_run_id(run_id)
    paths = RunPaths.of(config.name, home)
    path = pathlib.Path(output) if output else paths.ir(run_id)
    if path.exists():
        # The step was started again: what other steps may have read already stays as it is.
        print(f"{shown(path)}: is there already, and stays.")
        return EXIT_DONE
    from tapeline.pipeline.ir import write_ir
    from tapeline.pipeline.pipeline import create_pipeline
    from tapeline.pipeline.settling import settle

    write_ir(create_pipeline(settle(config).config, paths), path)
    print(f"{shown(path)}: {config.name}, run {run_id}.")
    return EXIT_DONE
