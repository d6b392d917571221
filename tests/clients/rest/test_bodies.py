"""Bodies under pressure: small ones are answered beside large ones, and what is too much is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.requests import Request

from tapeline.clients.rest.bodies import SMALL, Bodies
from tapeline.clients.rest.request_errors import RequestError

LARGE = SMALL + 1


def request(*chunks: bytes, announced: int | None = None, more: bool = False) -> Request:
    """A request whose body comes in chunks; with `more`, the last one never comes."""
    incoming = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    incoming[-1]["more_body"] = more

    async def receive() -> Any:
        return incoming.pop(0) if incoming else await asyncio.Event().wait()

    headers = [] if announced is None else [(b"content-length", b"%d" % announced)]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def run(story: Callable[[Bodies], Awaitable[None]], *, most: int = LARGE, seconds: float = 30.0) -> None:
    async def told() -> None:
        await asyncio.wait_for(story(Bodies(most=most, seconds=seconds)), 60)

    asyncio.run(told())


async def answer(bodies: Bodies, asked: Request, done: list[str], name: str, gate: asyncio.Event | None = None) -> None:
    """Works on a body until the gate opens."""
    async with bodies.read(asked) as body:
        done.append(f"{name} begins")
        if gate is not None:
            await gate.wait()
        done.append(f"{name} ends with {len(body)}")


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


def test_large_bodies_take_turns_and_small_ones_wait_for_none() -> None:
    async def story(bodies: Bodies) -> None:
        done: list[str] = []
        gate = asyncio.Event()
        first = asyncio.create_task(answer(bodies, request(bytes(LARGE)), done, "first", gate))
        await settle()
        second = asyncio.create_task(answer(bodies, request(bytes(LARGE)), done, "second"))
        await settle()
        await answer(bodies, request(bytes(SMALL)), done, "small")
        gate.set()
        await asyncio.gather(first, second)
        ends = [f"{name} ends with {size}" for name, size in (("small", SMALL), ("first", LARGE), ("second", LARGE))]
        assert done == ["first begins", "small begins", ends[0], ends[1], "second begins", ends[2]]

    run(story)


@pytest.mark.parametrize("announced", [LARGE, None])
def test_the_fifth_large_body_is_told_to_come_again_and_may(announced: int | None) -> None:
    async def story(bodies: Bodies) -> None:
        done: list[str] = []
        gate = asyncio.Event()
        four = [asyncio.create_task(answer(bodies, request(bytes(LARGE)), done, "", gate)) for _ in range(4)]
        await settle()
        with pytest.raises(RequestError, match="try again in a moment") as refused:
            await answer(bodies, request(bytes(LARGE), announced=announced), done, "fifth")
        assert refused.value.status == 503
        await answer(bodies, request(bytes(SMALL)), done, "small")
        gate.set()
        await asyncio.gather(*four)
        await answer(bodies, request(bytes(LARGE), announced=announced), done, "again")
        assert done[-1] == f"again ends with {LARGE}"

    run(story)


def test_what_is_refused_gives_back_what_it_held() -> None:
    async def story(bodies: Bodies) -> None:
        for _ in range(9):
            with pytest.raises(RequestError, match="longer than") as refused:
                await answer(bodies, request(bytes(LARGE), b"1"), [], "too long")
            assert refused.value.status == 413
        await answer(bodies, request(bytes(LARGE)), [], "sound")

    run(story)


@pytest.mark.parametrize("sent", [b"{", bytes(LARGE)])
def test_a_body_that_does_not_end_is_given_up(sent: bytes) -> None:
    async def story(bodies: Bodies) -> None:
        for _ in range(5):
            with pytest.raises(RequestError, match=r"not come within 0\.01 s.*--request-timeout") as refused:
                await answer(bodies, request(sent, more=True), [], "slow")
            assert refused.value.status == 408

    run(story, seconds=0.01)
