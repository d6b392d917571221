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
) -> int:
    """Runs one node of a compiled pipeline; returns the exit code."""
    require_run_id(run_id)
    path = pathlib.Path(ir)
    if not path.is_file():
        raise ConfigError(f"--ir: no file {str(path)!r}. Write it with `tapeline compile --target ir`.")
    from tapeline.pipeline.ir import read_ir
    from tapeline.pipeline.node_runner import NodeFailedError, run_node

    try:
        ended = run_node(read_ir(path), node, run_id=run_id, address=metadata)
    except NodeFailedError as error:
        say(f"tapeline run-node: {error}")
        return EXIT_FAILED
    print(f"{node}: {ended.state.value}", flush=True)
    if export is not None:
        _export(ended.outputs, export[0], pathlib.Path(export[1]))
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
