"""Made-up electricity load of many places: any number of series and rows, the same for the same seed.

    python -m benchmarks.load_panels --rows 1000000 --series 100 load.parquet
    python -m benchmarks.load_panels --rows 1000000 --series 5001 --shape skewed load.parquet

A place has a level, a slow trend, a daily and a weekly season with a shape of
its own, less load on holidays, more when it is cold or hot, noise that lasts
some hours, and gaps: runs of steps that are left out, and values that are
missing. Rows are written series after series, a bounded number at a time.
All places are equally long (`even`), or the first has half of all rows and the
others begin here and there in its time (`skewed`).
"""

import argparse
import pathlib
from collections.abc import Iterator
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

FIRST_HOUR = np.datetime64("2015-01-01T00", "h")
HOURS_A_YEAR = 8766

Shape = Literal["even", "skewed"]
"""How rows are divided among series."""

_STEPS_A_TABLE = 500_000
_HOLIDAYS_A_YEAR = 11
_LOST_RUNS = 1 / 4000
"""Chance that a run of steps without rows begins at a step."""
_LONGEST_RUN = 18
_LOST_VALUES = 1 / 500


def tables(*, rows: int, series: int, seed: int = 1, shape: Shape = "even") -> Iterator[pa.Table]:
    """Yields the rows of whole series, or of pieces of long ones.

    Args:
        rows: Rows to make; some steps more are made, for the gaps.
        series: Series that they are divided among.
        seed: Decides every number.
        shape: How they are divided.

    Yields:
        Columns `unique_id`, `ds`, `y`, `temperature`, `holiday`.
    """
    waiting: list[pa.Table] = []
    for at, (first, end) in enumerate(_spans(rows, series, shape)):
        for begin in range(first, end, _STEPS_A_TABLE):
            waiting.append(_piece(at, begin, min(begin + _STEPS_A_TABLE, end), seed))
        if sum(len(table) for table in waiting) >= _STEPS_A_TABLE:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _spans(rows: int, series: int, shape: Shape) -> Iterator[tuple[int, int]]:
    """Yields the first hour of each series, and the one after its last."""
    # A run of 1 to 18 steps is 9.5 steps long on average.
    steps = rows / (1 - _LOST_RUNS * (_LONGEST_RUN + 1) / 2)
    if shape == "even":
        yield from ((0, round(steps / series)) for _ in range(series))
        return
    long, short = round(steps / 2), round(steps / 2 / (series - 1))
    yield 0, long
    for at in range(series - 1):
        first = (long - short) * at // max(series - 2, 1)
        yield first, first + short


def _piece(series: int, begin: int, end: int, seed: int) -> pa.Table:
    place = np.random.default_rng([seed, series])
    level, daily, weekly, cold, hot = place.lognormal([6.0, -1.5, -2.5, -4.0, -4.5], [0.8, 0.3, 0.3, 0.3, 0.5])
    peak, trend, warmth = place.uniform([16, -0.02, 5], [20, 0.05, 20])
    rng = np.random.default_rng([seed, series, begin])
    hour = np.arange(begin, end)
    year, day = hour / HOURS_A_YEAR, (hour // 24)
    temperature = (
        warmth
        - 10 * np.cos(2 * np.pi * (year - 0.06))
        - 3 * np.cos(2 * np.pi * (hour % 24 - 3) / 24)
        + 2 * _lasting(rng, len(hour))
    )
    # Holidays are the same days for all.
    of_year = np.random.default_rng(seed).choice(365, _HOLIDAYS_A_YEAR, replace=False)
    holiday = np.isin(day % 365, of_year)
    turn = 2 * np.pi * (hour % 24 - peak) / 24
    shape = (
        1
        + daily * (np.cos(turn) + 0.3 * np.cos(2 * turn))
        - weekly * ((day + 3) % 7 >= 5)
        - 0.8 * weekly * holiday
        + cold * np.maximum(15 - temperature, 0)
        + hot * np.maximum(temperature - 22, 0)
        + 0.02 * _lasting(rng, len(hour))
    )
    load = level * shape * (1 + trend * year)
    load[rng.random(len(hour)) < _LOST_VALUES] = np.nan
    begins = np.flatnonzero(rng.random(len(hour)) < _LOST_RUNS)
    lost = begins[:, None] + np.arange(_LONGEST_RUN)
    lost = lost[np.arange(_LONGEST_RUN) < rng.integers(1, _LONGEST_RUN + 1, len(begins))[:, None]]
    kept = np.setdiff1d(np.arange(len(hour)), lost)
    return pa.table(
        {
            "unique_id": pa.array([f"place-{series:06d}"] * len(kept)),
            "ds": pa.array((FIRST_HOUR + hour[kept]).astype("datetime64[s]").astype("datetime64[us]")),
            "y": pa.array(load[kept].round(2), from_pandas=True),
            "temperature": pa.array(temperature[kept].round(1)),
            "holiday": pa.array(holiday[kept].astype(np.int8)),
        }
    )


def _lasting(rng: np.random.Generator, size: int) -> npt.NDArray[Any]:
    """Noise of variance about 1 that is forgotten over a day: white noise under a window of 24 hours."""
    white = rng.normal(size=size + 23)
    return np.convolve(white, np.full(24, 24**-0.5), mode="valid")


def write(path: pathlib.Path, *, rows: int, series: int, seed: int = 1, shape: Shape = "even") -> int:
    """Writes a panel as CSV or Parquet, as the file's name says, and returns its rows."""
    written = 0
    writer: pa.parquet.ParquetWriter | pa.csv.CSVWriter | None = None
    for table in tables(rows=rows, series=series, seed=seed, shape=shape):
        if writer is None:
            kind = pa.parquet.ParquetWriter if path.suffix == ".parquet" else pa.csv.CSVWriter
            writer = kind(str(path), table.schema)
        writer.write_table(table)
        written += len(table)
    if writer is not None:
        writer.close()
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes made-up load of many places.")
    parser.add_argument("path", type=pathlib.Path, help="file to write: .parquet or .csv")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--series", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shape", choices=get_args(Shape), default="even")
    chosen = parser.parse_args()
    rows = write(chosen.path, rows=chosen.rows, series=chosen.series, seed=chosen.seed, shape=chosen.shape)
    print(f"{rows:,} rows of {chosen.series:,} series in {chosen.path}")


if __name__ == "__main__":
    main()
