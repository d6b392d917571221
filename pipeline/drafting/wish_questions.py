"""The questions of `tapeline init --interactive`: what was found is the answer to begin with, and a wish is what comes out.

for question in QUESTIONS:
    if question.matters(view):
        view = answer(question, view, ...)      # `interview` tells the rest
"""

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

import pydantic

from tapeline.pipeline.drafting.found_data import Wishes
from tapeline.pipeline.drafting.interview import Asked, Question, View
from tapeline.schemas.errors import ConfigError, DataError, printable
from tapeline.schemas.features import SPLITS
from tapeline.schemas.frequency import DAY_SECONDS
from tapeline.schemas.sections import SplitConfig
from tapeline.series.inspecting.time_columns import find_time
from tapeline.series.sources.problems import show_name

NONE = "none"
"""The answer that names no column, and no zone."""

_MOST_NAMES = 12

_LATER = ("--series", "--target", "data.target")
"""How messages about columns begin that are asked for after the times."""


def _ask_time(view: View) -> Asked:
    words = "Which column holds the times?"
    if view.found is not None:
        return Asked(words, view.found.time.name, view.found.time.reason)
    try:
        found = find_time(view.table, name=view.wishes.time)
    except DataError:
        return Asked(words, "", f"columns: {_list(view.table.columns)}")
    return Asked(words, found.name, found.reason)


def _ask_series(view: View) -> Asked:
    words = "Which columns name the series?"
    if view.found is None:
        return Asked(words, "", f"several with commas, or {NONE}; columns: {_list(view.table.columns)}")
    _, reason = view.decision("data.series_id")
    return Asked(words, ", ".join(view.found.ids) or NONE, reason or "every time is there once, so one row is one time")


def _ask_target(view: View) -> Asked:
    words = "What shall be forecast?"
    if view.found is None:
        return Asked(
            words,
            "",
            f"columns of numbers: {_list(name for name in view.table.columns if view.table.numbers(name) is not None)}",
        )
    targets = view.found.targets
    known = len(targets.columns) <= _MOST_NAMES
    default = ", ".join(targets.columns) if known else f"all {len(targets.columns)} from {targets.columns[0]} on"
    return Asked(words, default, targets.reason)


def _ask_known_ahead(view: View) -> Asked:
    words = "What is known for times to come (holidays, prices, a weather forecast)?"
    if view.found is None:
        return Asked(words, NONE, "")
    found = view.found
    others = [name for role, names in found.unsure.items() if role != "static_covariates" for name in names]
    may_be = f"may be: {_list(others)}" if others else "no column is left that could be"
    _, reason = view.decision("features.future_covariates")
    return Asked(words, ", ".join(found.ahead) or NONE, "; ".join(filter(None, [reason, may_be])))


def _zone_matters(view: View) -> bool:
    """Whether times are wall-clock times of an unknown place: days are days everywhere."""
    if view.found is None or view.found.time.zoned:
        return False
    step = view.found.grid.grid.step_seconds
    return step is not None and step < DAY_SECONDS


def _ask_zone(view: View) -> Asked:
    why = (
        "the times say none, so they are read as UTC; a zone such as Europe/Madrid gives the calendar its days, and must "
        "fit the hours that clock changes skip and repeat"
    )
    return Asked("Which time zone are the times of?", NONE, why)


def _ask_horizon(view: View) -> Asked:
    values, reason = view.decision("window.horizon")
    frequency = view.found.grid.grid.frequency if view.found is not None else ""
    return Asked("How many steps shall be forecast?", str(values[0]) if values else "", f"{reason}: {frequency}")


def _ask_split(view: View) -> Asked:
    words = "How is time cut into train, eval and test?"
    values, reason = view.decision(*(f"split.{name}" for name in SplitConfig.model_fields))
    shown = [f"{100 * each:g}" if isinstance(each, float) else str(each) for each in values]
    forms = "shares 70/15/15, last steps of each series 96/48, or first times of eval and test 2020-01-01/2021-01-01"
    return Asked(words, " / ".join(shown), f"{reason}; {forms}")


