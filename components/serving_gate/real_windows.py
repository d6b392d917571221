"""Test windows and the raw rows that they were cut from: real requests whose answers are known.

A few windows are taken from every file; their rows are looked up in the rows
that came out of the data gate, so nothing that made the windows is trusted.
"""

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.components.serving_gate.real_requests import RealWindows
from tapeline.schemas import features as names
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.series.grouping.rows_io import read_rows
from tapeline.series.grouping.series_rows import NUMBERS, TEXTS, RowFeatures
from tapeline.series.step_index import StepIndex
from tapeline.series.time_grid import TimeGrid

_T = TypeVar("_T")
_MOST_FILES = 16
_RECORDS_A_FILE = 2048
"""Windows of one file that are looked at; a draw among them needs no more."""


def read_real_windows(
    window_files: Sequence[str],
    row_files: Sequence[str],
    *,
    data: DataConfig,
    features: FeaturesConfig,
    window: WindowConfig,
    count: int,
) -> RealWindows | None:
    """Draws test windows and puts their requests together from rows.

    Args:
        window_files: Files of the test windows.
        row_files: Files of the rows of all splits.
        data: The grid.
        features: The covariates.
        window: Context and horizon.
        count: About how many windows.

    Returns:
        The windows; None where there is none whose static covariates are all known.
    """
    serialized = draw_windows(window_files, count=count)
    if not serialized:
        return None
    parsed = tf.io.parse_example(
        tf.constant(serialized),
        {
            names.SERIES_ID: tf.io.FixedLenFeature([], tf.string),
            names.FORECAST_START: tf.io.FixedLenFeature([], tf.int64),
        },
    )
    series = parsed[names.SERIES_ID].numpy()
    grid = TimeGrid.of(data)
    first = grid.ordinals(parsed[names.FORECAST_START].numpy()) - window.context_length
    length = window.context_length + 2 * window.horizon
    read = RowFeatures(numbers=(names.TARGET, *features.number_columns), texts=features.text_columns)
    (values, first_rows), (texts, first_texts) = _gather(row_files, series, first, length, read=read, grid=grid)
    static = first_rows[:, len(read.numbers) - len(features.numbers(names.STATIC_COVARIATES)) :]
    # A model refuses missing static covariates, and no raw value is sure to mean the same.
    whole = ~np.isnan(static).any(axis=1)
    if not whole.any():
        return None
    past, future = (len(features.numbers(role)) for role in (names.PAST_COVARIATES, names.FUTURE_COVARIATES))
    kept = values[whole]
    of_role = {
        role: [features.text_columns.index(column) for column in features.texts(role)] for role in names.CATEGORIES
    }
    ordinals = first[whole][:, None] + np.arange(length)
    return RealWindows(
        serialized=tuple(one for one, good in zip(serialized, whole, strict=True) if good),
        series_id=series[whole],
        timestamps=grid.timestamps(ordinals.reshape(-1)).reshape(ordinals.shape),
        context=kept[:, : window.context_length, 0],
        past=kept[:, : window.context_length, 1 : 1 + past],
        future=kept[:, :, 1 + past : 1 + past + future],
        static=static[whole],
        texts={
            names.PAST_CATEGORIES: texts[whole][:, : window.context_length, of_role[names.PAST_COVARIATES]],
            names.FUTURE_CATEGORIES: texts[whole][:, :, of_role[names.FUTURE_COVARIATES]],
            names.STATIC_CATEGORIES: first_texts[whole][:, of_role[names.STATIC_COVARIATES]],
        },
        least_context=window.least_context,
    )


def draw_windows(files: Sequence[str], *, count: int) -> list[bytes]:
    """Returns about `count` windows, evenly spaced over the files and inside each.

    Args:
        files: Gzip TFRecord files.
        count: How many, at least one.
    """
    chosen = _spread(files, _MOST_FILES)
    drawn: list[bytes] = []
    for path in chosen:
        records = tf.data.TFRecordDataset(path, compression_type="GZIP").take(_RECORDS_A_FILE)
        windows = list(records.as_numpy_iterator())
        drawn += _spread(windows, math.ceil(count / len(chosen)))
    return drawn


def _spread(values: Sequence[_T], most: int) -> list[_T]:
    """At most so many of the values, evenly spaced."""
    return [values[at] for at in np.unique(np.linspace(0, len(values) - 1, min(len(values), most), dtype=int))]


def _gather(
    row_files: Sequence[str],
    series: npt.NDArray[np.object_],
    first: npt.NDArray[np.int64],
    length: int,
    *,
    read: RowFeatures,
    grid: TimeGrid,
) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Numbers, and texts, of stretches of series, `[B, length, C]`, and of the first row of each one's series, `[B, C]`.

    Static covariates are those of the first row of a series, wherever its windows lie.
    """
    steps = StepIndex.covering(series, first, length)
    nothing = {
        NUMBERS: np.full((len(steps.keys), len(read.numbers)), np.nan),
        TEXTS: np.full((len(steps.keys), len(read.texts)), b"", object),
    }
    found = {part: values.copy() for part, values in nothing.items()}
    # Of each series the ordinal of its first row, and what that row holds.
    earliest: dict[bytes, tuple[int, dict[str, npt.NDArray[Any]]]] = {
        name: (np.iinfo(np.int64).max, {part: values[0] for part, values in nothing.items()})
        for name in series.tolist()
    }
    for path in row_files:
        for batch in read_rows(path, read):
            ids, ordinal = batch[names.SERIES_ID], grid.ordinals(batch[names.TIMESTAMP])
            here = {part: batch[part] for part in found if part in batch}
            row = steps.locate(ids, ordinal)
            for part, values in here.items():
                found[part][row[row >= 0]] = values[row >= 0]
            for name, (known, before) in earliest.items():
                mine = np.flatnonzero(ids == name)
                if len(mine) and ordinal[mine].min() < known:
                    at = mine[np.argmin(ordinal[mine])]
                    earliest[name] = (ordinal[at], before | {part: values[at] for part, values in here.items()})
    ordinals = (first[:, None] + np.arange(length)).reshape(-1)
    rows = steps.locate(np.repeat(series, length), ordinals).reshape(-1, length)
    return [
        (found[part][rows], np.stack([earliest[name][1][part] for name in series.tolist()]))
        for part in (NUMBERS, TEXTS)
    ]
