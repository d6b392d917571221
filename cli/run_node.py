"""`tapeline run-node`: one node of a compiled pipeline, in this process."""

import pathlib
import shutil
from typing import Annotated, Any

import typer

from tapeline.cli.arguments import require_run_id
from tapeline.cli.exit_codes import EXIT_DONE, EXIT_FAILED
from tapeline.cli.options import Metadata
from tapeline.cli.terminal import say
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.whole_files import write_whole


def run(
    *,
    ir: Annotated[str, typer.Option(metavar="PATH", help="from `tapeline compile --target ir`")],
    node: Annotated[str, typer.Option(metavar="NODE", help="which component (Trainer, Evaluator, ...)")],
    run_id: Annotated[str, typer.Option(metavar="RUN_ID", help="the same for all components of a run")],
    metadata: Metadata = None,
    export: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="OUTPUT/FILE PATH", help="copy a file of an output, such as report/report.html, to a path"
        ),
    ] = None,
    kubeflow_metrics: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="PATH EXECUTOR_OUTPUT",
            help="write the verdict's numbers as JSON, and as what Kubeflow shows of its artifact `metrics`",
        ),
    ] = None,
) -> int:
    """Runs one node of a compiled pipeline; returns the exit code."""
    require_run_id(run_id)
    path = pathlib.Path(ir)
    if not path.is_file():
        raise ConfigError(f"--ir: no file {str(path)!r}. Write it with `tapeline compile --target ir`.")
    from tapeline.pipeline.postponed_imports import postponed

    with postponed():
        from tapeline.pipeline.ir import read_ir
        from tapeline.pipeline.node_runner import NodeFailedError, address_of, run_node

    try:
        pipeline = read_ir(path)
        ended = run_node(pipeline, node, run_id=run_id, address=metadata)
    except NodeFailedError as error:
        say(f"tapeline run-node: {error}")
        return EXIT_FAILED
    print(f"{node}: {ended.state.value}", flush=True)
    if export is not None:
        _export(ended.outputs, export[0], pathlib.Path(export[1]))
    if kubeflow_metrics is not None:
        _write_metrics(metadata or address_of(pipeline), run_id, kubeflow_metrics)
    return EXIT_DONE


def _write_metrics(address: str, run_id: str, paths: tuple[str, str]) -> None:
    """Writes the verdict's numbers where Kubeflow takes them from."""
    from tapeline.pipeline.lineage import read_run
    from tapeline.pipeline.verdict import read_verdict
    from tapeline.pipeline.verdict_files import to_kubeflow

    found = read_run(address, run_id)
    verdict = read_verdict(found) if found else None
    if verdict is None:
        raise ConfigError("--kubeflow-metrics: there is no verdict yet. Give it to the node Report, or one after it.")
    for path, text in zip(paths, to_kubeflow(verdict), strict=True):
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
