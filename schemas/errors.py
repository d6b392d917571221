"""Errors that a user can act on.

Whatever a user can fix (a configuration, a data file, an argument) raises a
subclass of `UserError`. The command line prints its message without a
traceback and ends with exit code 2. A message names the argument, shows the
value, states the rule and gives the fix: "data.time: column 'date' is not in
'sales.csv' (columns: day, y). Name the time column in data.time."
"""

from collections.abc import Sequence


class UserError(ValueError):
    """Something the user gave cannot be used; the message says how to fix it."""


class ConfigError(UserError):
    """A configuration file or a command-line argument breaks a rule."""


class DataError(UserError):
    """The data break a rule: unreadable, malformed, or refused by the data gate."""


class TrainingError(UserError):
    """Training cannot go on: a number is not finite, or a worker is gone."""


def user_error(error: BaseException | None) -> UserError | None:
    """Returns the error that a user can fix, if that is what stopped a run."""
    while error is not None:
        if isinstance(error, UserError):
            return error
        error = error.__cause__ or error.__context__
    return None


MOST_MISTAKES = 20
"""Mistakes that one message lists; it counts the rest."""


def mistakes_error(origin: str, mistakes: Sequence[str]) -> ConfigError:
    """Returns an error that lists mistakes, one a line, shortened where they are long or many.

    Args:
        origin: What they were found in: a path, an option.
        mistakes: Sentences that name the key, the value and the fix.
    """
    count = f"{len(mistakes):,} mistake{'s' if len(mistakes) > 1 else ''}"
    lines = [f"  {printable(mistake)}" for mistake in mistakes[:MOST_MISTAKES]]
    if len(mistakes) > MOST_MISTAKES:
        lines.append(f"  and {len(mistakes) - MOST_MISTAKES:,} more. Correct these first.")
    return ConfigError("\n".join([f"{printable(origin)}: {count}", *lines]))


def printable(text: str, *, most: int = 400) -> str:
    r"""Returns a text for a message: its middle left out where it is long, characters that terminals obey escaped.

    >>> printable("red: \x1b[31m"), printable("k" * 100, most=20)
    ('red: \\x1b[31m', 'kkkkkkk ... kkkkkkkk')
    """
    if len(text) > most:
        rest = most - len(" ... ")
        text = f"{text[: rest // 2]} ... {text[-(rest - rest // 2) :]}"
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
