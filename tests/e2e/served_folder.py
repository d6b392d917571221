"""The folder of the versions, and the ways to change it while a server looks at it."""

import collections
import os
import pathlib
import random
import shutil
import time
from collections.abc import Callable

from tapeline.forecaster.versions import push_version

SOUND = 3
"""Versions that are copied from, numbered from 1."""


class Folder:
    """The folder of the versions, and the ways to change it; each is a method, drawn from a seed."""

    def __init__(self, base: pathlib.Path, sound: pathlib.Path) -> None:
        self.base, self.sound = base, sound
        self.random = random.Random(7)
        self.number = 0
        self.done: collections.Counter[str] = collections.Counter()

    def template(self) -> pathlib.Path:
        return self.sound / str(self.random.randint(1, SOUND))

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
