"""CSV files with one mistake each, in the structure, in the times, in the numbers or in the ids."""
# ruff: noqa: RUF001 (letters that look like others are the point here)

import datetime
from collections.abc import Callable
from random import Random
from typing import Any

from tests.fuzz.cases import SourceCase, collect
from tests.fuzz.reference_rows import read_csv

Table = list[list[str]]


def table(rng: Random, *, start: str = "2021-01-01", step: datetime.timedelta | None = None) -> Table:
    """A sound table: header and a row a day, with columns that nobody reads."""
    first = datetime.datetime.fromisoformat(start)
    step = step or datetime.timedelta(days=1)
    form = "%Y-%m-%d" if step >= datetime.timedelta(days=1) else "%Y-%m-%d %H:%M:%S"
    series = rng.sample(["Wien", "Graz", "Linz", "Köln"], 2)
    rows = [["ds", "id", "y", "note"]]
    for at in range(rng.randint(8, 30)):
        value = f"{rng.uniform(-1000, 1000):.{rng.randint(0, 6)}f}"
        rows.append([f"{first + at // 2 * step:{form}}", series[at % 2], value, rng.choice(["", "ok", "a b", "x'y"])])
    return rows


def render(rows: Table, *, end: str = "\n") -> bytes:
    """The text of a table, fields as they are."""
    return "".join(",".join(row) + end for row in rows).encode("utf-8", "surrogateescape")


def csv_case(content: bytes, *, must_read: bool = False, block_bytes: int = 1 << 20, **options: str) -> SourceCase:
    """A case of one file; the slow reader says what its rows are."""
    options = {"series_id": "id", **options}
    reference = {key: value for key, value in options.items() if key in ("time_format", "timezone", "series_id")}
    expected = read_csv(content, **reference)
    assert expected or not must_read, content
    return SourceCase(
        files={"data.csv": content}, expected=expected, must_read=must_read, options=options, block_bytes=block_bytes
    )


def fields(
    column: int, change: Callable[[Random, str], str], *, every: bool = False, must_read: bool = False, **options: Any
) -> Callable[[Random], SourceCase]:
    """Changes one field of a column, or all of them."""

    def make(rng: Random) -> SourceCase:
        rows = table(rng)
        for at in range(1, len(rows)) if every else [rng.randrange(1, len(rows))]:
            rows[at][column] = change(rng, rows[at][column])
        return csv_case(render(rows), must_read=must_read, **options)

    return make


def lines(change: Callable[[Random, list[str]], None], **options: str | int | bool) -> Callable[[Random], SourceCase]:
    """Changes the lines of a file, the header among them."""

    def make(rng: Random) -> SourceCase:
        texts = render(table(rng)).decode().splitlines()
        change(rng, texts)
        return csv_case(("\n".join(texts) + "\n").encode(), **options)  # type: ignore[arg-type]

    return make


def _some(rng: Random, texts: list[str]) -> int:
    return rng.randrange(1, len(texts) - 2)


def _insert(text: str) -> Callable[[Random, list[str]], None]:
    return lambda rng, texts: texts.insert(_some(rng, texts), text)


def _replace(change: Callable[[Random, str], str]) -> Callable[[Random, list[str]], None]:
    def apply(rng: Random, texts: list[str]) -> None:
        at = _some(rng, texts)
        texts[at] = change(rng, texts[at])

    return apply


def _pair_of_quotes(rng: Random, texts: list[str]) -> None:
    first = rng.randrange(1, len(texts) - 4)
    for at in (first, rng.randrange(first + 2, len(texts))):
        texts[at] = texts[at].rsplit(",", 1)[0] + ',"open'


def _quote_in_header(rng: Random, texts: list[str]) -> None:
    texts[0] += '"'
    at = rng.randrange(2, len(texts))
    texts[at] += ' 5" pipe'


def _inches(rng: Random) -> SourceCase:
    rows = table(rng)
    for row in rows[1:]:
        row[3] = rng.choice(['5" pipe', '3" and 4" pipes', "ok"])
    return csv_case(render(rows), must_read=True, block_bytes=rng.randint(40, 200))