def _list(names: Iterable[str]) -> str:
    every = list(map(show_name, names))
    return ", ".join(every[:_MOST_NAMES]) + (
        f", and {len(every) - _MOST_NAMES} more" if len(every) > _MOST_NAMES else ""
    )


def _columns(view: View, text: str) -> tuple[str, ...]:
    """The columns that an answer names."""
    if text == NONE and NONE not in view.table.columns:
        return ()
    return (text,) if text in view.table.columns else tuple(filter(None, map(str.strip, text.split(","))))


def _answered_series(view: View, text: str) -> Wishes:
    names = _columns(view, text)
    if not names and view.found is not None and view.found.ids:
        raise ConfigError("--series: times are there more than once, so a column must tell the series apart. Name it.")
    return dataclasses.replace(view.wishes, series=names)


def _answered_target(view: View, text: str) -> Wishes:
    names = _columns(view, text)
    if view.found is not None and text == _ask_target(view).default:
        names = view.found.targets.columns
    if not names:
        raise ConfigError("--target: something must be forecast. Name one column, or several with commas.")
    return dataclasses.replace(view.wishes, target=names)


def _answered_known_ahead(view: View, text: str) -> Wishes:
    return dataclasses.replace(view.wishes, known_ahead=_columns(view, text), nothing_else_ahead=True)


def _answered_zone(view: View, text: str) -> Wishes:
    return dataclasses.replace(view.wishes, timezone=None if text == NONE else text)


def _answered_horizon(view: View, text: str) -> Wishes:
    if not re.fullmatch(r"[0-9]+", text):
        raise ConfigError(f"--horizon: got {printable(text)}, must be a number of steps, 1 or more.")
    return dataclasses.replace(view.wishes, horizon=int(text))


def _answered_split(view: View, text: str) -> Wishes:
    return dataclasses.replace(view.wishes, split=read_split(text))


def read_split(text: str) -> SplitConfig:
    """Reads how time is cut.

    >>> read_split("60/20/20").train, read_split("96/48").test_steps, read_split("2020-01-01/2021-01-01").eval_start
    (0.6, 48, '2020-01-01')

    Raises:
        ConfigError: It is none of the three forms, or breaks a rule of the section `split`.
    """
    parts = [part.strip().rstrip("%").strip() for part in text.split("/")]
    given: dict[str, Any]
    if len(parts) == 3 and all(re.fullmatch(r"[0-9]+(\.[0-9]+)?", part) for part in parts):
        given = {name: float(part) / 100 for name, part in zip(SPLITS, parts, strict=True)}
    elif len(parts) == 2 and all(re.fullmatch(r"[0-9]+", part) for part in parts):
        given = {"eval_steps": int(parts[0]), "test_steps": int(parts[1])}
    elif len(parts) == 2:
        given = {"eval_start": parts[0], "test_start": parts[1]}
    else:
        raise ConfigError(
            f"split: got {printable(text)}, must be three shares in percent (70/15/15), two numbers of steps counted back "
            "from each series' end (96/48), or the first times of eval and test (2020-01-01/2021-01-01)."
        )
    total = sum(value for value in given.values() if isinstance(value, float))
    if len(given) == 3 and abs(total - 1.0) > 1e-6:
        raise ConfigError(
            f"split: got {printable(text)}, which is {100 * total:g} in all, must be 100: correct the shares."
        )
    try:
        return SplitConfig(**given)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("split", *first["loc"])))
        raise ConfigError(f"{where}: got {printable(text)}: {first['msg']}.") from error


QUESTIONS = (
    Question(_ask_time, lambda view, text: dataclasses.replace(view.wishes, time=text), ("data.frequency", *_LATER)),
    Question(_ask_series, _answered_series, _LATER[1:]),
    Question(_ask_target, _answered_target, settles=True),
    Question(_ask_known_ahead, _answered_known_ahead),
    Question(_ask_zone, _answered_zone, matters=_zone_matters),
    Question(_ask_horizon, _answered_horizon, settles=True),
    Question(_ask_split, _answered_split),
)
"""In this order: what an answer changes is asked after it."""
