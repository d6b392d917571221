"""Errors that a user can act on.

Whatever a user can fix (a configuration, a data file, an argument) raises a
subclass of `UserError`. The command line prints its message without a
traceback and ends with exit code 2. A message names the argument, shows the
value, states the rule and gives the fix: "data.time: column 'date' is not in
'sales.csv' (columns: day, y). Name the time column in data.time."
"""

from collections.abc import Iterator, Sequence


class UserError(ValueError):
    """Something the user gave cannot be used; the message says how to fix it."""


class ConfigError(UserError):
    """A configuration file or a command-line argument breaks a rule."""


class DataError(UserError):
    """The data break a rule: unreadable, malformed, or refused by the data gate."""


class TrainingError(UserError):
    """Training cannot go on: a number is not finite, or a worker is gone."""


class SurroundingsError(UserError):
    """The machine does not let it: no room, no permission, a damaged metadata file. Trying again may help."""


class ClusterError(RuntimeError):
    """A cluster does not answer, cannot run the job, or failed it; the message says what to look at."""


_AGAIN = "and run the same command again"
_SURROUNDINGS = {
    ("No space left on device", "Disk quota exceeded", "database or disk is full"): (
        f"no room is left on the disk{{at}}. Make room, or give a folder on another disk (--home, TMPDIR), {_AGAIN}."
    ),
    ("Read-only file system", "attempt to write a readonly database"): (
        f"nothing can be written{{at}}: it is read-only. Give a folder that can be written to (--home, TMPDIR), {_AGAIN}."
    ),
    ("Permission denied", "unable to open database file"): (
        f"no permission to read or write{{at}}. Correct the permissions, or give another folder (--home), {_AGAIN}."
    ),
    ("No usable temporary directory",): (
        f"no folder for temporary files. Make /tmp, or set TMPDIR to a folder that can be written to, {_AGAIN}."
    ),
    ("surrogates not allowed", "isn't valid UTF-8"): (
        "a file or folder has a name that is no UTF-8, which Arrow, TensorFlow and ML Metadata do not take. Rename it, "
        f"{_AGAIN}."
    ),
    ("file is not a database", "database disk image is malformed", "disk I/O error"): (
        "ML Metadata's file cannot be read: metadata.db in the folder of the runs is damaged. Put back a copy of it, or "
        f"move it away (then every component runs anew), {_AGAIN}."
    ),
}
"""Sentences by the words of the system and of SQLite. TensorFlow, Beam and ML Metadata pass on nothing but words."""


def user_error(error: BaseException | None) -> UserError | None:
    """Returns the error that a user can fix, if that is what stopped a run."""
    for each in _chain(error):
        if isinstance(each, UserError):
            return each
    return surroundings_error(error)


def surroundings_error(error: BaseException | None) -> SurroundingsError | None:
    """Returns in one sentence what the machine did not let, if that is what stopped a command."""
    for each in _chain(error):
        for words, sentence in _SURROUNDINGS.items():
            if any(word in str(each) for word in words):
                at = each.filename if isinstance(each, OSError) and each.filename else None
                return SurroundingsError(sentence.format(at=f" at {at!r}" if at else ""))
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Gives an error, what caused it, what caused that, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


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
    return escaped(text)


def escaped(text: str) -> str:
    """Returns a text in full, with what a terminal obeys, or does not show, escaped."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
