"""The command line: `tapeline run | gate | report | forecast | serve | ...`; `tapeline --help` lists them.

Nothing beyond Typer and the standard library is imported before a command
needs it, so that `tapeline --help` answers at once.
"""

import contextlib
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import NoReturn

from tapeline.cli.command_line import Answer, read_words
from tapeline.cli.exit_codes import EXIT_BAD_INPUT, EXIT_FAILED
from tapeline.cli.leaving import leave
from tapeline.cli.signals import exit_code, interrupting, interruption
from tapeline.cli.terminal import say
from tapeline.pipeline.environment import prepare_environment


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: What follows `tapeline`; None takes the process's own.

    Returns:
        The exit code, one of `exit_codes`.
    """
    call = read_words(sys.argv[1:] if arguments is None else arguments)
    if isinstance(call, Answer):
        if call.problem:
            say(call.problem, style=_BAD, to_stderr=True)
        return call.exit_code
    prepare_environment(serving=call.command == "serve")
    try:
        with interrupting():
            # TensorFlow, Beam and TFX need it, far in and each with words of its own.
            tempfile.gettempdir()
            return call.run()
    except (Exception, KeyboardInterrupt) as error:
        return _stopped(call.command, error)


_BAD = "red"
"""The colour of what went wrong."""


def _stopped(command: str, error: BaseException) -> int:
    """Says what stopped a command; returns the exit code."""
    from tapeline.schemas.errors import ClusterError, UserError, surroundings_error

    interrupted = interruption(error)
    if interrupted is not None:
        # Nobody may be left to read it: SIGHUP says that the terminal is gone.
        with contextlib.suppress(OSError):
            say(f"tapeline {command}: interrupted. Run the same command to continue.", to_stderr=True)
        return exit_code(interrupted)
    refusal = error if isinstance(error, UserError) else surroundings_error(error)
    if refusal is not None:
        say(f"tapeline {command}: {refusal}", style=_BAD, to_stderr=True)
        return EXIT_BAD_INPUT
    if isinstance(error, ClusterError):
        say(f"tapeline {command}: {error}", style=_BAD, to_stderr=True)
        return EXIT_FAILED
    # Python's own exit code for this is 1, which here means that a gate refused the model.
    traceback.print_exception(error)
    say(f"tapeline {command}: this is a fault of Tapeline, not of your data.", style=_BAD, to_stderr=True)
    return EXIT_FAILED


def entry() -> NoReturn:
    """Runs a command and ends the process: what the shell starts."""
    leave(main())


if __name__ == "__main__":
    entry()
