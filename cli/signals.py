"""SIGTERM and SIGHUP end a command as Ctrl-C does: children and temporary folders go, a message stays."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Signalled(KeyboardInterrupt):
    """A signal that ends this process, but for Ctrl-C's own.

    Args:
        number: The signal's.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextlib.contextmanager
def interrupting() -> Iterator[None]:
    """Has these signals raise `Signalled` inside the block, unless something else takes care of them (nohup, for one)."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    ours = [number for number, handler in before.items() if handler is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _raise)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])


def interruption(error: BaseException | None) -> KeyboardInterrupt | None:
    """Returns what interrupted a command, also where cleaning up failed after it: a terminal that is gone, for one."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return error
        error = error.__cause__ or error.__context__
    return None


def exit_code(interrupted: KeyboardInterrupt) -> int:
    """Returns what the shell has for a process that the signal ended: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP."""
    return 128 + (interrupted.number if isinstance(interrupted, Signalled) else signal.SIGINT)


def _raise(number: int, frame: FrameType | None) -> None:
    raise Signalled(number)
