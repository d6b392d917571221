"""Which columns name the series of a file, and what the others may be.

>>> times, shop = np.array([0, 0, 1, 1]), np.array(["a", "b", "a", "b"])
>>> series_columns(times, {"shop": shop}).columns
('shop',)
"""

import dataclasses
import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tapeline.series.arrays import Floats, Ints

Labels = npt.NDArray[Any]

_MOST_JOINED = 3
_MOST_CANDIDATES = 8

_ID_WORDS = frozenset(
    [
        "id",
        "key",
        "code",
        "store",
        "shop",
        "item",
        "sku",
        "product",
        "series",
        "region",
        "site",
        "station",
        "sensor",
        "customer",
        "country",
        "city",
        "category",
        "group",
        "name",
        "symbol",
        "ticker",
        "asset",
        "meter",
        "zone",
        "line",
        "branch",
        "dept",
        "department",
        "nr",
        "no",
    ]
)

_TARGET_WORDS = (
    *("y", "target", "value", "values", "sales", "sold", "demand", "load", "consumption", "turnover", "revenue"),
    *("quantity", "qty", "users", "visits", "visitors", "passengers", "orders", "units", "count", "cnt", "amount"),
    *("traffic", "power", "energy", "close", "price", "total"),
)
"""Words in the names of what people forecast, the likeliest first."""

_CALENDAR_WORDS = frozenset(
    [
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "quarter",
        "week",
        "weekday",
        "dayofweek",
        "dow",
        "weekofyear",
        "dayofyear",
        "weekend",
    ]
)
"""Numbers that the calendar gives: features.calendar computes them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeriesColumns:
    """The columns that name the series.

    Attributes:
        columns: Their names; empty where the file holds one series.
        repeated: Rows that still share series and time with an earlier one.
    """

    columns: tuple[str, ...]
    repeated: int


def series_columns(times: Ints, labels: Mapping[str, Labels]) -> SeriesColumns:
    """Returns the fewest columns that, with the time, name each row once; of several choices the one of fewest series.

    Args:
        times: Epoch seconds `[N]`.
        labels: Columns that may name a series, `[N]` each, text or whole numbers.
    """
    if not _repeated(times, []):
        return SeriesColumns(columns=(), repeated=0)
    codes = {name: np.asarray(pd.factorize(pd.Index(values))[0], np.int64) for name, values in labels.items()}
    # A column that tells every row apart names rows, not series.
    sizes = {name: int(code.max()) + 1 for name, code in codes.items()}
    likely = sorted((name for name in codes if 1 < sizes[name] <= len(times) // 2), key=lambda name: sizes[name])
    likely = likely[:_MOST_CANDIDATES]
    best = SeriesColumns(columns=(), repeated=_repeated(times, []))
    for joined in range(1, _MOST_JOINED + 1):
        tried = [
            SeriesColumns(columns=columns, repeated=_repeated(times, [codes[name] for name in columns]))
            for columns in itertools.combinations(likely, joined)
        ]
        whole = [each for each in tried if not each.repeated]
        if whole:
            return min(whole, key=lambda each: _groups([codes[name] for name in each.columns]))
        best = min([best, *tried], key=lambda each: each.repeated)
    return best


def _repeated(times: Ints, codes: list[Ints]) -> int:
    frame = pd.DataFrame({str(at): values for at, values in enumerate([times, *codes])})
    return int(frame.duplicated().sum())


def _groups(codes: list[Ints]) -> int:
    return len(pd.DataFrame(dict(enumerate(codes))).drop_duplicates())


def words_of(name: str) -> set[str]:
    """Returns the words of a column's name, in lower case.

    >>> sorted(words_of("Unit_price2")), sorted(words_of("storeId"))
    (['price', 'unit'], ['id', 'store'])
    """
    parts = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return {word.lower() for word in re.split(r"[^A-Za-z]+", parts) if word}


def names_series(name: str) -> bool:
    """Whether a column of whole numbers has a name that things are told apart by."""
    return bool(words_of(name) & _ID_WORDS)


def is_calendar(name: str) -> bool:
    """Whether a column of numbers has the name of something that the calendar gives."""
    lowered = re.sub("[^a-z]", "", name.lower())
    return lowered in _CALENDAR_WORDS


def is_flag(values: Floats) -> bool:
    """Whether a column holds 0 and 1 alone: a holiday, a promotion."""
    return bool(np.isin(values[~np.isnan(values)], (0.0, 1.0)).all())


@dataclasses.dataclass(frozen=True, kw_only=True)
class Targets:
    """The columns to forecast, and why."""

    columns: tuple[str, ...]
    reason: str


def target_columns(numbers: Mapping[str, Floats], *, single: bool) -> Targets:
    """Returns the columns to forecast.

    Args:
        numbers: The columns of numbers that are neither time nor series, in the file's order.
        single: Whether only one column can be the target, because another column names the series.
    """
    names = [name for name, values in numbers.items() if not is_calendar(name) and not is_flag(values)]
    names = names or list(numbers)
    if len(names) <= 1:
        return Targets(columns=tuple(names), reason="the only column of numbers")
    if not single and len(set(map(_stem, names))) == 1:
        return Targets(columns=tuple(names), reason="columns that are numbered alike, a series each")
    for word in _TARGET_WORDS:
        named = [name for name in names if word in words_of(name)]
        if len(named) == 1:
            return Targets(columns=(named[0],), reason="by its name; the others are listed under features")
    if single:
        return Targets(columns=(names[0],), reason="the first column of numbers; name another one with --target")
    return Targets(columns=tuple(names), reason="all columns of numbers, a series each; --target names fewer")


def _stem(name: str) -> str:
    return re.sub(r"[^A-Za-z]+$", "", name) or name


def constant_in(series: Ints, columns: Iterable[tuple[str, Labels]]) -> tuple[str, ...]:
    """Returns the columns that hold one value in each series.

    Args:
        series: Number of each row's series, int64 `[N]`.
        columns: Names and values `[N]`.
    """
    found = []
    for name, values in columns:
        frame = pd.DataFrame({"series": series, "value": values}).drop_duplicates()
        if len(frame) == frame["series"].nunique():
            found.append(name)
    return tuple(found)
