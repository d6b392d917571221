"""`tapeline forecast`: a pushed model and a file of recent rows in, a forecast of each series out.

Without rows, it makes the forecast again that a run ended with. It imports TensorFlow, and nothing of TFX: it answers
in seconds.
"""

import glob
import json as json_text
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tapeline.cli.arguments import name_of_runs
from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.cli.options import ConfigPath, Home, Json, Name, RunId
from tapeline.cli.terminal import say
from tapeline.pipeline.console import hushed
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.whole_files import write_whole

if TYPE_CHECKING:
    from tapeline.forecaster.inference.contexts import Context
    from tapeline.forecaster.inference.next_steps import NextForecast
    from tapeline.forecaster.pushed_model import Card
    from tapeline.pipeline.run_models import RunModel
    from tapeline.schemas.sections import DataConfig

_FEW_MEASURED = 5
"""Series that a warning names."""


def run(
    *,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="a version, a folder of versions, or the folder of runs (default: that of the run)"
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--input", metavar="PATH", help="recent rows: file, glob or folder (default: the run's data)"),
    ] = None,
    config: ConfigPath = None,
    name: Name = None,
    home: Home = None,
    run_id: RunId = None,
    candidate: Annotated[
        bool, typer.Option("--candidate", help="take the newest model that was judged, refused or not")
    ] = False,
    horizon: Annotated[
        int | None,
        typer.Option(metavar="N", help="steps ahead (default: as trained, or as known columns reach)"),
    ] = None,
    output: Annotated[
        str | None, typer.Option(metavar="PATH", help="a .csv or .parquet (default: CSV on standard output)")
    ] = None,
    plot: Annotated[
        str | None, typer.Option(metavar="PATH", help="a .png that shows context, forecast and intervals")
    ] = None,
    json: Json = False,
) -> int:
    """Forecasts recent rows, or what comes after the data of a run; returns the exit code."""
    from tapeline.forecaster.inference.table import SUFFIXES, check_output, to_csv, to_records, write_table
    from tapeline.forecaster.pushed_model import read_card

    if horizon is not None and horizon < 1:
        raise ConfigError(f"--horizon: got {horizon}, must be 1 or more.")
    written = drawn = None
    if output is not None:
        written = check_output(output, argument="--output", suffixes=SUFFIXES)
    if plot is not None:
        drawn = check_output(plot, argument="--plot", suffixes=(".png",))
    if model is None:
        paths = RunPaths.of(name_of_runs(name=name, config=config, home=home), home)
        chosen, rows = _of_run(paths, run_id, source, candidate=candidate)
    else:
        chosen, rows = _given(model, source, more=candidate or run_id is not None)
    card = read_card(chosen.folder)
    if source is None:
        made = _after_the_data(chosen, card, rows, horizon=horizon)
    else:
        made = _of_rows(chosen, card, rows, horizon=horizon)
    _warn(made.chosen.contexts, card.window.min_observed)
    if chosen.mark:
        warned = f"tapeline forecast: warning: this is the forecast of a {chosen.mark}: a gate found it unfit."
        say(warned, style="yellow", to_stderr=True)
    table = made.table(typed=written is not None and written.suffix == ".parquet", mark=chosen.mark)
    if written is not None:
        write_table(table, written)
        say(f"{table.num_rows:,} rows written to {shown(written)}", to_stderr=json)
    elif not json:
        sys.stdout.write(to_csv(table).decode())
    if drawn is not None:
        from tapeline.forecaster.inference.picture import draw_forecasts

        png = draw_forecasts(made, unit=card.data.unit, title=", ".join(card.data.target), mark=chosen.mark)
        write_whole(drawn, png)
        say(f"picture written to {shown(drawn)}", to_stderr=json or written is None)
    if json:
        files = {name: str(path.resolve()) for name, path in (("output", written), ("plot", drawn)) if path is not None}
        rows_of_it = to_records(made.table(mark=chosen.mark))
        print(json_text.dumps({"model": str(chosen.folder.resolve()), **files, "forecast": rows_of_it}, indent=2))
    return EXIT_DONE


def _given(model: str, source: str | None, *, more: bool) -> "tuple[RunModel, str]":
    """The model that `--model` names, and the rows that go with it."""
    from tapeline.forecaster.pushed_model import find_model
    from tapeline.pipeline.run_models import RunModel

    if source is None:
        raise ConfigError(
            "--input: is missing. Give recent rows; or leave --model out, and --name or --config says of which run "
            "the data and the model are."
        )
    if more:
        raise ConfigError("--model: names a model already. Leave out --candidate and --run, or --model.")
    return RunModel(folder=find_model(model)), source


def _of_run(paths: RunPaths, run_id: str | None, source: str | None, *, candidate: bool) -> "tuple[RunModel, str]":
    """The model of a run, and where the rows are: those of the run where none are given."""
    from tapeline.pipeline import run_models

    if candidate or run_id:
        model = run_models.model_of_run(paths, run_id, candidate=candidate)
    else:
        model = run_models.newest_pushed(paths)
    return model, source if source is not None else run_models.data_source(paths)


def _of_rows(model: "RunModel", card: "Card", source: str, *, horizon: int | None) -> "NextForecast":
    """Forecasts rows that are given: all of them, or none."""
    from tapeline.forecaster.inference.next_steps import forecast_rows

    with hushed():
        return forecast_rows(model.folder, card, data_of(card, source), horizon=horizon, shown=shown(source))


def _after_the_data(model: "RunModel", card: "Card", source: str, *, horizon: int | None) -> "NextForecast":
    """Forecasts what comes after the data of the run, as the run itself did; says which series it leaves out."""
    from tapeline.forecaster.inference.next_steps import forecast_next

    with hushed():
        made = forecast_next(model.folder, card, data_of(card, source), horizon=horizon)
    if made.chosen.left_out:
        left = len({finding.series_id for finding in made.chosen.left_out})
        first = made.chosen.left_out[0]
        say(
            f"tapeline forecast: warning: {left:,} series cannot be forecast. The first: {first.place}{first.message}",
            to_stderr=True,
        )
    return made


def data_of(card: "Card", source: str) -> "DataConfig":
    """Returns where recent rows are, and how they are read: as the training data were.

    Raises:
        ConfigError: There is nothing.
    """
    path = os.path.expanduser(source)
    if not (":" in source or glob.has_magic(path) or os.path.exists(path)):
        raise ConfigError(f"--input: no file {source!r}. Give a file with the columns of the training data.")
    return card.data.model_copy(update={"source": path, "origin": ""})


def _warn(contexts: "Sequence[Context]", least: float) -> None:
    """Says which forecasts rest on contexts that training would have left out."""
    thin = [context for context in contexts if context.measured_share < least]
    if not thin:
        return
    named = ", ".join(repr(context.series_id.decode(errors="replace")) for context in thin[:_FEW_MEASURED])
    more = ", ..." if len(thin) > _FEW_MEASURED else ""
    say(
        f"tapeline forecast: warning: less than {least:.0%} (window.min_observed) of the context is measured in "
        f"{len(thin):,} of {len(contexts):,} series ({named}{more}); training left such windows out.",
        to_stderr=True,
    )
