"""The forecast that a run ends with: the steps after the end of its data, of every series that can be forecast.

A model that knows covariates ahead forecasts as far as the data give them. Where they give none past the end,
`newest_window` goes back by a horizon: the newest forecast that the data allow, with what was measured since.
"""

import dataclasses
import pathlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tapeline.forecaster.inference.context_checks import raise_findings
from tapeline.forecaster.inference.contexts import Context, build_context, build_contexts
from tapeline.forecaster.inference.recent_rows import read_recent
from tapeline.forecaster.inference.table import Forecast, forecast_table
from tapeline.forecaster.inference.tails import Tail
from tapeline.forecaster.pushed_model import Card
from tapeline.schemas.errors import DataError
from tapeline.schemas.sections import DataConfig
from tapeline.series.checks.findings import Finding
from tapeline.series.sources.time_style import TimeStyle
from tapeline.series.sources.time_writer import TimeWriter
from tapeline.series.time_grid import TimeGrid

_NO_FUTURE = "no_known_future"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Chosen:
    """What can be forecast.

    Attributes:
        contexts: Sorted by series.
        left_out: Why the other series cannot be forecast.
        after: Targets in the steps that are forecast, float64 `[h]` a context, where the data hold them already; empty
            where the steps lie after the end of the data.
    """

    contexts: tuple[Context, ...]
    left_out: tuple[Finding, ...]
    after: tuple[npt.NDArray[np.float64], ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class NextForecast:
    """A forecast of every series that could be forecast.

    Attributes:
        chosen: What it rests on.
        forecasts: One for each context.
        data: Columns and grid of the data.
        style: How the data write their times.
    """

    chosen: Chosen
    forecasts: tuple[Forecast, ...]
    data: DataConfig
    style: TimeStyle

    @property
    def grid(self) -> TimeGrid:
        """The grid of times."""
        return TimeGrid.of(self.data)

    def table(self, *, typed: bool = False, mark: str = "") -> pa.Table:
        """Returns the forecast as a table; arguments as in `forecast_table`."""
        several = self.data.series_id is not None or len(self.data.target) > 1
        times = TimeWriter(self.style, self.data)
        return forecast_table(self.forecasts, times=times, series=several, typed=typed, mark=mark)


def forecast_next(
    folder: pathlib.Path,
    card: Card,
    data: DataConfig,
    *,
    horizon: int | None = None,
    or_newest_window: bool = False,
    argument: str = "data.source",
) -> NextForecast:
    """Forecasts what comes after the end of the data.

    Args:
        folder: The SavedModel.
        card: What it was trained on.
        data: Where the rows are, and how they are read.
        horizon: Steps; None takes the trained horizon, or as many of it as columns known ahead reach.
        or_newest_window: Whether the newest window stands in where nothing is known past the end.
        argument: What named the source, for messages.

    Raises:
        DataError: The rows break a rule, or no series can be forecast; the message lists why.
    """
    length = card.window.context_length + (card.window.horizon if or_newest_window else 0)
    recent = read_recent(data, card.features, context_length=length)
    chosen = after_the_end(recent.tails, card, horizon=horizon)
    if or_newest_window and not chosen.contexts and any(each.kind == _NO_FUTURE for each in chosen.left_out):
        chosen = newest_window(recent.tails, card)
    if not chosen.contexts:
        raise_findings(list(chosen.left_out), source=str(data.source), argument=argument)
        raise DataError(f"{argument}: {data.source} holds no rows to forecast from.")
    return _asked(folder, card, data, chosen, recent.style, argument=argument)


def forecast_rows(
    folder: pathlib.Path, card: Card, data: DataConfig, *, horizon: int | None, shown: str, argument: str = "--input"
) -> NextForecast:
    """Forecasts rows that somebody gave: all series of them, or none.

    Args:
        folder: The SavedModel.
        card: What it was trained on.
        data: Where the rows are, and how they are read.
        horizon: Steps; None takes as many as columns known ahead reach, or the trained horizon.
        shown: What messages call the rows.
        argument: What named them.

    Raises:
        DataError: Rows break a rule; the message lists all of it.
    """
    recent = read_recent(data, card.features, context_length=card.window.context_length)
    contexts = build_contexts(recent.tails, card=card, horizon=horizon, source=shown, argument=argument)
    chosen = Chosen(contexts=tuple(contexts), left_out=())
    return _asked(folder, card, data, chosen, recent.style, argument=argument)


def _asked(
    folder: pathlib.Path, card: Card, data: DataConfig, chosen: Chosen, style: TimeStyle, *, argument: str
) -> NextForecast:
    """Has a model forecast what was chosen."""
    # TensorFlow takes seconds to import; what is wrong with the rows is told before.
    from tapeline.forecaster.inference.loaded_model import LoadedModel

    model = LoadedModel(folder, horizon=card.window.horizon, argument=argument)
    return NextForecast(chosen=chosen, forecasts=tuple(model.forecast(chosen.contexts)), data=data, style=style)


def after_the_end(tails: Mapping[bytes, Tail], card: Card, *, horizon: int | None = None) -> Chosen:
    """Returns the contexts that end with the data.

    Args:
        tails: The newest rows of each series.
        card: What the model was trained on.
        horizon: As in `forecast_next`.
    """
    left_out: list[Finding] = []
    contexts = []
    for series_id, tail in sorted(tails.items()):
        newest = tail.newest(card.window.context_length)
        found, context = build_context(series_id, newest, card=card, horizon=horizon, most=card.window.horizon)
        left_out += found
        contexts += [context] if context is not None else []
    return Chosen(contexts=tuple(contexts), left_out=tuple(left_out))


def newest_window(tails: Mapping[bytes, Tail], card: Card) -> Chosen:
    """Returns the contexts that end a horizon before the data do, and what was measured after them.

    Args:
        tails: The newest rows of each series, a horizon more than a context.
        card: What the model was trained on.
    """
    horizon, grid = card.window.horizon, TimeGrid.of(card.data)
    earlier = {}
    for series_id, tail in tails.items():
        last = tail.last_measured
        values = tail.values.copy()
        if last is not None:
            values[tail.ordinal > last - horizon, 0] = np.nan
        earlier[series_id] = dataclasses.replace(tail, values=values)
    chosen = after_the_end(earlier, card)
    after = []
    for context in chosen.contexts:
        tail = tails[context.series_id]
        step = tail.ordinal - int(grid.ordinals(context.timestamps[-1:])[0]) - 1
        since = (step >= 0) & (step < context.steps_ahead)
        measured = np.full(context.steps_ahead, np.nan)
        measured[step[since]] = tail.values[since, 0]
        after.append(measured)
    return dataclasses.replace(chosen, after=tuple(after))