def _line_breaks(rng: Random) -> SourceCase:
    rows = table(rng)
    for row in rows[1:]:
        row[3] = rng.choice(['"two\nlines"', '"a ""quoted""\r\nword"', '"comma, here"', ""])
    return csv_case(render(rows), must_read=True, block_bytes=rng.randint(40, 200))


_STRUCTURE = {
    "sound": lambda rng: csv_case(render(table(rng)), must_read=True),
    "sound, cut into small blocks": lambda rng: csv_case(
        render(table(rng)), must_read=True, block_bytes=rng.randint(20, 300)
    ),
    "line breaks in quotes, small blocks": _line_breaks,
    "inch marks in an unused column, small blocks": _inches,
    "one quote opens in an unused column": lines(_replace(lambda rng, text: text.rsplit(",", 1)[0] + ',"open')),
    "two quotes open in an unused column": lines(_pair_of_quotes),
    "one quote opens in the target": fields(2, lambda rng, text: '"' + text),
    "quote in the middle of a number": fields(2, lambda rng, text: f'"{text[:-1]}"{text[-1]}'),
    "quote in the middle of an id": fields(1, lambda rng, text: f'"{text[:2]}"{text[2:]}'),
    "quote in the middle of a time": fields(0, lambda rng, text: f'"{text[:5]}"{text[5:]}'),
    "quote in the middle of an unused field": fields(3, lambda rng, text: '"left"right'),
    "quotes around all fields": lambda rng: csv_case(
        render([[f'"{text}"' for text in row] for row in table(rng)]), must_read=True
    ),
    "quote at the end of the header, another below": lines(_quote_in_header),
    "field too few": lines(_replace(lambda rng, text: text.rsplit(",", 1)[0])),
    "field too many": lines(_replace(lambda rng, text: text + "," + rng.choice(["", "1", " "]))),
    "field too many in a row that is no UTF-8": lambda rng: csv_case(
        render([*table(rng), ["2021-03-01", "W\udcff", "1", "a", "b"]]), block_bytes=1 << rng.randint(5, 20)
    ),
    "field too many in the middle": lines(_replace(lambda rng, text: text.replace(",", ",,", 1))),
    "empty lines": lines(_insert("")),
    "a line of spaces": lines(_insert("   ")),
    "a line of commas": lines(_insert(",,,")),
    "a comment line": lines(_insert("# hourly values, checked")),
    "the header again in the middle": lines(_insert("ds,id,y,note")),
    "two files in one, columns in another order": lines(_insert("y,id,ds,note")),
    "semicolons": lambda rng: csv_case(render(table(rng)).replace(b",", b";")),
    "tabs": lambda rng: csv_case(render(table(rng)).replace(b",", b"\t")),
    "column named twice": lambda rng: csv_case(render(table(rng)).replace(b"note", rng.choice([b"y", b" y", b"ds"]))),
    "column names with spaces around": lambda rng: csv_case(render(table(rng)).replace(b"id,y", b" id , y ")),
    "column names in capitals": lambda rng: csv_case(render(table(rng)).replace(b",y,", b",Y,")),
    "header only": lambda rng: csv_case(render(table(rng)[:1])),
    "no header": lambda rng: csv_case(render(table(rng)[1:])),
    "escape codes of a terminal in the header": lambda rng: csv_case(render(table(rng)).replace(b"y,", b"\x1b[31my,")),
    "column names of many characters": lambda rng: csv_case(render(table(rng)).replace(b"y,", b"y" * 50_000 + b",")),
    "backslash before a quote": fields(3, lambda rng, text: '"a \\" b"'),
}

