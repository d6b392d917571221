"""What a command of `tapeline` answers to the shell, the same everywhere."""

from collections.abc import Sequence

from tapeline.schemas.errors import ClusterError

EXIT_DONE = 0
"""For `run`: blessed and pushed."""

EXIT_REFUSED = 1
"""A gate refused the model."""

EXIT_BAD_INPUT = 2
"""Bad configuration, data, arguments or surroundings (disk full, no permission); for `gate`: nothing to judge."""

EXIT_FAILED = 3
"""Anything else."""

EXIT_INTERRUPTED = 130
"""As the shell has it for Ctrl-C; 143 for SIGTERM, 129 for SIGHUP."""


def failure(error: BaseException | None, unfinished: Sequence[str]) -> str:
    """Says where and why a run failed: `failed in Trainer: OSError: disk full`.

    Where no error stopped it, the first of the unfinished nodes is all that is known.
    """
    where = f" in {unfinished[0]}" if unfinished else ""
    if isinstance(error, ClusterError):
        return f"failed{where}: {error}"
    return f"failed{where}: " + (f"{type(error).__name__}: {error}" if error else "it did not finish")
