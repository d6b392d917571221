"""`tapeline forecast`: a pushed model and a file of recent rows in, a forecast of each series out.

Imports TensorFlow, and nothing of TFX: it answers in seconds.
"""

import argparse
import glob
import os
import sys
from typing import TYPE_CHECKING

from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.pipeline.console import hushed
from tapeline.pipeline.paths import shown
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.whole_files import write_whole

if TYPE_CHECKING:
    from tapeline.forecaster.inference.contexts import Context
    from tapeline.forecaster.pushed_model import Card
    from tapeline.schemas.sections import DataConfig

_FEW_MEASURED = 5
"""Series that a warning names."""


def run(arguments: argparse.Namespace) -> int:
    """Forecasts recent rows; returns the exit code."""
    from tapeline.forecaster.inference.contexts import build_contexts
    from tapeline.forecaster.inference.recent_rows import read_recent
    from tapeline.forecaster.inference.table import SUFFIXES, check_output, forecast_table, to_csv, write_table
    from tapeline.forecaster.pushed_model import find_model, read_card
    from tapeline.series.sources.time_writer import TimeWriter

    if arguments.horizon is not None and arguments.horizon < 1:
        raise ConfigError(f"--horizon: got {arguments.horizon}, must be 1 or more.")
    output = plot = None
    if arguments.output is not None:
        output = check_output(arguments.output, argument="--output", suffixes=SUFFIXES)
    if arguments.plot is not None:
        plot = check_output(arguments.plot, argument="--plot", suffixes=(".png",))
    folder = find_model(arguments.model)
    card = read_card(folder)
    data = data_of(card, arguments.input)
    recent = read_recent(data, card.features, context_length=card.window.context_length)
    contexts = build_contexts(recent.tails, card=card, horizon=arguments.horizon, source=shown(arguments.input))
    _warn(contexts, card.window.min_observed)

    # TensorFlow takes seconds to import; what is wrong with the rows is told before.
    with hushed():
        from tapeline.forecaster.inference.loaded_model import LoadedModel

        forecasts = LoadedModel(folder, horizon=card.window.horizon).forecast(contexts)
    several = data.series_id is not None or len(data.target) > 1
    typed = output is not None and output.suffix == ".parquet"
    table = forecast_table(forecasts, times=TimeWriter(recent.style, data), series=several, typed=typed)
    if output is None:
        sys.stdout.write(to_csv(table).decode())
    else:
        write_table(table, output)
        print(f"{table.num_rows:,} rows written to {shown(output)}")
    if plot is not None:
        from tapeline.forecaster.inference.picture import draw_forecasts
        from tapeline.series.time_grid import TimeGrid

        png = draw_forecasts(contexts, forecasts, grid=TimeGrid.of(data), unit=data.unit, title=", ".join(data.target))
        write_whole(plot, png)
        print(f"picture written to {shown(plot)}", file=sys.stderr if output is None else sys.stdout)
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
    print(
        f"tapeline forecast: warning: less than {least:.0%} (window.min_observed) of the context is measured in "
        f"{len(thin):,} of {len(contexts):,} series ({named}{more}); training left such windows out.",
        file=sys.stderr,
    )
