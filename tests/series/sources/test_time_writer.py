"""Times are written as the data write them: what is written is read back as the same instant, in the same form."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tapeline.schemas.sections import DataConfig
from tapeline.series.sources.time_writer import TimeWriter
from tapeline.series.sources.timestamps import read_times

# Noon in winter and in summer, UTC.
SECONDS = np.array([1_704_110_400, 1_719_835_200], np.int64)
NOT_NOON = SECONDS + 5025


def writer(column: pa.Array, **data: Any) -> tuple[TimeWriter, DataConfig]:
    config = DataConfig(time="t", target="y", frequency="15min", **data)
    times = read_times(column, time_format=config.time_format, timezone=config.timezone, name="t")
    assert not times.problems
    return TimeWriter(times.style, config), config


@pytest.mark.parametrize(
    ("example", "data", "written"),
    [
        ("2021-01-31 13:30:00", {}, "2024-01-01 13:23:45"),
        ("2021-01-31T13:30:00", {}, "2024-01-01T13:23:45"),
        ("2021-01-31T13:30:00Z", {}, "2024-01-01T13:23:45Z"),
        ("2021-01-31 13:30:00.000", {}, "2024-01-01 13:23:45.000"),
        ("2021-01-31 13:30:00+01:00", {"timezone": "Europe/Vienna"}, "2024-01-01 14:23:45+01:00"),
        ("2021-01-31 13:30:00+0530", {}, "2024-01-01 18:53:45+0530"),
        ("2021-01-31 13:30:00-03", {}, "2024-01-01 10:23:45-03"),
        ("2021-01-31 13:30:00", {"timezone": "Australia/Melbourne"}, "2024-01-02 00:23:45"),
        ("01/31/2021 13:30:00", {"time_format": "%m/%d/%Y %H:%M:%S"}, "01/01/2024 13:23:45"),
        ("31.01.2021 13:30:00 +0100", {"time_format": "%d.%m.%Y %H:%M:%S %z"}, "01.01.2024 13:23:45 +0000"),
        ("1612099800", {"time_format": "epoch_s"}, "1704115425"),
        ("1612099800000", {"time_format": "epoch_ms"}, "1704115425000"),
    ],
)
def test_text_has_the_form_and_the_clock_of_the_data(example: str, data: Any, written: str) -> None:
    write, config = writer(pa.array([example]), **data)
    texts = write.texts(NOT_NOON)
    assert texts[0] == written
    back = read_times(pa.array(texts), time_format=config.time_format, timezone=config.timezone, name="t")
    assert not back.problems
    np.testing.assert_array_equal(back.seconds, NOT_NOON)


@pytest.mark.parametrize(
    ("example", "written"),
    [("2021-01-31", "2024-01-01"), ("2021-01", "2024-01"), ("2021-01-31 13:30", "2024-01-01 12:00")],
)
def test_short_forms_stay_short(example: str, written: str) -> None:
    write, _ = writer(pa.array([example]))
    assert write.texts(SECONDS)[0] == written


def test_clock_changes_move_the_distance_from_utc() -> None:
    write, _ = writer(pa.array(["2021-01-31 13:30:00+01:00"]), timezone="Europe/Vienna")
    assert write.texts(SECONDS) == ["2024-01-01 13:00:00+01:00", "2024-07-01 14:00:00+02:00"]


def test_a_fixed_distance_that_is_not_the_zones_stays() -> None:
    write, _ = writer(pa.array(["2021-01-31 13:30:00+05:30"]), timezone="Europe/Vienna")
    assert write.texts(SECONDS) == ["2024-01-01 17:30:00+05:30", "2024-07-01 17:30:00+05:30"]


@pytest.mark.parametrize(
    ("column", "data", "kind"),
    [
        (pa.array(["2021-01-31 13:30:00"]), {}, pa.timestamp("s")),
        (pa.array(["2021-01-31 13:30:00+01:00"]), {"timezone": "Europe/Vienna"}, pa.timestamp("s", tz="Europe/Vienna")),
        (pa.array(["2021-01-31 13:30:00+05:30"]), {}, pa.timestamp("s", tz="+05:30")),
        (pa.array(["2021-01-31T13:30:00Z"]), {"timezone": "Europe/Vienna"}, pa.timestamp("s", tz="UTC")),
        (pa.array([0], pa.timestamp("ms")), {}, pa.timestamp("s")),
        (pa.array([0], pa.timestamp("us", tz="UTC")), {}, pa.timestamp("s", tz="UTC")),
        (pa.array([0], pa.date32()), {}, pa.date32()),
        (pa.array(["1612099800000"]), {"time_format": "epoch_ms"}, pa.int64()),
    ],
)
def test_parquet_holds_times_on_the_datas_clock(column: Any, data: Any, kind: Any) -> None:
    write, config = writer(column, **data)
    typed = write.typed(SECONDS)
    assert typed.type == kind
    seconds = SECONDS - SECONDS % 86_400 if kind == pa.date32() else SECONDS
    back = read_times(typed, time_format=config.time_format, timezone=config.timezone, name="t")
    np.testing.assert_array_equal(back.seconds, seconds)


def test_typed_times_become_text_that_a_run_reads() -> None:
    write, _ = writer(pa.array([0], pa.timestamp("ms", tz="Europe/Vienna")), timezone="Europe/Vienna")
    assert write.texts(SECONDS)[1] == "2024-07-01 14:00:00+02:00"
    write, _ = writer(pa.array([0], pa.timestamp("ms")))
    assert write.texts(SECONDS)[1] == "2024-07-01 12:00:00"
