"""`tapeline batch`: a tiny pipeline around TFX's BulkInferrer, over a file of any size.

It has ML Metadata and artifacts of its own, in a folder beside the output that is gone when it ends; the output
appears when it is whole.
"""

import pathlib
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING, Annotated

import typer

from tapeline.cli.exit_codes import EXIT_DONE, EXIT_FAILED
from tapeline.cli.options import Input, Model, Quiet, Runner
from tapeline.cli.signals import exit_code, interruption
from tapeline.cli.terminal import progress, say
from tapeline.pipeline.paths import shown
from tapeline.schemas.errors import ConfigError, user_error
from tapeline.schemas.whole_files import put_in_place

if TYPE_CHECKING:
    from tapeline.forecaster.pushed_model import Card

_FILES = "forecast-*.parquet"


def run(
    *,
    model: Model,
    source: Input,
    output: Annotated[str, typer.Option(metavar="DIR", help="folder of the Parquet files; replaced if it is there")],
    runner: Runner = None,
    quiet: Quiet = False,
) -> int:
    """Forecasts every series of a large file; returns the exit code."""
    import dataclasses

    from tapeline.cli.arguments import read_runner
    from tapeline.cli.forecast import data_of
    from tapeline.forecaster.pushed_model import find_model, read_card
    from tapeline.schemas.runner_config import BeamConfig
    from tapeline.series.sources.source import find_source

    folder = _check_output(output)
    beam = BeamConfig.model_validate(read_runner(runner)["beam"]) if runner else BeamConfig()
    version = find_model(model)
    card = read_card(version)
    data = data_of(card, source)
    find_source(data)
    absolute = str(pathlib.Path(str(data.source)).absolute()) if ":" not in str(data.source) else data.source
    card = dataclasses.replace(card, data=data.model_copy(update={"source": absolute}))

    work = pathlib.Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        with progress(quiet=quiet):
            error = _run(card, version, work, beam.args)
        interrupted = interruption(error)
        if interrupted is not None:
            say("tapeline batch: interrupted; nothing was written.", to_stderr=True)
            return exit_code(interrupted)
        if error is not None:
            return _failed(error, work / "log.txt", folder)
        made = next(iter(sorted((work / "artifacts" / "ForecastTables" / "forecasts").iterdir())))
        rows = _rows(made)
        put_in_place(made, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{rows:,} rows written to {shown(folder)}")
    return EXIT_DONE


def _check_output(path: str) -> pathlib.Path:
    """Returns the folder to write; what is in its place is nothing but forecasts of before."""
    output = pathlib.Path(path).expanduser().absolute()
    if not output.parent.is_dir():
        raise ConfigError(f"--output: no folder {str(output.parent)!r}. Make it, or give another name.")
    if output.exists() and not output.is_dir():
        raise ConfigError(f"--output: {path!r} is a file. Give the name of a folder.")
    others = set(output.iterdir()) - set(output.glob(_FILES)) if output.exists() else set()
    if others:
        raise ConfigError(
            f"--output: {path!r} holds other things than forecasts ({min(other.name for other in others)}), and would "
            "be replaced. Give another name."
        )
    return output


def _run(card: "Card", model: pathlib.Path, work: pathlib.Path, beam_args: tuple[str, ...]) -> BaseException | None:
    """Runs the pipeline; returns what stopped it."""
    from tapeline.pipeline.cluster.following import Following, following
    from tapeline.pipeline.cluster.job_book import JobBook
    from tapeline.pipeline.cluster.looking import look
    from tapeline.pipeline.cluster.stopping import in_words
    from tapeline.pipeline.console import ComponentLines, quiet

    # TFX wants the model in a folder of its layout; a copy also outlives the removal of the version.
    shutil.copytree(model, work / "model" / "Format-Serving")
    with quiet(work / "log.txt"):
        from tapeline.pipeline.batch_inference import run_batch_pipeline

        jobs = Following(
            book=JobBook(work / "jobs.json"),
            pipeline="batch",
            node=lambda: lines.started[-1],
            run=work.name.rpartition(".")[2],
        )
        lines = ComponentLines(sys.stdout, lambda node: ("ran", ""), detail=jobs.words)
        try:
            for found in look(beam_args):
                print(f"  {found}", flush=True)
            with lines, following(jobs):
                run_batch_pipeline(card, work, beam_args=beam_args)
        except (Exception, KeyboardInterrupt) as raised:
            if told := in_words(jobs.stopped, jobs.book):
                print(told, flush=True)
            return raised
    return None


def _failed(error: BaseException, log: pathlib.Path, output: pathlib.Path) -> int:
    """Says what stopped the pipeline; a user's mistake is raised again."""
    from tapeline.forecaster.refusal_message import refusal_message
    from tapeline.schemas.errors import ClusterError, DataError

    refusal = user_error(error)
    if refusal is not None:
        raise refusal
    if isinstance(error, ClusterError):
        raise error
    if "assertion failed" in str(error):
        raise DataError(f"--input: the model refuses the data: {refusal_message(str(error))}") from error
    kept = output.with_name(f"{output.name}.log")
    shutil.copyfile(log, kept)
    say(
        f"tapeline batch: failed: {type(error).__name__}: {refusal_message(str(error))}\nNothing was written. "
        f"Log: {shown(kept)}",
        style="red",
        to_stderr=True,
    )
    return EXIT_FAILED


def _rows(folder: pathlib.Path) -> int:
    from tapeline.series.sources.parquet_files import open_parquet

    count = 0
    for path in folder.glob(_FILES):
        with open_parquet(path) as file:
            count += file.metadata.num_rows
    return count
