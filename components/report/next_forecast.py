"""What comes after the end of the data, by the model that was blessed: a table, a picture, and the first figure.

It is made here, and not by a command after the run, so that it exists wherever the pipeline runs, and the page can
show it. A refused model forecasts nothing by itself: somebody would take it for a forecast that can be trusted.
"""

import os
import pathlib
from typing import Any

import numpy as np

from tapeline.components.report.next_chart import NEXT, next_chart
from tapeline.forecaster.inference.next_steps import NextForecast, forecast_next
from tapeline.forecaster.inference.picture import MOST_SERIES, draw_forecasts, forecast_figure
from tapeline.forecaster.inference.table import to_csv
from tapeline.forecaster.pushed_model import read_card
from tapeline.schemas.artifact_files import FORECAST_FILE, FORECAST_PICTURE
from tapeline.schemas.config import Config
from tapeline.schemas.errors import UserError
from tapeline.series.checks.findings import listing
from tapeline.series.conformal import PERCENTS, fewest_errors, promised_percent
from tapeline.series.figures.style import safe
from tapeline.series.figures.wording import count, number, sentence, when
from tapeline.series.pages.page import Section


def make_forecast(model_dir: str, config: Config, *, blessed: bool) -> NextForecast | str:
    """Returns the next forecast, or in a sentence why there is none.

    Args:
        model_dir: The SavedModel.
        config: The configuration of the run; the rows are those that `data.source` names.
        blessed: Whether both gates passed the model.
    """
    if not blessed:
        return (
            "The model was refused, so no forecast is made by it. To see one all the same: "
            f"tapeline forecast --candidate --name {config.name}"
        )
    folder = pathlib.Path(model_dir)
    try:
        return forecast_next(folder, read_card(folder), config.data, or_newest_window=True)
    except (UserError, OSError) as error:
        # A run that trained, judged and pushed a model has not failed because its newest rows cannot be forecast.
        # The page may travel: it names no folder of this machine.
        reason = str(error).replace(f"{folder}{os.sep}", "")
        return f"There is no forecast of the steps after the data: {reason}"


def forecast_section(made: NextForecast | str, config: Config, *, eval_windows: int) -> Section | None:
    """Returns the section that stands first on the page; None where nothing was tried.

    Args:
        made: The forecast, or why there is none.
        config: The configuration of the run.
        eval_windows: Windows whose errors the intervals are made of.
    """
    if not made:
        return None
    title = f"The next {count(config.window.horizon, 'step')}"
    if isinstance(made, str):
        return Section(key="next", title=title, paragraphs=[safe(made, 2000)])
    figure = forecast_figure(
        made,
        key=NEXT,
        title=", ".join(safe(target) for target in config.data.target[:MOST_SERIES]),
        caption=_caption(made),
        alt=_alt(made, config),
    )
    ahead = not made.chosen.after
    return Section(
        key="next",
        title=title if ahead else f"The newest {count(config.window.horizon, 'step')} that can be forecast",
        paragraphs=[*_paragraphs(made, config), *_few_errors(eval_windows)],
        figures=[figure],
        charts={NEXT: next_chart(made, 0, unit=safe(config.data.unit) or "target units")},
    )


def _paragraphs(made: NextForecast, config: Config) -> list[str]:
    series = len(made.forecasts)
    whose = f" of {count(series, 'series')}" if series > 1 else ""
    steps = max(len(forecast.times) for forecast in made.forecasts)
    if made.chosen.after:
        columns = listing([safe(column) for column in config.features.future_covariates])
        told = [
            f"The model needs {columns} for the steps that it forecasts, and the data hold no values of these after the "
            f"last measured one, so there is no {FORECAST_FILE}. Append rows with them, the target empty, and run "
            "`tapeline forecast`. Shown is the newest forecast that the data allow, beside what was measured."
        ]
    else:
        told = [f"What comes after the end of the data{whose}, as a table: {FORECAST_FILE}, beside this page."]
        if steps < config.window.horizon:
            told.append(
                f"It ends after {count(steps, 'step')}, because "
                f"{listing([safe(column) for column in config.features.future_covariates])} reach no further."
            )
    if made.chosen.left_out:
        first = made.chosen.left_out[0]
        left = len({finding.series_id for finding in made.chosen.left_out})
        told.append(
            f"{count(left, 'series')} could not be forecast. The first: {safe(f'{first.place}{first.message}', 300)}"
        )
    return told


def _few_errors(windows: int) -> list[str]:
    """Returns what is to be said of intervals that are made of too few errors for their levels.

    >>> _few_errors(12)[0][:57]
    'The intervals are made of the errors on 12 eval windows. '
    >>> _few_errors(39)
    []
    """
    short = [percent for percent in PERCENTS if windows < fewest_errors(percent)]
    if not short:
        return []
    needed = " and ".join(f"that of {percent} % takes {fewest_errors(percent)}" for percent in short)
    promised = promised_percent(windows, short[-1])
    return [
        f"The intervals are made of the errors on {count(windows, 'eval window')}. {sentence(needed)} With fewer, the "
        f"widest errors that occurred stand in, and the interval promises to hold no more than {promised:.0f} %."
    ]


def _caption(made: NextForecast) -> str:
    first, last = _extent(made)
    series = len(made.forecasts)
    shown = f" Shown are the {MOST_SERIES} largest of {series:,} series." if series > MOST_SERIES else ""
    return f"Forecast from {when(first, made.grid)} to {when(last, made.grid)}, with its intervals.{shown}"


def _alt(made: NextForecast, config: Config) -> str:
    """The finding in numbers."""
    unit = f" {safe(config.data.unit)}" if config.data.unit else ""
    levels = made.forecasts[0].levels
    whose = f" of series {safe(made.forecasts[0].series_id)}" if len(made.forecasts) > 1 else ""
    values = [f"{number(float(levels['forecast'][place]), 4)}{unit}" for place in (0, -1)]
    ends = f"{number(float(levels['lower'][-1]), 4)} to {number(float(levels['upper'][-1]), 4)}"
    return sentence(
        f"the forecast{whose} goes from {values[0]} in the first step to {values[1]} in step "
        f"{len(levels['forecast'])}, its 80 percent interval there from {ends}"
    )


def _extent(made: NextForecast) -> tuple[int, int]:
    times = np.concatenate([forecast.times for forecast in made.forecasts])
    return int(times.min()), int(times.max())


def forecast_json(made: NextForecast | str) -> dict[str, Any] | None:
    """Returns what machines may want to know of it."""
    if not made:
        return None
    if isinstance(made, str):
        return {"made": False, "problem": made}
    first, last = _extent(made)
    return {
        "made": True,
        "after_the_data": not made.chosen.after,
        "series": len(made.forecasts),
        "first": when(first, made.grid),
        "last": when(last, made.grid),
        "left_out": [finding.place + finding.message for finding in made.chosen.left_out[:MOST_SERIES]],
    }


def write_forecast(made: NextForecast | str, config: Config, folder: pathlib.Path) -> None:
    """Writes the table, where the steps lie after the data, and the picture."""
    if isinstance(made, str):
        return
    if not made.chosen.after:
        (folder / FORECAST_FILE).write_bytes(to_csv(made.table()))
    png = draw_forecasts(made, unit=config.data.unit, title=", ".join(config.data.target[:MOST_SERIES]))
    (folder / FORECAST_PICTURE).write_bytes(png)
