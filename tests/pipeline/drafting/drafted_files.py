"""Twenty files as people have them: minutes to quarters, wide and long, with every habit of spreadsheets.

    FILES["quarters.csv"](folder / "quarters.csv")

Each writer takes the path that it writes to. What a file is like stands in its docstring.
"""

import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tests.pipeline.drafting.drafted import seasonal

Writer = Callable[[pathlib.Path], None]

FILES: dict[str, Writer] = {}
"""Writers by the name of their file."""


def _named(name: str) -> Callable[[Writer], Writer]:
    def add(writer: Writer) -> Writer:
        FILES[name] = writer
        return writer

    return add


def _times(start: str, rows: int, frequency: str) -> pd.DatetimeIndex:
    return pd.date_range(start, periods=rows, freq=frequency)


def _long(series: dict[str, tuple[str, int]], frequency: str, season: int) -> pd.DataFrame:
    """Series one below the other: name to first time and number of rows."""
    parts = []
    for at, (name, (start, rows)) in enumerate(series.items()):
        times = _times(start, rows, frequency)
        parts.append(pd.DataFrame({"date": times, "name": name, "sales": seasonal(times, season, seed=at)}))
    return pd.concat(parts, ignore_index=True)


def _walk(rows: int, *, seed: int) -> Any:
    return (100 + np.random.default_rng(seed).normal(size=rows).cumsum()).round(2)


@_named("minutes.csv")
def minutes(path: pathlib.Path) -> None:
    """One sensor, a value a minute."""
    times = _times("2024-03-01", 2000, "1min")
    pd.DataFrame({"timestamp": times, "temperature": seasonal(times, 60)}).to_csv(path, index=False)


@_named("five_minutes.csv")
def five_minutes(path: pathlib.Path) -> None:
    """Times with their distance from UTC."""
    times = _times("2024-03-01", 1800, "5min").tz_localize("Asia/Tokyo")
    texts = [time.isoformat() for time in times]
    pd.DataFrame({"time": texts, "flow": seasonal(times, 288)}).to_csv(path, index=False)


@_named("quarter_hours.csv")
def quarter_hours(path: pathlib.Path) -> None:
    """A German export: a byte order mark, semicolons, decimal commas, the day first."""
    times = _times("2024-03-01", 1700, "15min")
    frame = pd.DataFrame({"Zeit": times.strftime("%d.%m.%Y %H:%M"), "Leistung": seasonal(times, 96)})
    frame.to_csv(path, index=False, sep=";", decimal=",", encoding="utf-8-sig")


@_named("half_hours.parquet")
def half_hours(path: pathlib.Path) -> None:
    """Parquet, with the temperature beside the demand."""
    times = _times("2024-03-01", 1500, "30min")
    columns = {"Time": times, "Demand": seasonal(times, 48), "Temperature": seasonal(times, 48, level=20.0, seed=1)}
    pd.DataFrame(columns).to_parquet(path)


@_named("hours_long.csv")
def hours_long(path: pathlib.Path) -> None:
    """Three meters one below the other."""
    meters = {f"meter-{at}": ("2024-03-01", 800) for at in range(3)}
    _long(meters, "1h", 24).rename(columns={"name": "meter", "sales": "kWh"}).to_csv(path, index=False)


