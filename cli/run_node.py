"""`tapeline run-node`: one node of a compiled pipeline, in this process."""

import argparse
import pathlib
import shutil
from typing import Any

from tapeline.cli.arguments import require_run_id
from tapeline.cli.exit_codes import EXIT_DONE, EXIT_FAILED
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.whole_files import write_whole


def run(arguments: argparse.Namespace) -> int:
    """Runs one node of a compiled pipeline; returns the exit code."""
    require_run_id(arguments.run_id)
    path = pathlib.Path(arguments.ir)
    if not path.is_file():
        raise ConfigError(f"--ir: no file {str(path)!r}. Write it with `tapeline compile --target ir`.")
    from tapeline.pipeline.ir import read_ir
    from tapeline.pipeline.node_runner import NodeFailedError, run_node

    try:
        pipeline = read_ir(path)
        ended = run_node(pipeline, arguments.node, run_id=arguments.run_id, address=arguments.metadata)
    except NodeFailedError as error:
        print(f"tapeline run-node: {error}", flush=True)
        return EXIT_FAILED
    print(f"{arguments.node}: {ended.state.value}", flush=True)
    for wanted, target in arguments.export:
        _export(ended.outputs, wanted, pathlib.Path(target))
    if arguments.kubeflow_metrics is not None:
        _write_metrics(pipeline, arguments)
    return EXIT_DONE


def _write_metrics(pipeline: Any, arguments: argparse.Namespace) -> None:
    """Writes the verdict's numbers where Kubeflow takes them from."""
    from tapeline.pipeline.lineage import read_run
    from tapeline.pipeline.node_runner import address_of
    from tapeline.pipeline.verdict import read_verdict
    from tapeline.pipeline.verdict_files import to_kubeflow

    found = read_run(arguments.metadata or address_of(pipeline), arguments.run_id)
    verdict = read_verdict(found) if found else None
    if verdict is None:
        raise ConfigError("--kubeflow-metrics: there is no verdict yet. Give it to the node Report, or one after it.")
    for path, text in zip(arguments.kubeflow_metrics, to_kubeflow(verdict), strict=True):
        write_whole(path, text)


def _export(outputs: Any, wanted: str, target: pathlib.Path) -> None:
    """Copies a file of an output to where an orchestrator shows it."""
    key, _, name = wanted.partition("/")
    artifacts = outputs.get(key, ())
    source = pathlib.Path(artifacts[-1].uri) / name if artifacts else None
    if source is None or not source.is_file():
        raise ConfigError(f"--export: the node made no {wanted!r} (outputs: {', '.join(outputs)}). Correct the name.")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
