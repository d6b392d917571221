"""`tapeline compile`: the pipeline as a file for Kubeflow, or for `tapeline run-node`."""

import argparse
import pathlib
from typing import TYPE_CHECKING

from tapeline.cli.arguments import read_config, require_run_id
from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.pipeline.console import hushed
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.errors import ConfigError

if TYPE_CHECKING:
    from tapeline.schemas.config import Config


def run(arguments: argparse.Namespace) -> int:
    """Writes a pipeline for the orchestrator that was asked for; returns the exit code."""
    config = read_config(arguments)
    if arguments.target == "ir":
        return _compile_ir(config, arguments)
    if arguments.output is None:
        raise ConfigError("--output: is missing. Say where the pipeline for Kubeflow goes: --output pipeline.yaml.")
    with hushed():
        from tapeline.pipeline.kubeflow import compile_kubeflow

        compile_kubeflow(config, arguments.output)
    print(f"{shown(arguments.output)}: {config.name} for Kubeflow Pipelines; its steps run {config.kubeflow.image}.")
    return EXIT_DONE


def _compile_ir(config: "Config", arguments: argparse.Namespace) -> int:
    if arguments.run_id is None:
        raise ConfigError("--run-id: is missing. A compiled pipeline belongs to a run: --run-id nightly.")
    require_run_id(arguments.run_id)
    paths = RunPaths.of(config.name, arguments.home)
    path = pathlib.Path(arguments.output) if arguments.output else paths.ir(arguments.run_id)
    if path.exists():
        # The step was started again: what other steps may have read already stays as it is.
        print(f"{shown(path)}: is there already, and stays.")
        return EXIT_DONE
    from tapeline.pipeline.ir import write_ir
    from tapeline.pipeline.pipeline import create_pipeline
    from tapeline.pipeline.settling import settle

    # TFX would make it with the rights of TensorFlow's folders, whatever the umask says.
    paths.root.mkdir(parents=True, exist_ok=True)
    write_ir(create_pipeline(settle(config).config, paths), path)
    print(f"{shown(path)}: {config.name}, run {arguments.run_id}.")
    return EXIT_DONE
