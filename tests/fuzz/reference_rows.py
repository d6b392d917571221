"""A slow reader of CSV files in plain Python: what the fast one must agree with.

It knows nothing of Arrow, NumPy or pandas. None means that the input must not be read.

    read_csv(b"ds,y\n2021-01-01,1.5\n")      # [(1609459200, None, 1.5)]
"""

import csv
import datetime
import decimal
import io
import math
import re
import unicodedata
import zoneinfo

from tests.fuzz.cases import Row

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
_WORDS = {"inf": math.inf, "infinity": math.inf, "nan": None, "true": 1.0, "false": 0.0, "": None}
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,9})?)?"
    r"(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?)?"
)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_NUL = "\ue000"


class Refused(Exception):
    """The input must not be read; why."""


def read_csv(
    content: bytes, *, time_format: str | None = None, timezone: str = "UTC", series_id: str | None = None
) -> list[Row] | None:
    """The rows of one file with the columns `ds` and `y`, or None."""
    try:
        return _rows(content, time_format, timezone, series_id)
    except (Refused, csv.Error, UnicodeDecodeError, ValueError, OverflowError):
        return None


def _rows(content: bytes, time_format: str | None, timezone: str, series_id: str | None) -> list[Row]:
    # The csv module of Python 3.10 takes no NUL; a character that no input has stands for it.
    text = content.decode("utf-8-sig").replace("\0", _NUL)
    records = [record for record in csv.reader(io.StringIO(text, newline=""), strict=True) if record]
    if not records:
        raise Refused("no header")
    header = [name.strip() for name in records[0]]
    needed = ["ds", "y", *([series_id] if series_id else [])]
    if len(set(header)) < len(header) or not set(needed) <= set(header) or len(records) < 2:
        raise Refused("header")
    if any(len(record) != len(header) for record in records[1:]):
        raise Refused("fields")
    columns = [[record[header.index(name)].replace(_NUL, "\0") for record in records[1:]] for name in needed]
    times = read_times(columns[0], time_format=time_format, timezone=timezone)
    ids: list[str | None] = [None] * len(times)
    if series_id:
        ids = [*columns[2]]
        if any(not name or not name.strip() for name in ids):
            raise Refused("a row names no series")
        check_ids(columns[2])
    return list(zip(times, ids, map(read_number, columns[1]), strict=True))


def check_ids(ids: list[str]) -> None:
    """Refuses ids that only a computer tells apart: they differ by spaces around them, or by their Unicode form."""
    if len({unicodedata.normalize("NFC", name).strip() for name in ids}) < len(set(ids)):
        raise Refused("two ids that look the same")


def read_number(text: str) -> float | None:
    """One field as a number; None where it is missing."""
    bare = text.strip()
    word = bare.lower()
    if word in _WORDS:
        return _WORDS[word]
    if word[:1] in "+-" and word[1:] in ("inf", "infinity", "nan"):
        value = _WORDS[word[1:]]
        return value if value is None else value * (-1 if word[0] == "-" else 1)
    if not _NUMBER.fullmatch(bare):
        raise Refused(f"{text!r} is no number")
    number = float(decimal.Decimal(bare))
    if math.isinf(number):
        raise Refused(f"{text!r} is beyond the range of a double")
    return number


def read_times(texts: list[str], *, time_format: str | None, timezone: str) -> list[int]:
    """A column of times as epoch seconds; all have one form."""
    texts = [text.strip() for text in texts]
    if time_format and time_format.startswith("epoch_"):
        units = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[time_format.removeprefix("epoch_")]
        if not all(re.fullmatch(r"-?[0-9]+", text) for text in texts) or any(int(text) % units for text in texts):
            raise Refused("epoch")
        return [_in_range(int(text) // units) for text in texts]
    if time_format:
        walls = [datetime.datetime.strptime(text, time_format) for text in texts]
        return [_localized(wall, timezone) for wall in walls]
    forms = {re.sub("(?<=:[0-9]{2})[+-](?=[0-9:]+$)", "±", re.sub("[0-9]", "0", text)) for text in texts}
    forms = {re.sub(r"^(.{16,29}?)[+-](?=00(:?00)?$)", r"\1±", form) for form in forms}
    if len(forms) != 1:
        raise Refused("several forms of time")
    moments = [_iso(text) for text in texts]
    zoned = [(wall, offset) for wall, offset in moments if offset is not None]
    if not zoned:
        day = ":" not in texts[0]
        return [_first_instant(wall, timezone) if day else _localized(wall, timezone) for wall, _ in moments]
    seconds = [
        int((wall.replace(tzinfo=datetime.timezone.utc) - _EPOCH).total_seconds()) - 60 * offset
        for wall, offset in zoned
    ]
    if len({offset for _, offset in zoned}) > 1:
        zone = zoneinfo.ZoneInfo(timezone)
        for second, (_, offset) in zip(seconds, zoned, strict=True):
            own = (_EPOCH + datetime.timedelta(seconds=second)).astimezone(zone).utcoffset()
            if own != datetime.timedelta(minutes=offset):
                raise Refused("several distances from UTC")
    return [_in_range(second) for second in seconds]


def _iso(text: str) -> tuple[datetime.datetime, int | None]:
    match = _ISO.fullmatch(text)
    if not match:
        raise Refused(f"{text!r} is no ISO 8601 time")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    wall = datetime.datetime(int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0))
    if fraction and int(fraction[1:]):
        raise Refused("fraction of a second")
    if not zone or zone == "Z":
        return wall, 0 if zone else None
    digits = zone[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 23 or minutes > 59:
        raise Refused("distance from UTC")
    return wall, (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)


def _localized(wall: datetime.datetime, timezone: str) -> int:
    """Wall clock to instant; times that come twice or never are refused."""
    if wall.microsecond:
        raise Refused("fraction of a second")
    zone = zoneinfo.ZoneInfo(timezone)
    instants = set()
    for fold in (0, 1):
        instant = wall.replace(tzinfo=wall.tzinfo or zone, fold=fold).astimezone(datetime.timezone.utc)
        back = instant.astimezone(wall.tzinfo or zone).replace(tzinfo=None)
        if back == wall.replace(tzinfo=None):
            instants.add(instant)
    if len(instants) != 1:
        raise Refused(f"{wall} comes {len(instants)} times in {timezone}")
    return _in_range(int((instants.pop() - _EPOCH).total_seconds()))


def _first_instant(day: datetime.datetime, timezone: str) -> int:
    """The first instant of a day; a zone may have left a day out."""
    zone = zoneinfo.ZoneInfo(timezone)
    for minute in range(24 * 60):
        wall = day + datetime.timedelta(minutes=minute)
        instant = wall.replace(tzinfo=zone).astimezone(datetime.timezone.utc)
        if instant.astimezone(zone).replace(tzinfo=None) == wall:
            return _in_range(int((instant - _EPOCH).total_seconds()))
    raise Refused(f"{timezone} has no {day:%Y-%m-%d}")


def _in_range(seconds: int) -> int:
    if not 1678 <= (_EPOCH + datetime.timedelta(seconds=seconds)).year <= 2261:
        raise Refused("beyond the years")
    return seconds
