"""Folders with files that a reader may overlook: a row that is not read must not go without a word."""

import os
import pathlib
import urllib.parse
from collections.abc import Callable
from random import Random
from typing import Any

from tests.fuzz.byte_inputs import PACKERS
from tests.fuzz.cases import Row, SourceCase, collect
from tests.fuzz.csv_inputs import render, table
from tests.fuzz.reference_rows import read_csv


def _parts(rng: Random) -> list[bytes]:
    """Two or three files of sound rows."""
    return [render(table(rng, start=f"20{at + 10}-01-01")) for at in range(rng.randint(2, 3))]


def folder_case(files: dict[str, bytes], *, must_read: bool = False, **more: Any) -> SourceCase:
    """A case of a folder; all of its CSV files hold rows, whatever their names."""
    rows = [read_csv(content, series_id="id") for content in files.values()]
    expected = None if any(part is None for part in rows) else [row for part in rows for row in part or ()]
    return SourceCase(
        **{"files": {f"data/{name}": content for name, content in files.items()}, "source": "data", **more},
        expected=more.pop("expected", expected),
        must_read=must_read,
        options={"series_id": "id"},
    )


def _named(name: str, pack: Callable[[bytes], bytes] = lambda content: content) -> Callable[[Random], SourceCase]:
    """One of the files has another name; its rows count all the same."""

    def make(rng: Random) -> SourceCase:
        first, *others = _parts(rng)
        case = folder_case({name: first, **{f"part-{at}.csv": part for at, part in enumerate(others)}})
        files = {**case.files, f"data/{name}": pack(first)}
        return SourceCase(files=files, source="data", expected=case.expected, options=case.options)

    return make


def _out_of_order(rng: Random) -> SourceCase:
    parts = _parts(rng)
    names = rng.sample(["part-10.csv", "part-2.csv", "b/part-1.csv", "a/z.csv", "part-9.csv"], len(parts))
    return folder_case(dict(zip(names, parts, strict=True)), must_read=True)


def _columns_out_of_order(rng: Random) -> SourceCase:
    first, second, *_ = _parts(rng)
    lines = [line.split(b",") for line in second.splitlines()]
    order = rng.sample(range(4), 4)
    moved = b"".join(b",".join(line[at] for at in order) + b"\n" for line in lines)
    return folder_case({"a.csv": first, "b.csv": moved}, must_read=True)


def _with(
    name: str, content: bytes, *, must_read: bool = False, refuse: bool = False
) -> Callable[[Random], SourceCase]:
    """A file beside the others that holds no rows."""

    def make(rng: Random) -> SourceCase:
        case = folder_case({f"part-{at}.csv": part for at, part in enumerate(_parts(rng))})
        files = {**case.files, f"data/{name}": content}
        expected = None if refuse else case.expected
        return SourceCase(files=files, source="data", expected=expected, must_read=must_read, options=case.options)

    return make


def _moved(
    prepare: Callable[[pathlib.Path], None], *, source: str = "data", locked: str = ""
) -> Callable[[Random], SourceCase]:
    """Files of which some are then moved, linked or locked; all rows count."""

    def make(rng: Random) -> SourceCase:
        parts = _parts(rng)
        names = ["one.csv", "deep/two.csv", "deep/three.csv"]
        case = folder_case(dict(zip(names, parts, strict=False)))
        return SourceCase(
            files=case.files,
            source=source,
            expected=case.expected,
            options=case.options,
            prepare=prepare,
            locked=locked,
        )

    return make


def _partitions(form: str, *, nameless: bool = False) -> Callable[[Random], SourceCase]:
    """The series stands in the folder's name, as Hive writes it."""

    def make(rng: Random) -> SourceCase:
        files: dict[str, bytes] = {}
        expected: list[Row] = []
        for name in rng.sample(["Wien", "Köln", "a/b", "50%", "x=y"], 3):
            content = b"ds,y\n" + b"".join(b"2021-01-%02d,%d\n" % (day, rng.randrange(99)) for day in range(1, 9))
            files[f"data/{form.format(urllib.parse.quote(name, safe=''))}/part-0.csv"] = content
            expected += [(seconds, name, value) for seconds, _, value in read_csv(content) or ()]
        if nameless:
            files[f"data/{rng.choice(['id=', 'id=__HIVE_DEFAULT_PARTITION__', 'Wien'])}/part-0.csv"] = content
        return SourceCase(
            files=files,
            source="data",
            expected=None if nameless else expected,
            must_read=not nameless,
            options={"series_id": "id"},
        )

    return make


def _link_folder(folder: pathlib.Path) -> None:
    (folder / "data" / "deep").rename(folder / "elsewhere")
    (folder / "data" / "deep").symlink_to(folder / "elsewhere")


def _dangling(folder: pathlib.Path) -> None:
    (folder / "data" / "deep" / "two.csv").unlink()
    (folder / "data" / "deep" / "two.csv").symlink_to(folder / "nowhere.csv")


def _pipe(folder: pathlib.Path) -> None:
    os.mkfifo(folder / "data" / "pipe.csv")


def _folder_like_a_file(folder: pathlib.Path) -> None:
    (folder / "data" / "deep").rename(folder / "data" / "deep.csv")


_NAMES = {
    "part files out of order": _out_of_order,
    "columns in another order": _columns_out_of_order,
    "suffix in capitals": _named("B.CSV"),
    "zip": _named("part-9.csv.zip"),
    "zip alone, by another name": _named("delivery.zip"),
    "half-written file": _named("part-9.csv.tmp"),
    "backup with a tilde": _named("part-9.csv~"),
    "tab-separated values": _named("part-9.tsv"),
    "no suffix": _named("part-9"),
    "compressed, suffix in capitals": _named("part-9.csv.GZ", PACKERS["gz"]),
    "compressed, of an unknown kind": _named("part-9.csv.lz4"),
    "compressed": _named("part-9.csv.gz", PACKERS["gz"]),
    "name with spaces and brackets": _named("sales [1] ü.csv"),
    "name with a line break": _named("sales\n2.csv"),
    "marker of a writer": _with("_SUCCESS", b"", must_read=True),
    "checksum of a writer": _with(".part-0.csv.crc", b"crc\0", must_read=True),
    "readme": _with("README.md", b"# Sales\n", must_read=True),
    "empty file": _with("part-9.csv", b"", refuse=True),
    "file of a header": _with("part-9.csv", b"ds,id,y,note\n"),
    "file of other columns": _with("part-9.csv", b"ds,id,y\n2021-01-01,a,1\n", refuse=True),
    "linked folder": _moved(_link_folder),
    "link to nothing": _moved(_dangling),
    "locked folder": _moved(lambda folder: None, locked="deep"),
    "folders that name the series": _partitions("id={}"),
    "folders that name the series, one without a name": _partitions("id={}", nameless=True),
    "folder named like a file": _moved(_folder_like_a_file),
    "glob that matches a folder": _moved(_folder_like_a_file, source="data/*.csv"),
    "pipe": _moved(_pipe),
}

MUTATIONS = collect("folder", _NAMES)
