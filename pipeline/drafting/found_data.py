"""What a file of rows holds: its times, its series, what may be forecast, and what else is known.

found = look_at(read_table("sales.csv"), Wishes(target=("sold",)))
found.grid.grid.frequency, found.targets
"""

import dataclasses

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tapeline.schemas.errors import ConfigError, DataError
from tapeline.schemas.sections import SplitConfig
from tapeline.series.arrays import Floats, Ints
from tapeline.series.inspecting.raw_table import RawTable
from tapeline.series.inspecting.regular_steps import FoundGrid, find_grid
from tapeline.series.inspecting.series_columns import (
    Labels,
    Targets,
    constant_in,
    is_calendar,
    is_flag,
    names_series,
    series_columns,
    target_columns,
)
from tapeline.series.inspecting.time_columns import TimeColumn, by_the_clock_of, find_time
from tapeline.series.sources.problems import show_name
from tapeline.series.time_grid import TimeGrid


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the user says; None and () leave it to the data.

    `nothing_else_ahead`: what is known ahead is `known_ahead`, whatever the data look like.
    """

    time: str | None = None
    series: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    known_ahead: tuple[str, ...] = ()
    nothing_else_ahead: bool = False
    horizon: int | None = None
    split: SplitConfig | None = None
    timezone: str | None = None

    def __post_init__(self) -> None:
        if self.horizon is not None and self.horizon < 1:
            raise ConfigError(f"--horizon: got {self.horizon}, must be a number of steps, 1 or more.")


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class OneSeries:
    """The measured values of one series.

    Attributes:
        name: As `data.series_id` and `data.target` tell it apart.
        rows: Positions of its measured values in the table, int64 `[N]`.
        steps: Ordinals of its measured values, ascending, int64 `[N]`.
        values: Float64 `[N]`.
        rows_after: Rows after its last measured value.
    """

    name: str
    rows: Ints
    steps: Ints
    values: Floats
    rows_after: int


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class FoundData:
    """What was found.

    Attributes:
        table: The rows.
        time: The column of times.
        ids: Columns that name the series.
        targets: Columns to forecast, and why.
        grid: The regular times.
        series: The series that have values; a target column each, where there are several.
        empty: How many series have none.
        repeated: Rows that share series and time with an earlier one.
        disordered: Rows that stand below a later one of their series.
        ahead: Covariates that are known ahead.
        unsure: Other columns, by the part that they may play.
    """

    table: RawTable
    time: TimeColumn
    ids: tuple[str, ...]
    targets: Targets
    grid: FoundGrid
    series: tuple[OneSeries, ...]
    empty: int
    repeated: int
    disordered: int
    ahead: tuple[str, ...]
    unsure: dict[str, tuple[str, ...]]


def look_at(table: RawTable, wishes: Wishes) -> FoundData:
    """Looks at a file.

    Args:
        table: The rows.
        wishes: What the user says.

    Raises:
        ConfigError: A column that is asked for is not there.
        DataError: There are no times, no numbers, or no regular steps.
    """
    _require_columns(table, wishes)
    time = find_time(table, name=wishes.time)
    if wishes.timezone is not None:
        time = by_the_clock_of(wishes.timezone, table, time)
    ids = wishes.series or _find_ids(table, time, wishes)
    code = _codes(table, ids)
    order = np.lexsort((time.seconds, code))
    seconds, sorted_code = time.seconds[order], code[order]
    numbers = {
        name: values
        for name in table.columns
        if name not in (time.name, *ids) and (values := table.numbers(name)) is not None
    }
    targets = _targets(table, numbers, ids, wishes)
    parts = np.split(np.arange(len(order)), np.flatnonzero(np.diff(sorted_code)) + 1)
    grid = find_grid([np.unique(seconds[part]) for part in parts])
    if time.zone is not None:
        grid = dataclasses.replace(grid, grid=dataclasses.replace(grid.grid, timezone=time.zone))
    ordered = [order[part] for part in parts]
    series = [
        _series(name, rows, grid=grid.grid, seconds=time.seconds[rows], values=numbers[target][rows])
        for rows, ids_of_rows in zip(ordered, _names(table, ids, ordered), strict=True)
        for target in targets.columns
        for name in ["/".join([*ids_of_rows, *([target] if len(targets.columns) > 1 or not ids else [])])]
    ]
    measured = tuple(each for each in series if len(each.steps))
    if not measured:
        raise DataError(f"data.target: {', '.join(targets.columns)} holds no value. Name another column with --target.")
    ahead, unsure = _covariates(table, {time.name, *ids, *targets.columns}, numbers, wishes, code=code, series=series)
    return FoundData(
        table=table,
        time=time,
        ids=ids,
        targets=targets,
        grid=grid,
        series=measured,
        empty=len(series) - len(measured),
        repeated=sum(len(part) - len(np.unique(seconds[part])) for part in parts),
        disordered=sum(int((np.diff(rows) < 0).sum()) for rows in ordered),
        ahead=ahead,
        unsure=unsure,
    )


def _require_columns(table: RawTable, wishes: Wishes) -> None:
    asked = {"--series": wishes.series, "--target": wishes.target, "--known-ahead": wishes.known_ahead}
    for option, names in asked.items():
        for name in names:
            if name not in table.columns:
                known = ", ".join(map(show_name, list(table.columns)[:40]))
                raise ConfigError(f"{option}: there is no column {name!r} in {table.source!r} (columns: {known}).")


def _find_ids(table: RawTable, time: TimeColumn, wishes: Wishes) -> tuple[str, ...]:
    taken = {time.name, *wishes.target, *wishes.known_ahead}
    labels: dict[str, Labels] = {}
    for name, values in table.columns.items():
        if name in taken or (table.numbers(name) is not None and not names_series(name)):
            continue
        texts = table.texts(name)
        if not texts.null_count and not pa.types.is_floating(values.type):
            labels[name] = np.asarray(texts.to_pylist(), object)
    return series_columns(time.seconds, labels).columns


def _codes(table: RawTable, ids: tuple[str, ...]) -> Ints:
    """The number of each row's series, int64 `[N]`."""
    code = np.zeros(len(table), np.int64)
    for name in ids:
        part = pc.dictionary_encode(table.texts(name), null_encoding="encode")
        code = code * (len(part.dictionary) + 1) + part.indices.to_numpy()
        code = np.unique(code, return_inverse=True)[1].reshape(-1)
    return code


