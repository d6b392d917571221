"""Asks a cluster's REST API, which answers in JSON."""

import json
import urllib.error
import urllib.request
from typing import Any

SECONDS = 4.0
"""How long an answer may take."""


def ask(url: str, method: str = "GET") -> Any:
    """Sends a request and returns what came back, read as JSON; None where that is empty.

    Raises:
        OSError: Nobody answers, or answers that it will not do it.
    """
    request = urllib.request.Request(url, method=method, data=b"" if method == "POST" else None)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            content = response.read()
    except urllib.error.HTTPError as error:
        raise OSError(f"{url} answers {error.code}") from error
    try:
        return json.loads(content) if content.strip() else None
    except ValueError:
        raise OSError(f"{url} answers something else than JSON") from None
