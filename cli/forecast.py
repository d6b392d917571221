"""`tapeline forecast`: a pushed model and a file of recent rows in, a forecast of each series out.

Imports TensorFlow, and nothing of TFX: it answers in seconds.
"""

import glob
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.cli.options import Input, Model
from tapeline.cli.terminal import say
from tapeline.pipeline.console import hushed
from tapeline.pipeline.paths import shown
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.whole_files import write_whole

if TYPE_CHECKING:
    from tapeline.clients.forecast.contexts import Context
    from tapeline.forecaster.pushed_model import Card
    from tapeline.schemas.sections import DataConfig

_FEW_MEASURED = 5
"""Series that a warning names."""


def run(
    *,
    model: Model,
    source: Input,
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
) -> int:
    """Forecasts recent rows; returns the exit code."""
    from tapeline.clients.forecast.contexts import build_contexts
    from tapeline.clients.forecast.recent_rows import read_recent
    from tapeline.clients.forecast.table import SUFFIXES, check_output, forecast_table, to_csv, write_table
    from tapeline.forecaster.pushed_model import find_model, read_card
    from tapeline.series.sources.time_writer import TimeWriter

    if horizon is not None and horizon < 1:
        raise ConfigError(f"--horizon: got {horizon}, must be 1 or more.")
    written = drawn = None
    if output is not None:
        written = check_output(output, argument="--output", suffixes=SUFFIXES)
    if plot is not None:
        drawn = check_output(plot, argument="--plot", suffixes=(".png",))
    folder = find_model(model)
    card = read_card(folder)
    data = data_of(card, source)
    recent = read_recent(data, card.features, context_length=card.window.context_length)
    contexts = build_contexts(recent.tails, card=card, horizon=horizon, source=shown(source))
    _warn(contexts, card.window.min_observed)

    # TensorFlow takes seconds to import; what is wrong with the rows is told before.
    with hushed():
        from tapeline.clients.forecast.loaded_model import LoadedModel

        forecasts = LoadedModel(folder, horizon=card.window.horizon).forecast(contexts)
    several = data.series_id is not None or len(data.target) > 1
    typed = written is not None and written.suffix == ".parquet"
    table = forecast_table(forecasts, times=TimeWriter(recent.style, data), series=several, typed=typed)
    if written is None:
        sys.stdout.write(to_csv(table).decode())
    else:
        write_table(table, written)
        print(f"{table.num_rows:,} rows written to {shown(written)}")
    if drawn is not None:
        from tapeline.clients.forecast.picture import draw_forecasts
        from tapeline.series.time_grid import TimeGrid

        png = draw_forecasts(contexts, forecasts, grid=TimeGrid.of(data), unit=data.unit, title=", ".join(data.target))
        write_whole(drawn, png)
        say(f"picture written to {shown(drawn)}", to_stderr=written is None)
    return EXIT_DONE


def data_of(card: "Card", source: str) -> "DataConfig":
    """Returns where recent rows are, and how they are read: as the training data were.

    Raises:
        ConfigError: There is nothing.
    """
    path = os.path.expanduser(source)
    if not (":" in source or glob.has_magic(path) or os.path.exists(path)):
        raise ConfigError(f"--input: no file {source!r}. Give a file with the columns of the training data.")
    return card.data.model_copy(update={"source": path, "origin": ""})


def _warn(contexts: "list[Context]", least: float) -> None:
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
