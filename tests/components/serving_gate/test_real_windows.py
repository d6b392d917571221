"""Real requests are put together from rows: values, times, gaps and static covariates where they belong."""

import pathlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.components.serving_gate.real_windows import draw_windows, read_real_windows
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tests.row_files import write_row_file

DAY, FIRST = 86_400, 19_000
DATA = DataConfig(time="t", target="y", frequency="D")
FEATURES = FeaturesConfig(past_covariates=("wind",), future_covariates=("holiday",), static_covariates=("area",))
WINDOW = WindowConfig(context_length=3, horizon=2)


def example(**features: Any) -> bytes:
    kinds = {bytes: ("bytes_list", tf.train.BytesList), int: ("int64_list", tf.train.Int64List)}
    made = {}
    for name, value in features.items():
        field, kind = kinds.get(type(value), ("float_list", tf.train.FloatList))
        made[name] = tf.train.Feature(**{field: kind(value=[value])})
    return tf.train.Example(features=tf.train.Features(feature=made)).SerializeToString()


def write(path: Any, records: Any) -> str:
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for record in records:
            writer.write(record)
    return str(path)


def row(day: Any, *, series: bytes = b"a", area: float | None = 7.0, **changed: Any) -> dict[str, Any]:
    values = {"target": float(day), "wind": 10.0 + day, "holiday": float(day % 2), "area": area, **changed}
    return {"series_id": series, "timestamp": DAY * (FIRST + day), **values}


def write_rows(path: Any, rows: list[dict[str, Any]]) -> str:
    return write_row_file(path, {name: [row[name] for row in rows] for name in rows[0]})


@pytest.fixture
def files(tmp_path: pathlib.Path) -> tuple[list[Any], Any, Any]:
    # Two series; day 2 of "a" has no target, day 3 no row at all; the area of "a" is 7 in its first row only.
    rows = [
        row(day, area=7.0 if day == 0 else 8.0, target=None if day == 2 else float(day)) for day in (0, 1, 2, 4, 5, 6)
    ]
    rows += [row(day, series=b"b", target=100.0 + day) for day in range(9)]
    windows = [
        example(series_id=b"a", forecast_start=DAY * (FIRST + 4)),
        example(series_id=b"b", forecast_start=DAY * (FIRST + 3)),
    ]
    row_files = [write_rows(tmp_path / f"rows-{at}", rows[at::2]) for at in (1, 0)]
    return [write(tmp_path / "windows", windows)], row_files, windows


def read(files: Any, **options: Any) -> Any:
    return read_real_windows(files[0], files[1], data=DATA, features=FEATURES, window=WINDOW, **{"count": 4, **options})


def test_contexts_are_the_rows_before_the_forecast_with_gaps_missing(files: tuple[list[Any], Any, Any]) -> None:
    found = read(files)
    np.testing.assert_array_equal(found.context, np.array([[1, np.nan, np.nan], [100, 101, 102]], np.float32))
    np.testing.assert_array_equal(found.past[:, :, 0], np.array([[11, 12, np.nan], [10, 11, 12]], np.float32))
    assert found.series_id.tolist() == [b"a", b"b"]
    assert found.serialized == tuple(files[2])


def test_times_and_known_columns_reach_two_horizons_ahead(files: tuple[list[Any], Any, Any]) -> None:
    found = read(files)
    np.testing.assert_array_equal(found.timestamps[0], DAY * (FIRST + np.arange(1, 8)))
    # Day 3 has no row, and the rows of "a" end with day 6.
    expected = np.array([1, 0, np.nan, 0, 1, 0, np.nan], np.float32)
    np.testing.assert_array_equal(found.future[0, :, 0], expected)
    assert (found.context_length, found.horizon) == (3, 2)


def test_static_covariates_are_those_of_the_first_row_of_a_series(files: tuple[list[Any], Any, Any]) -> None:
    np.testing.assert_array_equal(read(files).static, np.array([[7.0], [7.0]], np.float32))


def test_windows_whose_static_covariates_are_missing_are_not_asked(
    files: tuple[list[Any], Any, Any], tmp_path: pathlib.Path
) -> None:
    rows = [row(day, area=None) for day in range(9)] + [row(day, series=b"b") for day in range(9)]
    found = read((files[0], [write_rows(tmp_path / "more", rows)], files[2]))
    assert found.series_id.tolist() == [b"b"]
    assert read((files[0], [write_rows(tmp_path / "none", rows[:9])], files[2])) is None


def test_no_window_is_nothing_to_ask(files: tuple[list[Any], Any, Any], tmp_path: pathlib.Path) -> None:
    assert read(([write(tmp_path / "empty", [])], files[1], ())) is None


def test_windows_are_drawn_evenly_from_every_file(tmp_path: pathlib.Path) -> None:
    paths = [write(tmp_path / f"w-{at}", [b"%d.%d" % (at, i) for i in range(10)]) for at in range(3)]
    assert draw_windows(paths, count=6) == [b"0.0", b"0.9", b"1.0", b"1.9", b"2.0", b"2.9"]
    assert len(draw_windows(paths, count=1)) == 3