_NUMBERS = {
    "decimal comma": fields(2, lambda rng, text: f"{rng.randint(0, 99)},{rng.randint(0, 99)}"),
    "decimal comma in quotes": fields(2, lambda rng, text: f'"{rng.randint(0, 99)},{rng.randint(0, 99)}"'),
    "thousands separator": fields(2, lambda rng, text: f'"{rng.randint(1000, 9**9):,}"'),
    "thousands apart by a space": fields(2, lambda rng, text: f"{rng.randint(1, 99)} {rng.randint(100, 999)}"),
    "underscore in a number": fields(2, lambda rng, text: f"{rng.randint(1, 99)}_{rng.randint(100, 999)}"),
    "inf": fields(2, lambda rng, text: rng.choice(["inf", "-inf", "Infinity", "+inf", "INF"])),
    "nan": fields(2, lambda rng, text: rng.choice(["nan", "NaN", "-nan", "+NaN", "NAN"])),
    "nan with a payload": fields(2, lambda rng, text: rng.choice(["nan(1)", "nan(snan)", "nan(ind)", "nan()"])),
    "words for missing": fields(2, lambda rng, text: rng.choice(["NA", "null", "None", "n/a", "-", "#N/A", "missing"])),
    "beyond a double": fields(2, lambda rng, text: rng.choice(["1e400", "-1e400", "9" * 400, "1e99999999999"])),
    "below a double": fields(2, lambda rng, text: rng.choice(["1e-400", "-1e-400", "1e-330"]), must_read=True),
    "many digits": fields(2, lambda rng, text: f"{rng.random():.60f}", must_read=True),
    "huge whole number": fields(2, lambda rng, text: str(rng.randrange(2**53, 2**80)), must_read=True),
    "halfway between two doubles": fields(2, lambda rng, text: str(2**53 + 1 + 2 * rng.randrange(99)), must_read=True),
    "hexadecimal": fields(2, lambda rng, text: rng.choice(["0x1F", "0x1p3", "1F"])),
    "digits of another script": fields(2, lambda rng, text: rng.choice(["１２", "١٢", "²", "1½"])),
    "minus sign of a typesetter": fields(2, lambda rng, text: f"−{rng.randint(1, 99)}"),
    "plus sign": fields(2, lambda rng, text: f"+{rng.randint(1, 99)}.5"),
    "two signs": fields(2, lambda rng, text: rng.choice(["+-1", "--1", "++1", "-+1", "1-"])),
    "unit behind a number": fields(2, lambda rng, text: text + rng.choice([" kW", "%", "€", "f", "d", "L"])),
    "spaces around a number": fields(2, lambda rng, text: rng.choice([" ", "\t", "\u00a0"]) + text + " "),
    "exponents": fields(2, lambda rng, text: rng.choice(["1E3", "1e+3", "1.e3", ".5e-3", "5."]), must_read=True),
    "half an exponent": fields(2, lambda rng, text: rng.choice(["1e", "1e+", "e3", "."])),
    "true and false": fields(2, lambda rng, text: rng.choice(["true", "FALSE", "True"])),
    "missing values": fields(2, lambda rng, text: rng.choice(["", " ", '""']), must_read=True),
    "NUL in a number": fields(2, lambda rng, text: text + "\0"),
}

