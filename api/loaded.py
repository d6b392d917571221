"""A model of a run, or any pushed one, to ask for forecasts in Python."""

import json
import os
import pathlib
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from tapeline.api.frames import is_frame, write_frame
from tapeline.api.notebook import Picture, table_html
from tapeline.forecaster.inference.next_steps import NextForecast, forecast_next, forecast_rows
from tapeline.forecaster.inference.table import TIME
from tapeline.forecaster.pushed_model import read_card
from tapeline.pipeline.console import hushed
from tapeline.pipeline.paths import shown
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.features import SERIES_ID
from tapeline.schemas.served_model import CARD_FILE
from tapeline.series.sources.time_writer import TimeWriter
from tapeline.series.sources.timestamps import EPOCH_UNITS, read_times


class ModelCard(Mapping[str, Any]):
    """What a model says of itself, as `model_card.json` has it.

    Args:
        tree: The file.
    """

    def __init__(self, tree: dict[str, Any]) -> None:
        self._tree = tree

    def __getitem__(self, key: str) -> Any:
        return self._tree[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree)

    def __len__(self) -> int:
        return len(self._tree)

    def __repr__(self) -> str:
        return f"ModelCard({json.dumps(self._tree, indent=2)})"

    def _repr_html_(self) -> str:
        rows = [
            (key, json.dumps(value)) for key, value in self._tree.get("inputs", {}).items() if value not in (None, [])
        ]
        return table_html(rows, caption="What the model was trained on, and takes")


class Model:
    """A SavedModel that Tapeline made.

    Args:
        folder: The SavedModel.
        source: Where the data of its run are; None where that is not known.
        mark: What its forecasts say of it; "" for a model that passed the gates.
    """

    def __init__(self, folder: pathlib.Path, *, source: str | None = None, mark: str = "") -> None:
        self.folder = folder
        self._card = read_card(folder)
        self._source = source
        self._mark = mark

    @property
    def card(self) -> ModelCard:
        """What the model says of itself: columns, horizon, limits, what its intervals rest on."""
        return ModelCard(json.loads((self.folder / CARD_FILE).read_text(encoding="utf-8")))

    def forecast(self, frame: Any = None, horizon: int | None = None) -> pd.DataFrame:
        """Returns forecasts: a row a series and step, with both intervals.

        Args:
            frame: Recent rows with the columns of the training data: a data frame or the path of a file. None takes
                the data of the run, and forecasts what comes after them.
            horizon: Steps; None takes the trained horizon, or as many as columns known ahead reach.

        Raises:
            UserError: Rows break a rule, or there are none; the message lists all of it.
        """
        frame_out: pd.DataFrame = self._made(frame, horizon).table(typed=True, mark=self._mark).to_pandas()
        return frame_out

    def plot(self, frame: Any = None, horizon: int | None = None) -> Picture:
        """Returns a picture of the forecast, of at most six series; arguments as in `forecast`."""
        from tapeline.forecaster.inference.picture import draw_forecasts

        made = self._made(frame, horizon)
        png = draw_forecasts(made, unit=made.data.unit, title=", ".join(made.data.target), mark=self._mark)
        return Picture(png)

    def read_table(self, path: pathlib.Path) -> pd.DataFrame:
        """Reads a table that `tapeline forecast` or a run wrote as CSV; times come back as `forecast` gives them."""
        frame = pd.read_csv(path, dtype={SERIES_ID: str, TIME: str})
        data = self._card.data
        texts = pa.array(frame[TIME].astype(object), pa.string())
        if data.time_format in EPOCH_UNITS:
            texts = texts.cast(pa.int64())
        times = read_times(texts, time_format=data.time_format, timezone=data.timezone, name=TIME)
        frame[TIME] = TimeWriter(times.style, data).typed(times.seconds).to_pandas()
        return frame

    def _made(self, frame: Any, horizon: int | None) -> NextForecast:
        if horizon is not None and horizon < 1:
            raise ConfigError(f"horizon: got {horizon}, must be 1 or more.")
        if frame is None:
            if self._source is None:
                raise ConfigError(
                    "frame: is missing, and this model is of no run whose data are known. Give recent rows."
                )
            data = self._card.data.model_copy(update={"source": self._source})
            with hushed():
                return forecast_next(self.folder, self._card, data, horizon=horizon)
        with tempfile.TemporaryDirectory() as work, hushed():
            source = str(write_frame(frame, pathlib.Path(work))) if is_frame(frame) else os.fspath(frame)
            data = self._card.data.model_copy(update={"source": source})
            named = "the frame" if is_frame(frame) else shown(source)
            return forecast_rows(self.folder, self._card, data, horizon=horizon, shown=named, argument="frame")

    def __repr__(self) -> str:
        data, window = self._card.data, self._card.window
        mark = f" ({self._mark})" if self._mark else ""
        return f"<model{mark} of {', '.join(data.target)}, {window.horizon} steps of {data.frequency} ahead, {shown(self.folder)}>"
