"""The folder that `tapeline serve` watches, changed in every way while requests come in."""

import collections
import concurrent.futures
import http.client
import os
import pathlib
import random
import shutil
import threading
import time
from collections.abc import Callable

from tapeline.forecaster.versions import push_version
from tests.e2e.serving_process import Server, instance, started
from tests.hand_made_model import save_version

SECONDS = 25.0
LEVELS = (5.5, 6.5, 7.5)
"""What the sound versions forecast; each is a copy of one of three."""


class Folder:
    """The folder of the versions, and the ways to change it; each is a method, drawn from a seed."""

    def __init__(self, base: pathlib.Path, sound: pathlib.Path) -> None:
        self.base, self.sound = base, sound
        self.random = random.Random(7)
        self.number = 0
        self.done: collections.Counter[str] = collections.Counter()

    def template(self) -> pathlib.Path:
        return self.sound / str(self.random.randint(1, len(LEVELS)))

    def next(self) -> int:
        self.number += 1
        return self.number

    def newest(self) -> pathlib.Path | None:
        found = [path for path in self.base.iterdir() if path.name.isdecimal() and path.is_dir()]
        return max(found, key=lambda path: int(path.name), default=None)

    def added(self) -> None:
        self.number = push_version(self.template(), self.base, keep=3, clock=self.next)

    def half_copied(self) -> None:
        """A copy that is not atomic, seen half-way; it is whole in the end, or goes away."""
        folder = self.base / str(self.next())
        files = sorted(path for path in self.template().rglob("*") if path.is_file())
        root = files[0].parents[len(files[0].relative_to(self.sound).parts) - 2]
        for path in files:
            target = folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            content = path.read_bytes()
            target.write_bytes(content[: len(content) // 2])
            time.sleep(0.1)
            target.write_bytes(content)
        if self.random.random() < 0.5:
            shutil.rmtree(folder)

    def corrupted(self) -> None:
        """One byte of a pushed version turned over before anybody looks, or while it is loaded."""
        version = push_version(self.template(), self.base, keep=3, clock=self.next)
        self.number = version
        files = [path for path in (self.base / str(version)).rglob("*") if path.is_file() and path.stat().st_size]
        path = self.random.choice(files)
        content = bytearray(path.read_bytes())
        content[self.random.randrange(len(content))] ^= 1 << self.random.randrange(8)
        path.write_bytes(content)

    def renamed(self) -> None:
        if newest := self.newest():
            newest.rename(self.base / f"old-{newest.name}")

    def renumbered(self) -> None:
        if newest := self.newest():
            newest.rename(self.base / str(self.next()))

    def removed(self) -> None:
        """File after file, as rm does."""
        if newest := self.newest():
            shutil.rmtree(newest)

    def all_removed(self) -> None:
        while newest := self.newest():
            shutil.rmtree(newest)

    def replaced(self) -> None:
        """Another model under the number that is served."""
        if newest := self.newest():
            newest.rename(self.base / "away")
            shutil.copytree(self.template(), newest)
            shutil.rmtree(self.base / "away")

    def strange_names(self) -> None:
        (self.base / str(self.next())).write_text("a file, not a folder")
        (self.base / str(self.next())).symlink_to(self.base / "nowhere")
        (self.base / "1e3").mkdir(exist_ok=True)
        (self.base / "\u0663\u0663\u0663\u0663").mkdir(exist_ok=True)  # Digits, of another script.
        os.makedirs(os.fsencode(self.base) + b"/\xff\xfe", exist_ok=True)
        (self.base / str(self.next())).mkdir()

    def whole_folder_away(self) -> None:
        away = self.base.with_name("away")
        self.base.rename(away)
        time.sleep(0.3)
        away.rename(self.base)

    def ways(self) -> list[Callable[[], None]]:
        names = [name for name in vars(Folder) if not name.startswith("_")]
        return [getattr(self, name) for name in names if name not in ("template", "next", "newest", "ways", "change")]

    def change(self) -> None:
        way = self.random.choice(self.ways())
        way()
        self.done[way.__name__] += 1


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
