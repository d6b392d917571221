"""A web server that stops without losing a request, and closes connections whose request does not come.

uvicorn closes its port at once when it is told to stop. Requests that the
kernel has taken by then, and those that a client sends on a connection just as
it is closed, get no answer. Here the order is another: no new connections, an
answer to all that was sent, each with `Connection: close`, and then the end.
"""

import asyncio
import contextlib
import ctypes
import select
import socket
import struct
import sys
from typing import Any

import uvicorn

_HANDSHAKE_SECONDS = 0.1
_LINGER_SECONDS = 1.0
"""Time for a client that has a connection to send what it was about to send."""

_TICKS = 10
"""uvicorn's ticks a second."""

_SO_ATTACH_FILTER = 26
_SYN_FLAG = 2
_FLAGS_BYTE = 13
_NO_SYN = struct.pack(
    "=" + "HBBI" * 4,
    *(0x30, 0, 0, _FLAGS_BYTE),  # load the byte with the flags of the TCP header
    *(0x45, 0, 1, _SYN_FLAG),  # skip the next line unless SYN is set
    *(0x06, 0, 0, 0),  # drop
    *(0x06, 0, 0, 0xFFFFFFFF),  # take all of it
)
"""A program in Linux's packet filter: no new handshakes, while those under way come to their end."""


class DrainingServer(uvicorn.Server):
    """Runs an application until it is told to stop.

    Args:
        config: uvicorn's own.
        request_seconds: A connection is closed where the headers of a request have not come by then.
    """

    def __init__(self, config: uvicorn.Config, *, request_seconds: float) -> None:
        super().__init__(config)
        self._request_seconds = request_seconds
        self._waits_since: dict[Any, float] = {}

    async def on_tick(self, counter: int) -> bool:
        """Closes connections whose request does not come; returns whether to stop."""
        if counter % _TICKS == 0:
            self._close_unfinished()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answers what was sent, and stops."""
        listeners = sockets or []
        for listener in listeners:
            _take_no_new_connections(listener)
        self._announce_the_end()
        clock = asyncio.get_running_loop().time
        end = clock() + _LINGER_SECONDS
        await asyncio.sleep(_HANDSHAKE_SECONDS)
        while (_wait_to_be_taken(listeners) or self.server_state.connections) and clock() < end:
            await asyncio.sleep(_HANDSHAKE_SECONDS)
        await super().shutdown(sockets)

    def _announce_the_end(self) -> None:
        headers = [*self.server_state.default_headers, (b"connection", b"close")]
        self.server_state.default_headers = headers
        for connection in self.server_state.connections:
            cycle = getattr(connection, "cycle", None)
            if cycle is not None:
                cycle.default_headers = headers

    def _close_unfinished(self) -> None:
        now = asyncio.get_running_loop().time()
        waiting = [connection for connection in self.server_state.connections if _waits_for_headers(connection)]
        self._waits_since = {connection: self._waits_since.get(connection, now) for connection in waiting}
        for connection, since in self._waits_since.items():
            if now - since >= self._request_seconds:
                connection.transport.close()


def _waits_for_headers(connection: Any) -> bool:
    # Between two requests uvicorn's own timer runs, until the first byte of the next one comes.
    idle = connection.cycle is None or connection.cycle.response_complete
    return idle and connection.timeout_keep_alive_task is None


def _wait_to_be_taken(listeners: list[socket.socket]) -> bool:
    return bool(listeners and select.select(listeners, [], [], 0)[0])


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("instructions", ctypes.c_ushort), ("first", ctypes.c_void_p))


def _take_no_new_connections(listener: socket.socket) -> None:
    """Drops the first packet of new connections, where the system can: a client's kernel tries again, and is refused.

    Elsewhere new ones are taken up to the end, and one that comes in the very moment may be lost.
    """
    if sys.platform == "linux":
        program = ctypes.create_string_buffer(_NO_SYN, len(_NO_SYN))
        with contextlib.suppress(OSError):
            filled = bytes(_Program(4, ctypes.addressof(program)))
            listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filled)
