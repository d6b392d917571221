"""What a server answers where it cannot forecast: a status code, and a sentence for the client."""

import reprlib
from collections.abc import Sequence

_IN_JSON = {None: "null", True: "true", False: "false"}


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


def listed(names: Sequence[str]) -> str:
    """Returns names as a list in a sentence."""
    return ", ".join(sorted(names)) or "none"