_TIMES = {
    "day first": fields(0, lambda rng, text: f"{text[8:]}.{text[5:7]}.{text[:4]}", every=True),
    "day first, slashes": fields(0, lambda rng, text: f"{text[8:]}/{text[5:7]}/{text[:4]}", every=True),
    "day first, read as month first": fields(
        0, lambda rng, text: f"{text[8:]}/{text[5:7]}/{text[:4]}", every=True, time_format="%m/%d/%Y"
    ),
    "year, day, month": fields(0, lambda rng, text: f"2021-{rng.randint(13, 28)}-{text[5:7]}"),
    "mixed forms": fields(0, lambda rng, text: text + rng.choice(["T00:00", " 00:00:00", "T00:00Z", "Z"])),
    "day that no month has": fields(0, lambda rng, text: rng.choice(["2021-02-29", "2021-04-31", "2021-00-01"])),
    "hour 24": fields(0, lambda rng, text: text + "T24:00", every=True),
    "second 60": fields(0, lambda rng, text: text + "T23:59:60", every=True),
    "fractions of a second": fields(0, lambda rng, text: text + f"T00:00:00.{rng.randint(0, 3)}", every=True),
    "distances from UTC that differ": fields(
        0, lambda rng, text: text + rng.choice(["T00:00+01:00", "T00:00+02:00", "T00:00-05:00"]), every=True
    ),
    "one distance from UTC": fields(0, lambda rng, text: text + "T00:00+05:30", every=True, must_read=True),
    "impossible distance from UTC": fields(0, lambda rng, text: text + "T00:00+99:00", every=True),
    "year beyond the grid": fields(0, lambda rng, text: rng.choice(["0001", "1500", "2300", "9999"]) + text[4:]),
    "no time": fields(0, lambda rng, text: rng.choice(["", " ", "NaT", "null", "0", "yesterday"])),
    "two-digit years": fields(0, lambda rng, text: text[2:], every=True),
    "week dates": fields(0, lambda rng, text: f"2021-W{rng.randint(10, 52)}-1", every=True),
    "compact dates": fields(0, lambda rng, text: text.replace("-", ""), every=True),
    "digits of another script in a time": fields(0, lambda rng, text: text.replace("1", "１")),
    "a format with rows beside it": fields(0, lambda rng, text: "2021/01/01", time_format="%Y-%m-%d"),
    "a format, text behind it": fields(0, lambda rng, text: text + rng.choice([" 10:00", "x"]), time_format="%Y-%m-%d"),
    "epoch seconds with a point": fields(
        0, lambda rng, text: f"16{rng.randrange(10**8)}.0", every=True, time_format="epoch_s"
    ),
    "epoch, huge": fields(
        0, lambda rng, text: str(rng.choice([1, -1]) * 10 ** rng.randint(11, 40)), every=True, time_format="epoch_s"
    ),
    "epoch, milliseconds read as seconds": fields(
        0, lambda rng, text: f"16{rng.randrange(10**8):08}000", every=True, time_format="epoch_s"
    ),
    "epoch": fields(
        0, lambda rng, text: f"16{rng.randrange(10**8):08}", every=True, time_format="epoch_s", must_read=True
    ),
}


def _clock(start: str, timezone: str, *, minutes: int = 30) -> Callable[[Random], SourceCase]:
    def make(rng: Random) -> SourceCase:
        begin = datetime.datetime.fromisoformat(start) - datetime.timedelta(hours=rng.randint(0, 2))
        rows = table(rng, start=str(begin), step=datetime.timedelta(minutes=minutes))
        return csv_case(render(rows), timezone=timezone)

    return make


def _zone(start: str, timezone: str) -> Callable[[Random], SourceCase]:
    def make(rng: Random) -> SourceCase:
        first = datetime.datetime.fromisoformat(start) - datetime.timedelta(days=rng.randint(0, 3))
        return csv_case(render(table(rng, start=str(first))), timezone=timezone)

    return make


_ZONES = {
    "clocks set forward": _clock("2021-03-28T01:30", "Europe/Berlin"),
    "clocks set back": _clock("2021-10-31T01:30", "Europe/Berlin"),
    "half an hour of summer time": _clock("2021-04-04T01:15", "Australia/Lord_Howe", minutes=15),
    "midnight set forward": _zone("2018-11-03", "America/Sao_Paulo"),
    "a day that the zone left out": _zone("2011-12-29", "Pacific/Apia"),
    "before the zone was": _clock("1890-01-01T00:00", "Europe/Berlin"),
    "summer time after 2037": _clock("2040-07-01T00:00", "Europe/Berlin"),
}

_IDS = {
    "id with a space behind it": fields(1, lambda rng, text: text + rng.choice([" ", "  ", "\u00a0"])),
    "id in another Unicode form": lambda rng: csv_case(
        render(table(rng)[:1] + [["2021-01-01", name, str(rng.random()), ""] for name in ("Ko\u0308ln", "K\u00f6ln")])
    ),
    "id in other letters": fields(1, lambda rng, text: text.upper(), must_read=True),
    "no id": fields(1, lambda rng, text: rng.choice(["", " ", "\u00a0"])),
    "NUL in an id": fields(1, lambda rng, text: text + "\0"),
    "long id": fields(1, lambda rng, text: text * 10_000, must_read=True),
    "numbers as ids": fields(1, lambda rng, text: rng.choice(["007", "7", "7.0"]), must_read=True),
}

MUTATIONS = collect("csv", {**_STRUCTURE, **_NUMBERS, **_TIMES, **_ZONES, **_IDS})
