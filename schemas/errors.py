"""Errors that a user can act on.

Whatever a user can fix (a configuration, a data file, an argument) raises a
subclass of `UserError`. The command line prints its message without a
traceback and ends with exit code 2. A message names the argument, shows the
value, states the rule and gives the fix: "data.time: column 'date' is not in
'sales.csv' (columns: day, y). Name the time column in data.time."
"""


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
