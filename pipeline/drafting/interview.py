"""What is known while questions are asked, what a question is, and what becomes of an answer.

    asked = question.ask(view)                 # the words, the answer to begin with, and its reason
    view = answer(question, view, "sold")      # what is known then

Nothing is printed or read here. The questions are in `wish_questions`.
"""

import dataclasses
from collections.abc import Callable

from tapeline.pipeline.drafting.decisions import Draft, decide, plan_of
from tapeline.pipeline.drafting.draft_text import yaml_text
from tapeline.pipeline.drafting.found_data import FoundData, Wishes, look_at
from tapeline.pipeline.drafting.horizons import Plan
from tapeline.schemas.config import parse_config
from tapeline.schemas.errors import ConfigError, DataError
from tapeline.schemas.features import SPLITS
from tapeline.schemas.yaml_text import read_text
from tapeline.series.inspecting.raw_table import RawTable


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
        matters: Whether it is worth asking.
    """

    ask: Callable[[View], Asked]
    answered: Callable[[View, str], Wishes]
    later: tuple[str, ...] = ()
    settles: bool = False
    matters: Callable[[View], bool] = lambda view: True


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
