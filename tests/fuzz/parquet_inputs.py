"""Parquet files: types, zones, nesting, damage. Each comes with its rows, told from the Python values written."""

import datetime
import decimal
import io
from collections.abc import Callable
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from tests.fuzz.cases import SourceCase, collect

_UTC = datetime.timezone.utc
_FIRST = datetime.datetime(2021, 1, 1)


def _seconds(time: datetime.datetime) -> int:
    return int((time.replace(tzinfo=time.tzinfo or _UTC) - datetime.datetime(1970, 1, 1, tzinfo=_UTC)).total_seconds())


def write(columns: dict[str, pa.Array], **options: Any) -> bytes:
    """A Parquet file in memory."""
    stream = io.BytesIO()
    pa.parquet.write_table(pa.table(columns), stream, **options)
    return stream.getvalue()


def days(count: int) -> list[datetime.datetime]:
    """One time a day."""
    return [_FIRST + datetime.timedelta(days=at) for at in range(count)]


def parquet_case(
    times: list[datetime.datetime],
    values: list[Any],
    *,
    kind: pa.DataType | None = None,
    time_kind: pa.DataType | None = None,
    refuse: bool = False,
    must_read: bool = False,
    write_options: dict[str, Any] | None = None,
    **options: str,
) -> SourceCase:
    """A case of one file with the columns `ds` and `y`."""
    content = write(
        {"ds": pa.array(times, time_kind or pa.timestamp("us")), "y": pa.array(values, kind)}, **(write_options or {})
    )
    expected = [
        (_seconds(time), None, None if value is None or value != value else float(value))
        for time, value in zip(times, values, strict=True)
    ]
    return _case(content, None if refuse else expected, must_read=must_read, **options)


def _case(content: bytes, expected: list[Any] | None, *, must_read: bool = False, **options: str) -> SourceCase:
    return SourceCase(
        files={"data.parquet": content}, source="data.parquet", expected=expected, must_read=must_read, options=options
    )


def _target(kind: pa.DataType, value: Callable[[Random], Any], **more: Any) -> Callable[[Random], SourceCase]:
    def make(rng: Random) -> SourceCase:
        count = rng.randint(3, 40)
        return parquet_case(days(count), [value(rng) for _ in range(count)], kind=kind, **more)

    return make


def _times(kind: pa.DataType, **more: Any) -> Callable[[Random], SourceCase]:
    def make(rng: Random) -> SourceCase:
        count = rng.randint(3, 40)
        return parquet_case(days(count), [rng.random() for _ in range(count)], time_kind=kind, **more)

    return make


def _dictionary(rng: Random) -> SourceCase:
    values = [rng.choice([1.5, 2.5, None, 1e300]) for _ in range(rng.randint(3, 40))]
    ds = pa.array(days(len(values)), pa.timestamp("s"))
    expected = [(_seconds(time), None, value) for time, value in zip(days(len(values)), values, strict=True)]
    return _case(write({"ds": ds, "y": pa.array(values, pa.float64()).dictionary_encode()}), expected)


def _texts(ids: Callable[[list[str]], pa.Array], numbers: bool = False) -> Callable[[Random], SourceCase]:
    """Series ids in a type of text, or of dictionaries."""

    def make(rng: Random) -> SourceCase:
        names = [rng.choice(["Wien", "Köln", "7"]) for _ in range(rng.randint(3, 40))]
        ds = pa.array(days(len(names)), pa.timestamp("s"))
        content = write({"ds": ds, "id": ids(names), "y": pa.array(range(len(names)))})
        expected = [
            (_seconds(time), name, float(at))
            for at, (time, name) in enumerate(zip(days(len(names)), names, strict=True))
        ]
        return _case(content, expected, series_id="id")

    return make


def _strange(column: str, array: Callable[[int], pa.Array]) -> Callable[[Random], SourceCase]:
    """A column of a type that is no time, number or text: it must be refused."""

    def make(rng: Random) -> SourceCase:
        count = rng.randint(3, 20)
        columns = {
            "ds": pa.array(days(count), pa.timestamp("s")),
            "id": pa.array(["a"] * count),
            "y": pa.array([1.0] * count),
        }
        return _case(write({**columns, column: array(count)}), None, series_id="id")

    return make


def _beside(name: str, array: Callable[[int], pa.Array]) -> Callable[[Random], SourceCase]:
    """A strange column that nobody reads."""

    def make(rng: Random) -> SourceCase:
        count = rng.randint(3, 20)
        columns = {"ds": pa.array(days(count), pa.timestamp("s")), "y": pa.array([1.0] * count), name: array(count)}
        return _case(write(columns), [(_seconds(time), None, 1.0) for time in days(count)], must_read=True)

    return make


