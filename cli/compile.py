"""`tapeline compile` and `tapeline run-node`: pipelines as files, and their nodes as processes.

tapeline compile --config configs/co2.yaml --target kubeflow --output pipeline.yaml
tapeline compile --config configs/co2.yaml --target ir --run-id nightly     # runs/co2/ir/nightly.json
tapeline run-node --ir runs/co2/ir/nightly.json --node Trainer --run-id nightly
"""

import argparse
import json
import pathlib
import re
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

from tapeline.cli.exit_codes import EXIT_DONE, EXIT_FAILED
from tapeline.pipeline.console import quiet
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.errors import ConfigError

if TYPE_CHECKING:
    from tapeline.schemas.config import Config

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}")


def run_compile(config: "Config", arguments: argparse.Namespace) -> int:
    """Writes a pipeline for the orchestrator that was asked for.

    Args:
        config: What to run.
        arguments: `target`, `output`, `home` and `run_id` of the command line.

    Returns:
        The exit code.

    Raises:
        ConfigError: An argument is missing or breaks a rule, or the output cannot be written.
        DataError: For `ir`: the data's source is missing.
    """
    if arguments.target == "ir":
        return _compile_ir(config, arguments)
    if arguments.output is None:
        raise ConfigError("--output: is missing. Say where the pipeline for Kubeflow goes: --output pipeline.yaml.")
    # What TensorFlow and Google's libraries say while they are imported stays off the terminal.
    with tempfile.TemporaryDirectory() as folder, quiet(pathlib.Path(folder) / "compile.log"):
        from tapeline.pipeline.kubeflow import compile_kubeflow

        compile_kubeflow(config, arguments.output)
    print(f"{shown(arguments.output)}: {config.name} for Kubeflow Pipelines; its steps run {config.kubeflow.image}.")
    return EXIT_DONE


def _compile_ir(config: "Config", arguments: argparse.Namespace) -> int:
    if arguments.run_id is None:
        raise ConfigError("--run-id: is missing. A compiled pipeline belongs to a run: --run-id nightly.")
    _require_run_id(arguments.run_id)
    paths = RunPaths.of(config.name, arguments.home)
    path = pathlib.Path(arguments.output) if arguments.output else paths.ir(arguments.run_id)
    if path.exists():
        # The step was started again: what other steps may have read already stays as it is.
        print(f"{shown(path)}: is there already, and stays.")
        return EXIT_DONE
    from tapeline.pipeline.ir import write_ir
    from tapeline.pipeline.pipeline import create_pipeline

    write_ir(create_pipeline(config, paths), path)
    print(f"{shown(path)}: {config.name}, run {arguments.run_id}.")
    return EXIT_DONE


def run_node(arguments: argparse.Namespace) -> int:
    """Runs one node of a compiled pipeline.

    Args:
        arguments: `ir`, `node`, `run_id`, `metadata` and `export` of the command line.

    Returns:
        The exit code.

    Raises:
        UserError: An argument breaks a rule, or the node refused the data.
    """
    _require_run_id(arguments.run_id)
    path = pathlib.Path(arguments.ir)
    if not path.is_file():
        raise ConfigError(f"--ir: no file {str(path)!r}. Write it with `tapeline compile --target ir`.")
    from tapeline.pipeline import run_node as nodes
    from tapeline.pipeline.ir import read_ir

    try:
        ended = nodes.run_node(read_ir(path), arguments.node, run_id=arguments.run_id, address=arguments.metadata)
    except nodes.NodeFailedError as error:
        print(f"tapeline run-node: {error}", flush=True)
        return EXIT_FAILED
    print(f"{arguments.node}: {ended.state.value}", flush=True)
    for wanted, target in arguments.export:
        _export(ended.outputs, wanted, pathlib.Path(target))
    return EXIT_DONE


def _export(outputs: Any, wanted: str, target: pathlib.Path) -> None:
    """Copies a file of an output to where an orchestrator shows it."""
    key, _, name = wanted.partition("/")
    artifacts = outputs.get(key, ())
    source = pathlib.Path(artifacts[-1].uri) / name if artifacts else None
    if source is None or not source.is_file():
        raise ConfigError(f"--export: the node made no {wanted!r} (outputs: {', '.join(outputs)}). Correct the name.")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def parse_config_json(text: str) -> "Config":
    """Reads a configuration that is given as JSON in place of a file.

    Args:
        text: JSON; orchestrators that know no whole numbers may write 24 as 24.0.

    Raises:
        ConfigError: It is no JSON, or breaks a rule.
    """
    from tapeline.schemas.config import parse_config

    def number(digits: str) -> float:
        value = float(digits)
        return int(value) if value.is_integer() else value

    try:
        tree = json.loads(text, parse_float=number)
    except json.JSONDecodeError as error:
        raise ConfigError(f"--config-json: not readable as JSON: {error}. Mend the syntax.") from error
    return parse_config(tree, origin="--config-json")


def _require_run_id(run_id: str) -> None:
    if not _RUN_ID.fullmatch(run_id):
        raise ConfigError(
            f"--run-id: got {run_id!r}, must be letters, digits and . _ : - only (it names folders). Where an "
            "orchestrator should have filled in a placeholder, it did not."
        )
