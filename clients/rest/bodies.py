"""Takes in the bodies of requests, within bounds of size, number and time.

A large body takes many times its size while it is parsed. So only one is
worked on at a time, a few more wait, and what comes beyond is told to try
again. Small ones wait for none of them.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

from starlette.requests import Request

from tapeline.clients.rest.request_errors import RequestError

SMALL = 1 << 18
"""Bytes of a body that is answered beside the large ones: 500 contexts of a few dozen steps."""

_LARGE_AT_ONCE = 4
_DRAIN_SECONDS = 10.0
_log = logging.getLogger("tapeline.serve")


class Bodies:
    """Reads bodies.

    Args:
        most: Bytes of the longest one; longer ones are refused. Of the large ones, four times as much is held at once.
        seconds: A body that has not come by then is given up.
    """

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._room = _LARGE_AT_ONCE * most
        self._turn = asyncio.Semaphore(1)

    @contextlib.asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytes]:
        """Reads a body, and waits until it is its turn; the block may then work on it.

        Args:
            request: Its body is still to come.

        Raises:
            RequestError: It is too long, there are too many, or its client is too slow.
        """
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            if size > self._most:
                raise RequestError(
                    f"the body is longer than {self._most} bytes; send fewer rows at a time, or start the server with "
                    "a larger --max-body-mib",
                    status=413,
                )
            if size <= SMALL or size <= held:
                return
            if size - held > self._room:
                raise RequestError("the server is at work on other large requests; try again in a moment", status=503)
            self._room -= size - held
            held = size

        try:
            body = await self._in_time(request, hold)
            async with self._turn if held else contextlib.nullcontext():
                yield body
        finally:
            self._room += held

    async def _in_time(self, request: Request, hold: Callable[[int], None]) -> bytes:
        stream = request.stream()
        try:
            hold(int(request.headers.get("content-length", "0")))
            return await asyncio.wait_for(_joined(stream, hold), self._seconds)
        except asyncio.TimeoutError as error:
            rule = f"the body has not come within {self._seconds:g} s; send it faster, or start the server with"
            raise RequestError(f"{rule} a larger --request-timeout", status=408) from error
        except RequestError:
            await _drain(stream)
            raise


async def _joined(stream: AsyncIterator[bytes], hold: Callable[[int], None]) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in stream:
        size += len(chunk)
        hold(size)
        chunks.append(chunk)
    return b"".join(chunks)


async def _drain(stream: AsyncIterator[bytes]) -> None:
    """Reads and drops the rest of what is refused, so that the client reads the answer."""

    async def drop() -> None:
        async for _ in stream:
            pass

    try:
        await asyncio.wait_for(drop(), _DRAIN_SECONDS)
    except asyncio.TimeoutError:
        _log.warning("a client still sent after %g s what was refused already", _DRAIN_SECONDS)
