"""A server told to stop answers all that was sent; the application here needs no TensorFlow."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from tapeline.clients.rest.draining import DrainingServer

REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


class Running:
    """A server in a thread, whose application keeps the event loop busy where it is asked for `/busy`."""

    def __init__(self, request_seconds: float) -> None:
        self.busy, self.go_on = threading.Event(), threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.address = self.listener.getsockname()
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            http="h11",
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=5,
        )
        self.server = DrainingServer(config, request_seconds=request_seconds)
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],))
        self.thread.start()

    async def _answer(self, scope: Any, _receive: Any, send: Any) -> None:
        if scope["path"] == "/busy":
            self.busy.set()
            self.go_on.wait(20)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=20)


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    server = Running(getattr(request, "param", 30.0))
    yield server
    server.go_on.set()
    server.server.should_exit = True
    server.thread.join(20)
    assert not server.thread.is_alive()


def test_what_the_kernel_has_taken_is_answered(running: Running) -> None:
    with running.connect() as first:
        first.sendall(REQUEST.replace(b"/ ", b"/busy "))
        running.busy.wait(20)
        # The event loop stands still: these wait in the kernel, some of them with nothing sent yet.
        clients = [running.connect() for _ in range(20)]
        for client in clients[::2]:
            client.sendall(REQUEST)
        running.server.should_exit = True
        running.go_on.set()
        time.sleep(0.3)
        for client in clients[1::2]:
            client.sendall(REQUEST)
        for client in [first, *clients]:
            assert client.recv(1000).startswith(b"HTTP/1.1 200")
            client.close()


def test_a_connection_that_was_kept_gets_one_more_answer_which_says_that_it_is_the_last(running: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.address[1], timeout=20)
    for _ in range(2):
        connection.request("GET", "/")
        response = connection.getresponse()
        assert response.read() == b"ok"
        assert response.getheader("connection") == ("close" if running.server.should_exit else None)
        running.server.should_exit = True
        time.sleep(0.4)
    running.thread.join(20)
    with pytest.raises(OSError, match=r"refused|timed out"):
        running.connect()


@pytest.mark.parametrize("running", [0.5], indirect=True)
@pytest.mark.parametrize("sent", [b"", REQUEST[:20], REQUEST + REQUEST[:20]])
def test_a_connection_whose_request_does_not_come_is_closed(running: Running, sent: bytes) -> None:
    with running.connect() as client:
        client.sendall(sent)
        received = b"".join(iter(lambda: client.recv(1000), b""))
    assert received.count(b"200 OK") == sent.count(b"\r\n\r\n")
