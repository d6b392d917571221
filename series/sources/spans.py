"""Spans, as TFX counts them: data that arrive batch by batch, of which the newest are read.

A source such as `load/span-{SPAN}/*.parquet` names one span a number;
`load/{YYYY}/{MM}/{DD}/*.csv` names one a day, counted in days since 1970.
Where a span was delivered again, `{VERSION}` counts the deliveries, and the
last one stands for the span.

>>> choose_spans("load/span-{SPAN}/*.csv", ["load/span-7/a.csv", "load/span-8/a.csv"], newest=1)
Spans(files=('load/span-8/a.csv',), spans=(8,), version=None)
"""

import datetime
import glob
import re
from collections.abc import Sequence
from typing import NamedTuple

from tapeline.schemas.errors import ConfigError, DataError

_NUMBER = re.compile(r"\{(SPAN|VERSION)(?::(\d+))?\}")
_DATE = {"{YYYY}": ("year", 4), "{MM}": ("month", 2), "{DD}": ("day", 2)}
_EPOCH = datetime.date(1970, 1, 1)
_MARKS = re.compile(r"\{SPAN(?::[^}]*)?\}|\{VERSION(?::[^}]*)?\}|\{YYYY\}|\{MM\}|\{DD\}")


class Spans(NamedTuple):
    """What was chosen.

    Attributes:
        files: Paths of the chosen spans, in their order.
        spans: Numbers of the spans, ascending.
        version: Version of the newest span; None where the pattern has no `{VERSION}`.
    """

    files: tuple[str, ...]
    spans: tuple[int, ...]
    version: int | None


def has_spans(pattern: str) -> bool:
    """Returns whether a source names spans."""
    return bool(_MARKS.search(pattern))


def glob_of(pattern: str) -> str:
    """Returns the glob that matches the files of all spans.

    Raises:
        ConfigError: The pattern's marks do not go together.
    """
    _check(pattern)
    return _MARKS.sub("*", pattern)


def _check(pattern: str) -> None:
    marks = _MARKS.findall(pattern)
    spans = sum(mark.startswith("{SPAN") for mark in marks)
    versions = sum(mark.startswith("{VERSION") for mark in marks)
    dates = [mark for mark in marks if mark in _DATE]
    rule = None
    if spans > 1 or versions > 1:
        rule = "{SPAN} and {VERSION} may each stand there once"
    elif any(not _NUMBER.fullmatch(mark) or mark.endswith(":0}") for mark in marks if mark not in _DATE):
        rule = "the width of {SPAN:width} or {VERSION:width} must be a whole number from 1"
    elif dates and (spans or sorted(dates) != sorted(_DATE)):
        rule = "a span is either {SPAN} or the date {YYYY}, {MM} and {DD}, each once"
    elif versions and not (spans or dates):
        rule = "{VERSION} needs a span beside it"
    if rule is not None:
        raise ConfigError(f"data.source: got {pattern!r}: {rule}. Write it like 'load/span-{{SPAN}}/*.csv'.")


def choose_spans(pattern: str, files: Sequence[str], *, newest: int) -> Spans:
    """Chooses the newest spans, and of each the newest version.

    Args:
        pattern: The source, with its marks.
        files: What `glob_of(pattern)` matches.
        newest: How many spans to take.

    Raises:
        DataError: No file's path holds a span.
    """
    expression = re.compile(_expression(pattern))
    found: dict[int, dict[int, list[str]]] = {}
    for file in files:
        match = expression.fullmatch(file)
        if match is None:
            continue
        numbers = {name: int(text) for name, text in match.groupdict().items()}
        try:
            span = numbers["span"] if "span" in numbers else _days(numbers)
        except ValueError as error:
            raise DataError(f"data.source: {file!r} holds no date: {error}. Rename it.") from None
        found.setdefault(span, {}).setdefault(numbers.get("version", -1), []).append(file)
    if not found:
        raise DataError(
            f"data.source: no file matches {pattern!r}; {len(files)} match without a number where a span or version "
            "should stand. Correct data.source, or the names of the files."
        )
    spans = tuple(sorted(found)[-newest:])
    version = max(found[spans[-1]])
    return Spans(
        files=tuple(file for span in spans for file in sorted(found[span][max(found[span])])),
        spans=spans,
        version=None if version < 0 else version,
    )


def _days(numbers: dict[str, int]) -> int:
    return (datetime.date(numbers["year"], numbers["month"], numbers["day"]) - _EPOCH).days


def _expression(pattern: str) -> str:
    """The pattern as a regular expression that catches span and version."""
    parts, end = [], 0
    for mark in _MARKS.finditer(pattern):
        parts.append(_glob_expression(pattern[end : mark.start()]))
        if mark.group() in _DATE:
            name, width = _DATE[mark.group()]
            parts.append(rf"(?P<{name}>\d{{{width}}})")
        else:
            word, wide = _NUMBER.fullmatch(mark.group()).groups()  # type: ignore[union-attr]
            parts.append(rf"(?P<{word.lower()}>\d{f'{{{wide}}}' if wide else '+'})")
        end = mark.end()
    return "".join([*parts, _glob_expression(pattern[end:])])


def _glob_expression(text: str) -> str:
    """A piece of a glob as a regular expression; stars do not cross folders, but for two in a row."""
    parts = re.split(r"(\*\*/|\*|\?|\[[^\]]+\])", text)
    return "".join(
        _WILD.get(part) or (f"[{_set(part)}]" if glob.has_magic(part) else re.escape(part)) for part in parts
    )


def _set(part: str) -> str:
    inside = part[1:-1].replace("\\", "\\\\")
    return "^" + inside[1:] if inside.startswith("!") else inside


_WILD = {"**/": r"(?:[^/]+/)*", "*": r"[^/]*", "?": r"[^/]"}
