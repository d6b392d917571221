r"""A request that is answered with an error, and how what a client has sent may stand in its message.

>>> listed(["context", "a\x1b[31m"])
'a\\x1b[31m, context'
"""

import itertools
import reprlib
from collections.abc import Iterable

from tapeline.schemas.errors import escaped

_IN_JSON = {None: "null", True: "true", False: "false"}
_MOST_NAMES = 20
_LONGEST_NAME = 60
_LONGEST_MESSAGE = 2000


class RequestError(ValueError):
    """A request that is answered with an error.

    Args:
        message: What is wrong, the rule and the fix.
        status: The HTTP status code.
    """

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def shown(value: object) -> str:
    """Returns a value as it may stand in a message: short, however large it is."""
    return _IN_JSON.get(value, "") if value is None or isinstance(value, bool) else reprlib.repr(value)


def listed(names: Iterable[str]) -> str:
    """Returns names as a list in a sentence: a few, each of them short."""
    some = sorted(names)
    texts = [printable(name, longest=_LONGEST_NAME) for name in itertools.islice(some, _MOST_NAMES)]
    more = len(some) - len(texts)
    return (", ".join(texts) or "none") + (f" and {more} more" if more else "")


def printable(text: str, *, longest: int = _LONGEST_MESSAGE) -> str:
    """Returns a text that a terminal shows and does not obey.

    Args:
        text: Whatever a client has sent.
        longest: Characters that are kept.
    """
    kept = text if len(text) <= longest else text[: longest - 1] + "…"
    return escaped(kept)
