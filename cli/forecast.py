"""`tapeline forecast`: a pushed model and a file of recent rows in, a forecast of each series out.

Without rows, it makes the forecast again that a run ended with. It imports TensorFlow, and nothing of TFX: it answers
in seconds.
"""

import argparse
import glob
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tapeline.cli.arguments import name_of_runs
from tapeline.cli.exit_codes import EXIT_DONE
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


def run(arguments: argparse.Namespace) -> int:
    """Forecasts recent rows; returns the exit code."""
    from tapeline.forecaster.inference.table import SUFFIXES, check_output, to_csv, write_table
    from tapeline.forecaster.pushed_model import read_card

    if arguments.horizon is not None and arguments.horizon < 1:
        raise ConfigError(f"--horizon: got {arguments.horizon}, must be 1 or more.")
    output = plot = None
    if arguments.output is not None:
        output = check_output(arguments.output, argument="--output", suffixes=SUFFIXES)
    if arguments.plot is not None:
        plot = check_output(arguments.plot, argument="--plot", suffixes=(".png",))
    model, source = _model_and_source(arguments)
    card = read_card(model.folder)
    if arguments.input is None:
        made = _after_the_data(model, card, source, horizon=arguments.horizon)
    else:
        made = _of_rows(model, card, arguments.input, horizon=arguments.horizon)
    _warn(made.chosen.contexts, card.window.min_observed)
    if model.mark:
        print(
            f"tapeline forecast: warning: this is the forecast of a {model.mark}: a gate found it unfit.",
            file=sys.stderr,
        )
    table = made.table(typed=output is not None and output.suffix == ".parquet", mark=model.mark)
    if output is None:
        sys.stdout.write(to_csv(table).decode())
    else:
        write_table(table, output)
        print(f"{table.num_rows:,} rows written to {shown(output)}")
    if plot is not None:
        from tapeline.forecaster.inference.picture import draw_forecasts

        write_whole(plot, draw_forecasts(made, unit=card.data.unit, title=", ".join(card.data.target), mark=model.mark))
        print(f"picture written to {shown(plot)}", file=sys.stderr if output is None else sys.stdout)
    return EXIT_DONE


def _model_and_source(arguments: argparse.Namespace) -> "tuple[RunModel, str]":
    """The model that is meant, and where the rows are: those of the run where none are given."""
    from tapeline.forecaster.pushed_model import find_model
    from tapeline.pipeline.run_models import RunModel, data_source, model_of_run, newest_pushed

    if arguments.model is not None:
        if arguments.input is None:
            raise ConfigError(
                "--input: is missing. Give recent rows; or leave --model out, and --name or --config says of which run "
                "the data and the model are."
            )
        if arguments.candidate or arguments.run:
            raise ConfigError("--model: names a model already. Leave out --candidate and --run, or --model.")
        return RunModel(folder=find_model(arguments.model)), arguments.input
    paths = RunPaths.of(name_of_runs(arguments), arguments.home)
    if arguments.candidate or arguments.run:
        model = model_of_run(paths, arguments.run, candidate=arguments.candidate)
    else:
        model = newest_pushed(paths)
    return model, arguments.input if arguments.input is not None else data_source(paths)


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
        print(
            f"tapeline forecast: warning: {left:,} series cannot be forecast. The first: {first.place}{first.message}",
            file=sys.stderr,
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
    print(
        f"tapeline forecast: warning: less than {least:.0%} (window.min_observed) of the context is measured in "
        f"{len(thin):,} of {len(contexts):,} series ({named}{more}); training left such windows out.",
        file=sys.stderr,
    )