def _targets(table: RawTable, numbers: dict[str, Floats], ids: tuple[str, ...], wishes: Wishes) -> Targets:
    if not wishes.target:
        usable = {name: values for name, values in numbers.items() if name not in wishes.known_ahead}
        if not usable:
            raise DataError(
                f"data.target: no column of {table.source!r} holds numbers alone. Write numbers without thousands "
                "separators or units, and leave the field empty where a value is missing."
            )
        return target_columns(usable, single=bool(ids))
    for name in wishes.target:
        if name not in numbers:
            raise DataError(f"--target: column {name!r} does not hold numbers alone. Correct it, or name another one.")
    if ids and len(wishes.target) > 1:
        raise ConfigError(
            f"--target: {len(wishes.target)} columns, and {', '.join(ids)} names the series: only one can be forecast. "
            "Name one."
        )
    return Targets(columns=wishes.target, reason="you say so")


def _names(table: RawTable, ids: tuple[str, ...], parts: list[Ints]) -> list[tuple[str, ...]]:
    """What the columns of ids say of each series."""
    firsts = pa.array([int(part[0]) for part in parts])
    told = [table.texts(name).take(firsts).fill_null("").to_pylist() for name in ids]
    return list(zip(*told, strict=True)) if ids else [()] * len(parts)


def _series(name: str, rows: Ints, *, grid: TimeGrid, seconds: Ints, values: Floats) -> OneSeries:
    measured = np.flatnonzero(~np.isnan(values))
    last = int(measured[-1]) if len(measured) else -1
    return OneSeries(
        name=name,
        rows=rows[measured],
        steps=grid.ordinals(seconds[measured]),
        values=values[measured],
        rows_after=len(values) - 1 - last,
    )


def _covariates(
    table: RawTable,
    taken: set[str],
    numbers: dict[str, Floats],
    wishes: Wishes,
    *,
    code: Ints,
    series: list[OneSeries],
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Columns that are known ahead, and the others by the part that they may play."""
    others = [name for name in table.columns if name not in taken]
    # Rows for times to come, the target empty: what they hold is known ahead.
    to_come = all(each.rows_after for each in series)
    ahead = list(wishes.known_ahead)
    unsure: dict[str, list[str]] = {"future_covariates": [], "past_covariates": [], "static_covariates": [], "text": []}
    still = constant_in(code, ((name, numbers[name]) for name in others if name in numbers)) if code.any() else ()
    for name in others:
        if name in ahead:
            continue
        if name not in numbers:
            unsure["text"] += [name] if len(table.texts(name).unique()) > 1 else []
        elif is_calendar(name):
            continue
        elif name in still:
            unsure["static_covariates"].append(name)
        elif to_come and not wishes.nothing_else_ahead and not np.isnan(numbers[name]).any():
            ahead.append(name)
        else:
            unsure["future_covariates" if is_flag(numbers[name]) else "past_covariates"].append(name)
    return tuple(ahead), {part: tuple(names) for part, names in unsure.items() if names}
