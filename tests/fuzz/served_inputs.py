"""Pushed versions that were changed afterwards, and model cards that are broken."""

import dataclasses
import json
import pathlib
import shutil
from collections.abc import Callable
from random import Random
from typing import Any

from tapeline.forecaster.pushed_model import find_model, read_card
from tapeline.forecaster.versions import push_version
from tapeline.schemas.served_model import CARD_FILE, CONTENT_FILE, GRAPH_FILE
from tests.fuzz.cases import collect
from tests.fuzz.oracle import faults_of

FILES = (str(GRAPH_FILE), "variables/variables.index", "variables/variables.data-00000-of-00001", str(CARD_FILE))
CARD: dict[str, Any] = {
    "data": {"time": "time", "target": ["load"], "frequency": "H", "unit": "MW"},
    "features": {},
    "window": {"context_length": 6, "horizon": 3},
    "inputs": {"longest_horizon": 300},
}


@dataclasses.dataclass(frozen=True)
class Version:
    """A model, and what becomes of it.

    Attributes:
        change: Changes the folder.
        pushed: Whether it is pushed before, and so carries the hash of its content.
        sound: Whether it must be used; else it must be refused.
    """

    change: Callable[[pathlib.Path], None]
    pushed: bool = True
    sound: bool = False


def _write(rng: Random, folder: pathlib.Path) -> None:
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(rng.randbytes(rng.randint(40, 400)))
    (folder / CARD_FILE).write_text(json.dumps(CARD))


def _file(name: str, change: Callable[[Random, bytes], bytes], **more: bool) -> Callable[[Random], Version]:
    def make(rng: Random) -> Version:
        def apply(folder: pathlib.Path) -> None:
            (folder / name).write_bytes(change(rng, (folder / name).read_bytes()))

        return Version(apply, **more)

    return make


def _folder(change: Callable[[Random, pathlib.Path], Any], **more: bool) -> Callable[[Random], Version]:
    return lambda rng: Version(lambda folder: change(rng, folder), **more)


def _flip(rng: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _swapped(rng: Random, folder: pathlib.Path) -> None:
    one, other = (folder / name for name in rng.sample(FILES, 2))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def _linked(rng: Random, folder: pathlib.Path) -> None:
    path = folder / rng.choice(FILES)
    shutil.copy(path, folder.parent / "elsewhere")
    path.unlink()
    path.symlink_to(folder.parent / "elsewhere")


def _card(change: Callable[[Random, dict[str, Any]], Any]) -> Callable[[Random], Version]:
    """Writes another card into a model that was never pushed: no hash tells of it."""

    def apply(rng: Random, folder: pathlib.Path) -> None:
        tree = json.loads(json.dumps(CARD))
        changed = change(rng, tree)
        tree = tree if changed is None else changed
        content = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
        (folder / CARD_FILE).write_bytes(content)

    return _folder(apply, pushed=False)


_CHANGES: dict[str, Callable[[Random], Version]] = {
    "as it was pushed": _folder(lambda rng, folder: None, sound=True),
    "touched": _folder(lambda rng, folder: (folder / rng.choice(FILES)).touch(), sound=True),
    "links to the same content": _folder(_linked, sound=True),
    **{f"a bit turned over in {name}": _file(name, _flip) for name in FILES},
    **{f"{name} cut short": _file(name, lambda rng, content: content[: rng.randrange(len(content))]) for name in FILES},
    **{f"{name} empty": _file(name, lambda rng, content: b"") for name in FILES},
    **{
        f"{name} longer": _file(name, lambda rng, content: content + rng.randbytes(rng.randint(1, 9))) for name in FILES
    },
    **{f"{name} removed": _folder(lambda rng, folder, name=name: (folder / name).unlink()) for name in FILES},  # type: ignore[misc]
    "another file of the same length": _file(FILES[2], lambda rng, content: rng.randbytes(len(content))),
    "two files in each other's place": _folder(_swapped),
    "a file added": _folder(lambda rng, folder: (folder / f"more-{rng.randint(1, 9)}").write_bytes(b"x")),
    "a file renamed": _folder(lambda rng, folder: (folder / FILES[1]).rename(folder / "variables" / "index")),
    "a file moved": _folder(lambda rng, folder: (folder / FILES[1]).rename(folder / "variables.index")),
    "line ends of the card": _file(FILES[3], lambda rng, content: content.replace(b", ", b",\r\n")),
    "the hash turned over": _file(str(CONTENT_FILE), _flip),
    "the hash empty": _file(str(CONTENT_FILE), lambda rng, content: b""),
    "the hash of another": _file(str(CONTENT_FILE), lambda rng, content: rng.randbytes(32).hex().encode()),
}

_CARDS: dict[str, Callable[[Random], Version]] = {
    "no JSON": _card(lambda rng, tree: rng.choice([b"", b"{", b"x", b"\xff\xfe", rng.randbytes(50)])),
    "no object": _card(lambda rng, tree: rng.choice([b"[]", b"1", b"null", b'"x"', b"NaN"])),
    "deep nesting": _card(lambda rng, tree: b"[" * rng.randint(1_000, 50_000)),
    "a part missing": _card(lambda rng, tree: tree.pop(rng.choice(["data", "window"])) and None),
    "a part of another type": _card(
        lambda rng, tree: tree.update({rng.choice(["data", "window"]): rng.choice([1, "x", [], None])})
    ),
    "sizes that are none": _card(
        lambda rng, tree: tree["window"].update(horizon=rng.choice([0, -1, 1.5, "3", None, 10**30, True]))
    ),
    "an unknown frequency": _card(lambda rng, tree: tree["data"].update(frequency=rng.choice(["", "x", "-1D", 7]))),
    "an unknown zone": _card(lambda rng, tree: tree["data"].update(timezone=rng.choice(["", "Mars", "../x", 7]))),
    "numbers of 5,000 digits": _card(
        lambda rng, tree: json.dumps(tree).replace("300", "7" * 5000).replace("6", "6" * 5000).encode()
    ),
}


def faults(version: Version, folder: pathlib.Path) -> list[str]:
    """What is wrong with how a version is used."""
    model = folder / "model"
    _write(Random(7), model)
    used = (
        folder / "serving_model" / str(push_version(model, folder / "serving_model", keep=1))
        if version.pushed
        else model
    )
    version.change(used)
    return faults_of(
        lambda: read_card(find_model(used)),
        lambda card: [] if version.sound else ["used as if nothing had happened"],
        must_read=version.sound,
    )


MUTATIONS = collect("served", {**_CHANGES, **_CARDS})
