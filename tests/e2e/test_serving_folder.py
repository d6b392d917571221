"""The folder that `tapeline serve` watches, changed in every way while requests come in."""

import concurrent.futures
import http.client
import pathlib
import threading
import time

import pytest

from tapeline.forecaster.versions import push_version
from tests.e2e.served_folder import Folder
from tests.e2e.serving_process import Server, instance, started
from tests.hand_made_model import save_version

pytestmark = pytest.mark.once

SECONDS = 25.0
LEVELS = (5.5, 6.5, 7.5)
"""What the sound versions forecast; each is a copy of one of three."""


def fire(server: Server, until: threading.Event) -> list[float]:
    levels = []
    while not until.is_set():
        code, answer = server.predict({"instances": [instance()]})
        assert code == 200, answer
        (row,) = answer["predictions"]
        assert len(set(row["forecast"])) == 1
        levels.append(row["forecast"][0])
        time.sleep(0.01)
    return levels


def test_every_answer_is_that_of_a_sound_version_whatever_becomes_of_the_folder(tmp_path: pathlib.Path) -> None:
    for number, level in enumerate(LEVELS, start=1):
        save_version(tmp_path / "sound", number, plus=level - 4.5)
    folder = Folder(tmp_path / "serving_model", tmp_path / "sound")
    folder.added()
    running = started(folder.base)
    server = next(running)
    done = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        clients = [pool.submit(fire, server, done) for _ in range(3)]
        try:
            for way in folder.ways():
                way()
                folder.done[way.__name__] += 1
                time.sleep(0.5)
            end = time.monotonic() + SECONDS / 2
            while time.monotonic() < end and not any(client.done() for client in clients):
                folder.change()
                time.sleep(folder.random.uniform(0.0, 0.8))
            # In the end a sound version is there, and is served.
            version = push_version(tmp_path / "sound" / "2", folder.base, keep=1, clock=folder.next)
            server.wait_for(rf"version {version} took the place of ")
        finally:
            done.set()
        answered = [level for client in clients for level in client.result()]
    assert set(answered) <= set(LEVELS)
    assert len(set(answered)) > 1
    assert len(answered) > 100
    assert server.predict({"instances": [instance()]})[1]["predictions"][0]["forecast"][0] == LEVELS[1]
    assert server.stop() == 0
    assert sum(folder.done.values()) >= len(folder.ways()), folder.done
    running.close()


def test_a_client_that_goes_away_in_the_middle_harms_nobody(tmp_path: pathlib.Path) -> None:
    save_version(tmp_path / "sound", 1, plus=1.0)
    push_version(tmp_path / "sound" / "1", tmp_path / "serving_model", keep=1)
    running = started(tmp_path / "serving_model")
    server = next(running)
    for _ in range(20):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.putrequest("POST", "/v1/models/load:predict")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b'{"instances": [')
        connection.close()
    assert server.predict({"instances": [instance()]})[0] == 200
    assert server.stop() == 0
    running.close()
