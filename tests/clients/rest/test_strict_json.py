"""JSON by the letter, and the other threads meanwhile."""

import math
import random
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeline.clients.rest.request_errors import RequestError
from tapeline.clients.rest.strict_json import read_json


@pytest.fixture
def switching_often() -> Iterator[None]:
    """Threads change every 0.1 ms, not 5 ms."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)
    yield
    sys.setswitchinterval(usual)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_read_as_python_reads_it(value: float) -> None:
    assert read_json(repr(value).encode()) == value


def test_the_tokens_of_missing_and_infinite_values_are_numbers() -> None:
    missing, *infinite = read_json(b"[NaN, Infinity, -Infinity]")
    assert math.isnan(missing)
    assert infinite == [math.inf, -math.inf]


def test_a_number_of_many_digits_is_refused_in_few() -> None:
    with pytest.raises(RequestError, match="beyond the range of a double") as refused:
        read_json(b"9" * 5000 + b".0")
    assert len(str(refused.value)) < 200


def test_of_many_keys_the_one_that_stands_twice_is_named() -> None:
    keys = [*(f'"{number}": 0' for number in range(50_000)), '"777": 1']
    with pytest.raises(RequestError, match="the key '777' stands twice"):
        read_json(("{" + ",".join(keys) + "}").encode())


def test_other_threads_run_while_a_large_body_is_read(switching_often: None) -> None:
    # Half a second. Python's own reader gives up to 8 turns, around its work; this one hundreds, on a busy machine too.
    body = ("[" + ",".join(f"{random.random():.5f}" for _ in range(500_000)) + "]").encode()
    begun = threading.Event()

    def read() -> None:
        begun.set()
        read_json(body)

    thread = threading.Thread(target=read)
    thread.start()
    begun.wait()
    turns = 0
    while thread.is_alive():
        turns += 1
        time.sleep(0.0001)
    assert turns > 20
