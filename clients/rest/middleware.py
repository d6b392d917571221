"""What happens to every request, whatever its address: it is timed, counted and logged, and may need a key."""

import datetime
import hmac
import json
import logging
import time

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tapeline.clients.rest.request_metrics import RequestMetrics

_LONGEST_PATH = 500
_access = logging.getLogger("tapeline.access")


class Observed:
    """Counts predict requests; logs each request as a line in JSON, where the logger `tapeline.access` is on.

    Args:
        app: What answers.
        metrics: Counts them.
    """

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        status, size = 500, 0

        async def counted(message: Message) -> None:
            nonlocal status, size
            status = message.get("status", status)
            size += len(message.get("body", b""))
            await send(message)

        started = time.perf_counter()
        try:
            await self._app(scope, receive, counted)
        finally:
            seconds = time.perf_counter() - started
            if scope["path"].endswith(":predict"):
                self._metrics.add(status=status, seconds=seconds)
            if _access.isEnabledFor(logging.INFO):
                _access.info("%s", _line(scope, status, seconds, size))


def _line(scope: Scope, status: int, seconds: float, size: int) -> str:
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    return json.dumps(
        {
            "time": now,
            "method": scope["method"],
            "path": scope["path"][:_LONGEST_PATH],
            "status": status,
            "milliseconds": round(seconds * 1e3, 3),
            "bytes": size,
        }
    )


class KeyRequired:
    """Answers 401 to who does not send the key, as `Authorization: Bearer KEY`.

    Args:
        app: What answers otherwise.
        key: The key; None asks for none.
    """

    def __init__(self, app: ASGIApp, key: str | None) -> None:
        self._app = app
        self._expected = None if key is None else f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        sent = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if self._expected is None or hmac.compare_digest(sent, self._expected):
            await self._app(scope, receive, send)
            return
        message = "the request has no key, or a wrong one; send the header 'Authorization: Bearer KEY'"
        refused = JSONResponse({"error": message}, 401, {"WWW-Authenticate": "Bearer", "Connection": "close"})
        await refused(scope, receive, send)