@_named("hours_epoch.csv")
def hours_epoch(path: pathlib.Path) -> None:
    """Milliseconds since 1970."""
    times = _times("2024-03-01", 1000, "1h")
    pd.DataFrame({"ts": times.asi8 // 10**6, "load": seasonal(times, 24)}).to_csv(path, index=False)


@_named("six_hours.csv.gz")
def six_hours(path: pathlib.Path) -> None:
    """Compressed, four values a day."""
    times = _times("2023-01-01", 900, "6h")
    pd.DataFrame({"datetime": times, "pressure": seasonal(times, 4, level=1000.0)}).to_csv(path, index=False)


@_named("days_day_first.csv")
def days_day_first(path: pathlib.Path) -> None:
    """The day first, two digits of a year, whole numbers."""
    times = _times("2022-01-01", 500, "D")
    values = seasonal(times, 7, level=2000.0).round().astype(int)
    pd.DataFrame({"date": times.strftime("%d/%m/%y"), "visits": values}).to_csv(path, index=False)


@_named("days_month_first.csv")
def days_month_first(path: pathlib.Path) -> None:
    """The month first."""
    times = _times("2022-01-01", 500, "D")
    pd.DataFrame({"Date": times.strftime("%m/%d/%Y"), "Orders": seasonal(times, 7)}).to_csv(path, index=False)


@_named("days_panel_ends.csv")
def days_panel_ends(path: pathlib.Path) -> None:
    """Shops that open and close at different times."""
    shops = {"north": ("2021-01-01", 700), "south": ("2021-06-01", 300), "east": ("2021-03-01", 400)}
    _long(shops, "D", 7).rename(columns={"name": "shop"}).to_csv(path, index=False)


@_named("days_wide_ends.csv")
def days_wide_ends(path: pathlib.Path) -> None:
    """A column a product; two were given up."""
    times = _times("2021-01-01", 600, "D")
    frame = pd.DataFrame({"day": times, **{f"item_{at}": seasonal(times, 7, seed=at) for at in (1, 2, 3)}})
    frame.loc[300:, "item_2"] = np.nan
    frame.loc[450:, "item_3"] = np.nan
    frame.to_csv(path, index=False)


@_named("business_days.csv")
def business_days(path: pathlib.Path) -> None:
    """Closing prices of two shares, on business days, in sizes that differ."""
    times = _times("2020-01-01", 700, "B")
    frame = pd.DataFrame({"Date": times, "ACME": _walk(700, seed=1), "Globex": 40 * _walk(700, seed=2)})
    frame.to_csv(path, index=False)


@_named("days_holes.csv")
def days_holes(path: pathlib.Path) -> None:
    """Rows that are missing, empty fields, and a sensor that stood still."""
    times = _times("2021-01-01", 700, "D")
    frame = pd.DataFrame({"date": times, "level": seasonal(times, 7)})
    frame.loc[100:104, "level"] = np.nan
    frame.loc[200:206, "level"] = frame["level"].to_numpy()[200]
    frame.drop(index=range(300, 312)).to_csv(path, index=False)


@_named("days_rare.csv")
def days_rare(path: pathlib.Path) -> None:
    """Parts that are seldom asked for: mostly zeros."""
    times = _times("2021-01-01", 700, "D")
    rng = np.random.default_rng(4)
    demand = np.where(rng.random(700) < 0.3, rng.integers(1, 9, 700), 0)
    pd.DataFrame({"date": times, "demand": demand}).to_csv(path, index=False)


@_named("weeks_tabs.csv")
def weeks(path: pathlib.Path) -> None:
    """Tabs; a promotion and a price beside what was sold."""
    times = _times("2017-01-07", 300, "W-SAT")
    promo = (np.arange(300) % 9 == 0).astype(int)
    sold = (seasonal(times, 52) + 20 * promo).round(2)
    price = (9.9 + 0.5 * np.sin(np.arange(300) / 20)).round(2)
    frame = pd.DataFrame({"week": times, "sold": sold, "promotion": promo, "price": price})
    frame.to_csv(path, index=False, sep="\t")


@_named("weeks_two_names.csv")
def weeks_two_names(path: pathlib.Path) -> None:
    """Two columns name a series together."""
    parts = [
        _long({"": ("2018-01-01", 220)}, "W-MON", 52).assign(region=region, product=product, name=None)
        for region in ("A", "B")
        for product in (1, 2)
    ]
    pd.concat(parts).drop(columns="name").to_csv(path, index=False)


@_named("months_wide.csv")
def months_wide(path: pathlib.Path) -> None:
    """Fuels in columns, semicolons and decimal commas, a byte order mark, sizes that differ."""
    times = _times("1990-01-01", 300, "MS")
    fuels = {name: seasonal(times, 12, level=level) for name, level in (("Gas", 10.0), ("Diesel", 900.0))}
    frame = pd.DataFrame({"Fecha": times.strftime("%d/%m/%Y"), **fuels})
    frame.to_csv(path, index=False, sep=";", decimal=",", encoding="utf-8-sig")


@_named("months_named.csv")
def months_named(path: pathlib.Path) -> None:
    """Months by their names."""
    times = _times("2000-01-01", 200, "MS")
    pd.DataFrame({"month": times.strftime("%b %Y"), "passengers": seasonal(times, 12)}).to_csv(path, index=False)


@_named("quarters.csv")
def quarters(path: pathlib.Path) -> None:
    """One value a quarter, on its first day."""
    times = _times("1980-01-01", 150, "QS")
    pd.DataFrame({"date": times, "gdp": seasonal(times, 4)}).to_csv(path, index=False)


@_named("quarters_panel.csv")
def quarters_panel(path: pathlib.Path) -> None:
    """Quarters of companies, some of which are no more."""
    companies = {"a": ("1990-01-01", 120), "b": ("1990-01-01", 70), "c": ("1995-01-01", 100), "d": ("2000-01-01", 80)}
    _long(companies, "QS", 4).rename(columns={"name": "company"}).to_csv(path, index=False)
