"""The questions of `tapeline init --interactive`: what was found is the answer to begin with, and a wish is what comes out.

    for question in QUESTIONS:
        asked = question.ask(view)             # the words, the answer to begin with, and its reason
        wishes = question.answered(view, "sold")

Nothing is printed or read here.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable
from typing import Any

import pydantic

from tapeline.pipeline.drafting.decisions import Draft, decide, plan_of
from tapeline.pipeline.drafting.draft_text import yaml_text
from tapeline.pipeline.drafting.found_data import FoundData, Wishes, look_at
from tapeline.pipeline.drafting.horizons import Plan
from tapeline.schemas.config import parse_config
from tapeline.schemas.errors import ConfigError, DataError, printable
from tapeline.schemas.features import SPLITS
from tapeline.schemas.sections import SplitConfig
from tapeline.schemas.yaml_text import read_text
from tapeline.series.inspecting.raw_table import RawTable
from tapeline.series.inspecting.time_columns import find_time
from tapeline.series.sources.problems import show_name

NONE = "none"
"""The answer that names no column."""

_MOST_NAMES = 12

_LATER = ("--series", "--target", "data.target")
"""How messages about columns begin that are asked for after the times."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class View:
    """What is known while questions are asked.

    Attributes:
        table: The rows.
        wishes: What was said so far.
        found: What the data hold; None where they cannot be made out yet.
        problem: Why they cannot.
    """

    table: RawTable
    wishes: Wishes
    found: FoundData | None
    problem: str = ""

    @classmethod
    def of(cls, table: RawTable, wishes: Wishes) -> "View":
        """Looks at the data with what was said."""
        try:
            return cls(table=table, wishes=wishes, found=look_at(table, wishes))
        except (ConfigError, DataError) as error:
            return cls(table=table, wishes=wishes, found=None, problem=str(error))

    def decision(self, *keys: str) -> tuple[list[object], str]:
        """Returns what the draft has for some keys, and the reason of the first."""
        if self.found is None:
            return [], ""
        decided = [each for each in decide(self.found, self.wishes).decisions if each.key in keys]
        return [each.value for each in decided], decided[0].reason if decided else ""


@dataclasses.dataclass(frozen=True)
class Asked:
    """A question in words: what is asked, the answer to begin with ("" where there is none), and what to know."""

    words: str
    default: str
    why: str


@dataclasses.dataclass(frozen=True)
class Question:
    """A question.

    Attributes:
        ask: Puts it into words.
        answered: Returns the wishes with the answer in them; raises ConfigError where it cannot be one.
        later: How the messages begin that a later question can still correct.
        settles: Whether the answer to begin with counts as said, so that later answers leave it as it is.
    """

    ask: Callable[[View], Asked]
    answered: Callable[[View, str], Wishes]
    later: tuple[str, ...] = ()
    settles: bool = False


def answer(question: Question, view: View, text: str) -> View:
    """Takes an answer, by the rules of the command's options.

    Args:
        question: What was asked.
        view: What was known then.
        text: The answer.

    Raises:
        ConfigError: It breaks a rule.
        DataError: The data do not bear it out.
    """
    text = text.strip()
    kept = text == question.ask(view).default and not question.settles
    seen = view if kept else View.of(view.table, question.answered(view, text))
    if seen.found is not None:
        if view.found is not None:
            _require_windows(plan_of(seen.found, seen.wishes), before=plan_of(view.found, view.wishes))
        checked_text(decide(seen.found, seen.wishes))
    elif not seen.problem.startswith(question.later):
        raise ConfigError(seen.problem)
    return seen


def _require_windows(plan: Plan, *, before: Plan) -> None:
    """Makes sure that an answer does not take the last window out of a part of the data."""
    empty = [name for name, now, then in zip(SPLITS, plan.windows, before.windows, strict=True) if then and not now]
    if empty:
        raise ConfigError(
            f"split, --horizon: {' and '.join(empty)} would hold no forecast of {plan.horizon} steps. Give fewer steps to "
            "forecast, or more to each part."
        )


def checked_text(draft: Draft) -> str:
    """Returns the file of a draft, after it was read as a configuration.

    Raises:
        ConfigError: It breaks a rule.
    """
    text = yaml_text(draft)
    tree, node = read_text(text, origin=draft.name)
    parse_config(tree, origin=draft.name, node=node)
    return text


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
    Question(_ask_horizon, _answered_horizon, settles=True),
    Question(_ask_split, _answered_split),
)
"""In this order: what an answer changes is asked after it."""
