"""The table of forecasts, and files that are written whole or not at all."""

import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from tapeline.forecaster.inference.table import Forecast, check_output, forecast_table, to_csv, to_records, write_table
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.sections import DataConfig
from tapeline.schemas.served_model import LEVELS
from tapeline.series.sources.time_style import TimeStyle
from tapeline.series.sources.time_writer import TimeWriter

DAY = 86_400
TIMES = TimeWriter(TimeStyle(form="dddd-dd-dd"), DataConfig(time="t", target="y", frequency="D"))


def forecast(name: bytes, first: float, steps: int = 2) -> Forecast:
    values = np.arange(steps, dtype=np.float32) + np.float32(first)
    levels = {level: values + np.float32(10 * at) for at, level in enumerate(LEVELS)}
    return Forecast(series_id=name, times=DAY * (19_000 + np.arange(steps, dtype=np.int64)), levels=levels)


def table(*forecasts: Forecast, series: bool = True, typed: bool = False) -> pa.Table:
    return forecast_table(forecasts, times=TIMES, series=series, typed=typed)


def test_csv_is_in_long_form_with_short_decimals() -> None:
    text = to_csv(table(forecast(b"a", 0.1), forecast(b'b, "the other"', 5.0, steps=1))).decode()
    assert text.splitlines() == [
        "series_id,time,forecast,lower,upper,lower_95,upper_95",
        "a,2022-01-08,0.1,10.1,20.1,30.1,40.1",
        "a,2022-01-09,1.1,11.1,21.1,31.1,41.1",
        '"b, ""the other""",2022-01-08,5.0,15.0,25.0,35.0,45.0',
    ]


def test_one_series_needs_no_name() -> None:
    assert table(forecast(b"series", 1.0), series=False).column_names == ["time", *LEVELS]


def test_quantiles_stand_behind_the_intervals_lowest_first() -> None:
    made = forecast(b"series", 1.0)
    made.levels.update({name: made.levels["forecast"] for name in ("quantile_0.9", "quantile_0.05")})
    assert table(made, series=False).column_names == ["time", *LEVELS, "quantile_0.05", "quantile_0.9"]


def test_parquet_is_read_as_it_was_written(tmp_path: pathlib.Path) -> None:
    whole = table(forecast(b"a", 1.0), typed=True)
    write_table(whole, tmp_path / "forecast.parquet")
    back = pa.parquet.read_table(tmp_path / "forecast.parquet")
    assert back.column("forecast").to_pylist() == [1.0, 2.0]
    assert back.schema.field("time").type == pa.timestamp("ms")


def test_a_file_is_replaced_and_readable_by_others(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "forecast.csv"
    path.write_text("old")
    write_table(table(forecast(b"a", 1.0)), path)
    assert path.read_text().startswith("series_id,time")
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("forecast.xlsx", "must end in .csv or .parquet"),
        ("nowhere/forecast.csv", "no folder"),
        ("folder.csv", "is a folder"),
    ],
)
def test_an_output_that_cannot_be_is_refused_first(tmp_path: pathlib.Path, name: str, words: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConfigError, match=words):
        check_output(tmp_path / name, argument="--output", suffixes=(".csv", ".parquet"))


def test_records_hold_no_number_that_json_has_no_word_for() -> None:
    open_ended = forecast(b"a", 0.5, steps=1)
    open_ended.levels["lower_95"][0] = -np.inf
    (row,) = to_records(table(open_ended))
    assert (row["series_id"], row["forecast"], row["lower_95"]) == ("a", 0.5, None)
