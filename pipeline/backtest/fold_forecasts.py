"""The forecasts of one test span that are shown: those of one series, end to end.

    strip = read_strip(windows_uri, model_dir=..., series_id="series", shape=shape, grid=grid, scaler=scaler)
    strip.forecasts          # [N, H], in the target's unit

Windows overlap; a strip holds every window that begins where the one before it
ends. No choice by error: what is shown is what came.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tapeline.pipeline.backtest.fold_figures import ForecastStrip
from tapeline.pipeline.backtest.tables import end_to_end
from tapeline.schemas import features as names
from tapeline.schemas.errors import DataError
from tapeline.schemas.served_model import EVALUATE, FORECAST
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.scaling import Scaler
from tapeline.series.time_grid import TimeGrid
from tapeline.series.window_reader import parse_windows, split_files, window_feature_spec

MOST_STEPS = 480
"""Steps of a test span that are shown; more cannot be told apart on a page."""

_INDEX_BATCH = 4096


def read_strip(
    windows_uri: str, *, model_dir: str, series_id: str | None, shape: WindowShape, grid: TimeGrid, scaler: Scaler
) -> ForecastStrip:
    """Forecasts the chosen test windows with the model that was judged.

    Args:
        windows_uri: Folder of the windows.
        model_dir: The SavedModel.
        series_id: The series shown; None for that of the first window.
        shape: Widths of a window.
        grid: The grid of the data.
        scaler: Of the same run.

    Raises:
        DataError: The test split holds no window of the series.
    """
    records = tf.data.TFRecordDataset(split_files(windows_uri, "test"), compression_type="GZIP")
    if series_id is None:
        (first,) = records.take(1).as_numpy_iterator()
        series_id = tf.train.Example.FromString(first).features.feature[names.SERIES_ID].bytes_list.value[0].decode()
    rows, steps = _windows_of(records, series_id, shape, grid)
    if not len(rows):
        raise DataError(f"windows: the test split in {windows_uri!r} holds no window of series {series_id!r}.")
    followed = end_to_end(steps, shape.horizon)
    chosen = followed[: max(1, MOST_STEPS // shape.horizon)]
    serialized = tf.constant(_take(records, rows[chosen]))
    windows = parse_windows(serialized, shape, with_target=True)
    model = tf.saved_model.load(model_dir)
    forecasts = model.signatures[EVALUATE](examples=serialized)[FORECAST].numpy()
    ids = np.full(len(chosen), series_id.encode(), object)
    context = np.where(windows[names.CONTEXT_OBSERVED][:1] > 0, windows[names.CONTEXT][:1], np.nan)
    return ForecastStrip(
        series_id=series_id,
        steps=steps[chosen],
        context=scaler.unscale(context.astype(np.float64), ids[:1])[0],
        truth=scaler.unscale(windows[names.TARGET].numpy().astype(np.float64), ids),
        forecasts=scaler.unscale(forecasts.astype(np.float64), ids),
        left_out=len(followed) - len(chosen),
    )


def _windows_of(
    records: tf.data.TFRecordDataset, series_id: str, shape: WindowShape, grid: TimeGrid
) -> tuple[np.ndarray, np.ndarray]:
    """Positions of a series' windows among all, and the steps that they forecast first, in order of time."""
    spec = window_feature_spec(shape, with_target=False)
    wanted = {name: spec[name] for name in (names.SERIES_ID, names.FORECAST_START)}
    of_series: list[np.ndarray] = []
    starts: list[np.ndarray] = []
    for serialized in records.batch(_INDEX_BATCH):
        parsed = tf.io.parse_example(serialized, wanted)
        of_series.append(parsed[names.SERIES_ID].numpy() == series_id.encode())
        starts.append(parsed[names.FORECAST_START].numpy())
    rows = np.flatnonzero(np.concatenate(of_series)) if of_series else np.zeros(0, np.int64)
    if not len(rows):
        return rows, rows
    steps = grid.ordinals(np.concatenate(starts)[rows])
    order = np.argsort(steps, kind="stable")
    return rows[order], steps[order]


def _take(records: tf.data.TFRecordDataset, rows: Sequence[int] | np.ndarray) -> list[bytes]:
    """Reads some records, in the order asked for."""
    wanted = {int(row): place for place, row in enumerate(rows)}
    found = [b""] * len(wanted)
    for row, record in enumerate(records.take(max(wanted) + 1).as_numpy_iterator()):
        if row in wanted:
            found[wanted[row]] = record
    return found
