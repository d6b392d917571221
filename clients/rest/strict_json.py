"""Reads JSON by the letter, and lets other threads run meanwhile.

>>> read_json(b'{"inputs": [1, 2.5, NaN]}')
{'inputs': [1, 2.5, nan]}

Python's own reader takes the last of two equal keys, and 1e400 for infinite.
It also keeps all other threads waiting until the whole text is read: seconds,
for tens of megabytes. Each number that is read in Python below is a place
where another thread may take its turn.
"""

import collections
import json
from typing import Any

from tapeline.clients.rest.request_errors import RequestError, printable, shown

_CONSTANTS = {text: float(text) for text in ("NaN", "Infinity", "-Infinity")}
_LONGEST_NUMBER = 30


def read_json(body: bytes) -> Any:
    """Returns what a text in JSON holds.

    Args:
        body: JSON in UTF-8; `NaN`, `Infinity` and `-Infinity` are numbers.

    Raises:
        RequestError: It is not JSON, a key stands twice in an object, or a number is beyond a double.
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            parse_float=_float,
            parse_int=_int,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except RequestError:
        raise
    except UnicodeDecodeError as error:
        raise RequestError(f"JSON Parse error: the body is not UTF-8 text (byte {error.start})") from error
    except RecursionError as error:
        raise RequestError("JSON Parse error: the body is nested too deeply") from error
    except ValueError as error:
        raise RequestError(f"JSON Parse error: {error}") from error


def _float(digits: str) -> float:
    value = float(digits)
    # The difference is NaN for infinite values alone; the tokens for those do not come here.
    if value - value:
        number = printable(digits, longest=_LONGEST_NUMBER)
        raise RequestError(f"JSON Parse error: {number} is beyond the range of a double; write Infinity if it is meant")
    return value


def _int(digits: str) -> int:
    return int(digits)


def _constant(token: str) -> float:
    return _CONSTANTS[token]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice, _ = collections.Counter(key for key, _ in pairs).most_common(1)[0]
        raise RequestError(f"JSON Parse error: the key {shown(twice)} stands twice in an object; give it once")
    return found
