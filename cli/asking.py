"""Asks at a terminal: the questions of `tapeline init --interactive`, each again until its answer holds."""

import sys
from typing import TYPE_CHECKING

from tapeline.cli.terminal import say
from tapeline.schemas.errors import ConfigError, UserError, escaped

if TYPE_CHECKING:
    from tapeline.pipeline.drafting.found_data import Wishes
    from tapeline.series.inspecting.raw_table import RawTable


def require_terminal(*, quiet: bool) -> None:
    """Makes sure that somebody can see questions and answer them.

    Raises:
        ConfigError: Nobody can.
    """
    if quiet:
        raise ConfigError("--interactive: asks, and --quiet prints the result alone. Give one of them.")
    if not sys.stdin.isatty():
        raise ConfigError(
            "--interactive: standard input is no terminal, so nobody can answer. Leave it out, and say what you know with "
            "--time, --series, --target, --known-ahead and --horizon."
        )


def ask_wishes(table: "RawTable", wishes: "Wishes") -> "Wishes":
    """Returns what the user says to each question.

    Args:
        table: The rows.
        wishes: What the command line said already: answers to begin with.

    Raises:
        ConfigError: The input ends before the last answer.
    """
    from tapeline.pipeline.drafting.interview import View, answer
    from tapeline.pipeline.drafting.wish_questions import QUESTIONS

    say("Enter takes what stands in brackets; Ctrl-C ends, and writes nothing.")
    view = View.of(table, wishes)
    if view.problem:
        say(escaped(view.problem), style=_PROBLEM)
    for question in QUESTIONS:
        while question.matters(view):
            asked = question.ask(view)
            text = _read(asked.words, asked.default, asked.why)
            try:
                view = answer(question, view, text)
            except UserError as error:
                say(escaped(f"  {error}"), style=_PROBLEM)
            else:
                break
    say("")
    return view.wishes


_PROBLEM = "red"


def _read(words: str, default: str, why: str) -> str:
    """One answer; Enter alone is the answer to begin with."""
    from rich.prompt import Prompt
    from rich.text import Text

    say(f"\n{words}", style="bold")
    say(escaped(f"  {why}"), style="dim")
    # Where there is nothing to begin with, Enter alone is refused as any other wrong answer.
    shown = Text(f"  [{escaped(default)}]" if default else " ")
    try:
        text: str = Prompt.ask(shown, default=default, show_default=False)
    except EOFError as error:
        raise ConfigError("--interactive: the input ended before the last answer. Nothing was written.") from error
    return text
