"""Files whose bytes were cut, turned over, written in another encoding, or packed and then damaged."""

import bz2
import functools
import gzip
import lzma
from collections.abc import Callable
from random import Random
from typing import Any

import pyarrow as pa

from tests.fuzz.cases import SourceCase, collect
from tests.fuzz.csv_inputs import csv_case, render, table
from tests.fuzz.reference_rows import read_csv

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda content: gzip.compress(content, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda content: pa.compress(content, codec="zstd", asbytes=True),
}


def _bytes(change: Callable[[Random, bytes], bytes], *, must_read: bool = False) -> Callable[[Random], SourceCase]:
    return lambda rng: csv_case(change(rng, render(table(rng))), must_read=must_read)


def _flip_bits(rng: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _any_byte(rng: Random, content: bytes) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + bytes([rng.randrange(256)]) + content[at + rng.randint(0, 1) :]


def _mixed_ends(rng: Random, content: bytes) -> bytes:
    return b"".join(line + rng.choice([b"\n", b"\r\n"]) for line in content.splitlines())


def _lone_returns(rng: Random, content: bytes) -> bytes:
    at = rng.choice([place for place, byte in enumerate(content) if byte == ord("\n")][1:])
    return content[:at] + b"\r" + content[at + 1 :]


def _swap(rng: Random, content: bytes) -> bytes:
    first, second = sorted(rng.randrange(len(content)) for _ in range(2))
    return content[:first] + content[second:] + content[first:second]


def _insert_nul(rng: Random, content: bytes) -> bytes:
    at = rng.randrange(content.index(b"\n"), len(content))
    return content[:at] + b"\0" * rng.randint(1, 3) + content[at:]


_PLAIN = {
    "cut short": _bytes(lambda rng, content: content[: rng.randrange(1, len(content))]),
    "last line end missing": _bytes(lambda rng, content: content.rstrip(b"\n"), must_read=True),
    "start cut off": _bytes(lambda rng, content: content[rng.randrange(1, len(content)) :]),
    "bits turned over": _bytes(_flip_bits),
    "a byte put in or replaced": _bytes(_any_byte),
    "a piece moved": _bytes(_swap),
    "zeros at the end": _bytes(lambda rng, content: content + b"\0" * rng.randint(1, 600)),
    "zeros in the middle": _bytes(_insert_nul),
    "byte order mark": _bytes(lambda rng, content: b"\xef\xbb\xbf" + content, must_read=True),
    "byte order mark in the middle": _bytes(lambda rng, content: content.replace(b"2021", b"\xef\xbb\xbf2021", 1)),
    "two byte order marks": _bytes(lambda rng, content: b"\xef\xbb\xbf" * 2 + content),
    "UTF-16": _bytes(lambda rng, content: content.decode().encode(rng.choice(["utf-16", "utf-16-le", "utf-16-be"]))),
    "Latin-1": _bytes(lambda rng, content: content.replace(b"id", "größe".encode(), 1).decode().encode("latin-1")),
    "Latin-1 in the ids": _bytes(lambda rng, content: content.decode().encode("latin-1")),
    "lines that end with CRLF": _bytes(lambda rng, content: content.replace(b"\n", b"\r\n"), must_read=True),
    "lines that end with CR": _bytes(lambda rng, content: content.replace(b"\n", b"\r")),
    "mixed line ends": _bytes(_mixed_ends, must_read=True),
    "one CR among LF": _bytes(_lone_returns),
    "no text at all": lambda rng: csv_case(rng.randbytes(rng.randint(1, 3000))),
    "nothing but line ends": lambda rng: csv_case(b"\r\n" * rng.randint(1, 50)),
    "another kind of file": lambda rng: csv_case(
        rng.choice([b"PAR1", b"PK\3\4", b"\x1f\x8b", b"%PDF"]) + rng.randbytes(99)
    ),
}


def _packed(
    ending: str, change: Callable[[Random, bytes], bytes], *, same: bool = False
) -> Callable[[Random], SourceCase]:
    """A packed file that must be refused once it was changed, unless nothing of it was lost."""

    def make(rng: Random) -> SourceCase:
        content = render(table(rng))
        expected = read_csv(content, series_id="id")
        packed = change(rng, PACKERS[ending](content))
        return SourceCase(
            files={f"data.csv.{ending}": packed},
            source=f"data.csv.{ending}",
            expected=expected,
            must_read=same,
            options={"series_id": "id"},
        )

    return make


def _two_streams(ending: str, *, damage: bool) -> Callable[[Random], SourceCase]:
    """Packed by parts, as parallel packers do; the head of the second part is damaged, or not."""

    def make(rng: Random) -> SourceCase:
        content = render(table(rng))
        cut = rng.randrange(len(content) // 3, len(content) - 1)
        cut = content.rindex(b"\n", 0, cut) + 1
        second = bytearray(PACKERS[ending](content[cut:]))
        if damage:
            second[rng.randrange(2)] ^= 1 << rng.randrange(8)
        return SourceCase(
            files={f"data.csv.{ending}": PACKERS[ending](content[:cut]) + bytes(second)},
            source=f"data.csv.{ending}",
            expected=read_csv(content, series_id="id"),
            must_read=not damage,
            options={"series_id": "id"},
        )

    return make


def _under_csv(ending: str, rng: Random) -> SourceCase:
    """A packed file whose name says that it is plain CSV."""
    packed = PACKERS[ending](render(table(rng)))
    return SourceCase(files={"data.csv": packed}, expected=None, options={"series_id": "id"})


_PACKED: dict[str, Any] = {}
for _ending in PACKERS:
    _PACKED |= {
        f"{_ending}, sound": _packed(_ending, lambda rng, packed: packed, same=True),
        f"{_ending}, cut short": _packed(_ending, lambda rng, packed: packed[: rng.randrange(4, len(packed))]),
        f"{_ending}, in two parts": _two_streams(_ending, damage=False),
        f"{_ending}, in two parts, the second damaged": _two_streams(_ending, damage=True),
        f"{_ending}, under another ending": functools.partial(_under_csv, _ending),
    }
# Arrow writes Zstandard without a checksum: what was turned over there, no reader can see.
_PACKED |= {f"{ending}, bits turned over": _packed(ending, _flip_bits) for ending in PACKERS if ending != "zst"}

MUTATIONS = collect("bytes", {**_PLAIN, **_PACKED})