def _damaged(change: Callable[[Random, bytes], bytes]) -> Callable[[Random], SourceCase]:
    """Damage that a reader can see: that of the footer, or a cut."""

    def make(rng: Random) -> SourceCase:
        content = write({"ds": pa.array(days(20), pa.timestamp("s")), "y": pa.array([rng.random() for _ in range(20)])})
        return _case(change(rng, content), None)

    return make


def _flip_head_of_footer(rng: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    changed[len(content) - rng.randint(1, 8)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _no_rows(rng: Random) -> SourceCase:
    return _case(write({"ds": pa.array([], pa.timestamp("s")), "y": pa.array([], pa.float64())}), None)


def _no_rows_then_others(rng: Random) -> SourceCase:
    empty = write({"ds": pa.array([], pa.timestamp("s")), "y": pa.array([], pa.float64())})
    count = rng.randint(1, 9)
    other = write(
        {"ds": pa.array(days(count), pa.timestamp("s")), "y": pa.array([1.0] * count), "z": pa.array([1] * count)}
    )
    return SourceCase(files={"data/a.parquet": empty, "data/b.parquet": other}, source="data", expected=None)


def _years(kind: pa.DataType, year: int, **write_options: Any) -> Callable[[Random], SourceCase]:
    def make(rng: Random) -> SourceCase:
        times = [*days(rng.randint(2, 9)), datetime.datetime(year, rng.randint(1, 12), 1)]
        refuse = not 1678 <= year <= 2261
        return parquet_case(times, [1.0] * len(times), time_kind=kind, refuse=refuse, write_options=write_options)

    return make


def _local(timezone: str, first: datetime.datetime) -> Callable[[Random], SourceCase]:
    """Times without a zone, some of which the clock shows twice or never."""

    def make(rng: Random) -> SourceCase:
        times = [first + datetime.timedelta(minutes=30 * at) for at in range(rng.randint(6, 12))]
        return parquet_case(times, [1.0] * len(times), refuse=True, timezone=timezone)

    return make


_TARGETS = {
    "doubles": _target(pa.float64(), lambda rng: rng.gauss(0, 1e5), must_read=True),
    "floats": _target(pa.float32(), lambda rng: rng.randint(-(2**20), 2**20) / 8, must_read=True),
    "missing and NaN": _target(pa.float64(), lambda rng: rng.choice([None, float("nan"), 1.0]), must_read=True),
    "infinite": _target(pa.float64(), lambda rng: rng.choice([float("inf"), -float("inf"), 1.0])),
    "small whole numbers": _target(pa.int8(), lambda rng: rng.randint(-128, 127), must_read=True),
    "large whole numbers": _target(pa.int64(), lambda rng: rng.randint(-(2**63), 2**63 - 1)),
    "unsigned whole numbers": _target(pa.uint64(), lambda rng: rng.randint(2**63, 2**64 - 1)),
    "true and false": _target(pa.bool_(), lambda rng: rng.choice([True, False, None])),
    "decimals": _target(
        pa.decimal128(20, 4), lambda rng: decimal.Decimal(rng.randrange(10**12)) / 10_000, must_read=True
    ),
    "long decimals": _target(pa.decimal128(38, 10), lambda rng: decimal.Decimal(rng.randrange(10**27)).scaleb(-10)),
    "nothing but nulls": _target(pa.null(), lambda rng: None),
    "dictionary of numbers": _dictionary,
    "target of times": _strange("y", lambda count: pa.array(days(count), pa.timestamp("s"))),
    "target of lists": _strange("y", lambda count: pa.array([[1.0]] * count)),
    "target of structs": _strange("y", lambda count: pa.array([{"a": 1.0}] * count)),
    "target of words": _strange("y", lambda count: pa.array(["high"] * count)),
    "target of durations": _strange("y", lambda count: pa.array([1] * count, pa.duration("s"))),
    "target of bytes": _strange("y", lambda count: pa.array([b"\xff\x00"] * count)),
    "target of fixed bytes": _strange("y", lambda count: pa.array([b"1234"] * count, pa.binary(4))),
}

_TIMES = {
    **{f"times in {unit}": _times(pa.timestamp(unit), must_read=True) for unit in ("s", "ms", "us", "ns")},
    "times in Berlin": _times(pa.timestamp("us", "Europe/Berlin"), must_read=True),
    "times at a distance": _times(pa.timestamp("ms", "+05:30"), must_read=True),
    "times of an unknown zone": _times(pa.timestamp("ms", "Mars/Olympus")),
    "dates": _times(pa.date32(), must_read=True),
    "dates of 64 bits": _times(pa.date64(), must_read=True),
    "times in 96 bits": _times(
        pa.timestamp("us"), must_read=True, write_options={"use_deprecated_int96_timestamps": True}
    ),
    "far years in 96 bits": _years(pa.timestamp("us"), 3000, use_deprecated_int96_timestamps=True),
    "far years": _years(pa.timestamp("us"), 9999),
    "early years": _years(pa.timestamp("us"), 1500),
    "clocks set back": _local("Europe/Berlin", datetime.datetime(2021, 10, 31, 1)),
    "clocks set forward": _local("Europe/Berlin", datetime.datetime(2021, 3, 28, 1)),
    "times of day": _strange("ds", lambda count: pa.array([1] * count, pa.time32("s"))),
    "times as durations": _strange("ds", lambda count: pa.array([1] * count, pa.duration("s"))),
    "times as floats": _strange("ds", lambda count: pa.array([1e9] * count)),
    "times as numbers, no format": _strange("ds", lambda count: pa.array([10**9] * count)),
    "times with nulls": _strange("ds", lambda count: pa.array([None, *days(count - 1)], pa.timestamp("s"))),
    "times with fractions": _strange(
        "ds", lambda count: pa.array([time.replace(microsecond=1) for time in days(count)], pa.timestamp("us"))
    ),
}

_IDS = {
    "ids as text": _texts(lambda names: pa.array(names)),
    "ids as long text": _texts(lambda names: pa.array(names, pa.large_string())),
    "ids as bytes": _texts(lambda names: pa.array([name.encode() for name in names])),
    "ids as dictionary": _texts(lambda names: pa.array(names).dictionary_encode()),
    "ids as floats": _strange("id", lambda count: pa.array([1.5] * count)),
    "ids as dates": _strange("id", lambda count: pa.array(days(count), pa.date32())),
    "ids with nulls": _strange("id", lambda count: pa.array([None, *["a"] * (count - 1)])),
    "ids that are no UTF-8": _strange("id", lambda count: pa.array([b"\xff"] * count)),
    "ids in lists": _strange("id", lambda count: pa.array([["a"]] * count)),
}

_FILES = {
    "lists beside": _beside("z", lambda count: pa.array([[1, 2]] * count)),
    "structs beside": _beside("z", lambda count: pa.array([{"y": 9.0}] * count)),
    "a name with a point beside": _beside("y.z", lambda count: pa.array([9.0] * count)),
    "maps beside": _beside("z", lambda count: pa.array([[("y", 9.0)]] * count, pa.map_(pa.string(), pa.float64()))),
    "no row groups": _no_rows,
    "no row groups, then other columns": _no_rows_then_others,
    "cut short": _damaged(lambda rng, content: content[: rng.randrange(1, len(content))]),
    "cut at the front": _damaged(lambda rng, content: content[rng.randrange(1, len(content) // 2) :]),
    "end turned over": _damaged(_flip_head_of_footer),
    "text under its name": _damaged(lambda rng, content: b"ds,y\n2021-01-01,1\n" * rng.randint(1, 9)),
}


def _written(**write_options: Any) -> Callable[[Random], SourceCase]:
    """The same rows in other pages: as other programs write them."""
    return _target(
        pa.float64(), lambda rng: rng.choice([None, rng.gauss(0, 1e5)]), must_read=True, write_options=write_options
    )


_PAGES = {
    **{
        f"packed by {codec}, {'with' if dictionary else 'without'} dictionary": _written(
            compression=codec, use_dictionary=dictionary
        )
        for codec in ("none", "snappy", "gzip", "brotli", "zstd", "lz4")
        for dictionary in (True, False)
    },
    **{f"pages of version {version}": _written(data_page_version=version) for version in ("1.0", "2.0")},
    **{f"format {version}": _written(version=version) for version in ("1.0", "2.4", "2.6")},
    "a row group a row": _written(row_group_size=1),
    "pages of a few bytes": _written(data_page_size=1, use_dictionary=False),
    "no statistics": _written(write_statistics=False),
    "bytes of floats apart": _written(use_byte_stream_split=["y"], use_dictionary=["ds"]),
}

_NUMBERS = {
    "large with a small deviation": _target(pa.float64(), lambda rng: 1e8 + rng.gauss(0, 22), must_read=True),
    "the smallest doubles": _target(pa.float64(), lambda rng: rng.choice([5e-324, -1e-310, 2.3e-308]), must_read=True),
    "beyond a float": _target(pa.float64(), lambda rng: rng.choice([1e39, -3.5e38, 1e308]), must_read=True),
    **{
        f"whole numbers, {kind}": _target(kind, lambda rng: rng.randint(0, 100), must_read=True)
        for kind in (pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32())
    },
}

MUTATIONS = collect("parquet", {**_TARGETS, **_TIMES, **_IDS, **_FILES, **_PAGES, **_NUMBERS})
