"""Findings, what the checks write down: one by one, and gathered over series.

An error stops the pipeline; a warning is only reported.

>>> found = SeriesFindings(np.array([b"oil", b"gas"], object))
>>> found.add("gap", np.array([0, 3]), lambda code, count: f"{plural(count, 'gap')}.", fix="fill them.")
>>> [finding.place + finding.message for group in found.groups.values() for finding in group.shown]
["series 'gas': 3 gaps."]
"""

import dataclasses
import datetime
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from tapeline.schemas.features import SINGLE_SERIES, SPLITS, TARGET
from tapeline.series.arrays import Ints, Names

Severity = Literal["error", "warning"]

MAX_OFFENDERS = 5
"""Offending rows, runs or values that one finding names; `count` tells how many there are."""

MAX_SERIES = 20
"""Series that one kind of finding names; a panel with one fault in every series stays readable."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or odd, with the data.

    Attributes:
        kind: What it is, one word for machines: `duplicate_timestamps`.
        message: What was found, with the first offenders and the rule that they break.
        fix: What the user can do.
        severity: `error` stops the pipeline.
        series_id: The series it is about; None: all of them.
        column: The column it is about, under its name in the rows; None: the time, or the whole.
        split: The split it is about; None: all of them.
        count: Number of offenders (rows, runs, values).
    """

    kind: str
    message: str
    fix: str
    severity: Severity = "error"
    series_id: str | None = None
    column: str | None = None
    split: str | None = None
    count: int = 1

    @property
    def place(self) -> str:
        """Where it is, as the start of a sentence: `series 'oil', column 'price', train: `."""
        parts = []
        if self.series_id is not None and self.series_id != SINGLE_SERIES:
            parts.append(f"series {self.series_id!r}")
        if self.column is not None:
            parts.append("target" if self.column == TARGET else f"column {self.column!r}")
        if self.split is not None:
            parts.append(self.split)
        return ", ".join(parts) + ": " if parts else ""

    @property
    def group_key(self) -> tuple[str | None, ...]:
        """What the findings of a group have in common."""
        return (self.severity, self.kind, self.column, self.split)

    @property
    def sort_key(self) -> tuple[bool, str, str, int, str, str]:
        """Errors first, then by kind, column, split (in the order of time), series and text."""
        split = SPLITS.index(self.split) if self.split in SPLITS else -1
        return (self.severity != "error", self.kind, self.column or "", split, self.series_id or "", self.message)


@dataclasses.dataclass(frozen=True)
class FindingGroup:
    """Findings of one kind about one column: the first few, and how many there are.

    Groups merge in any order, and their size does not grow with the number of series.
    """

    shown: tuple[Finding, ...] = ()
    total: int = 0

    @classmethod
    def of(cls, finding: Finding) -> "FindingGroup":
        """Returns the group of one finding."""
        return cls((finding,), 1)

    def merge(self, other: "FindingGroup") -> "FindingGroup":
        """Returns both groups in one, the first series by name shown."""
        shown = sorted(self.shown + other.shown, key=lambda finding: finding.sort_key)
        return FindingGroup(tuple(shown[:MAX_SERIES]), self.total + other.total)

    @property
    def omitted(self) -> int:
        """Findings that are counted and not shown."""
        return self.total - len(self.shown)


class SeriesFindings:
    """Findings about some series, gathered into groups.

    Args:
        ids: The series, bytes `[u]`.
    """

    def __init__(self, ids: Names) -> None:
        self._ids = ids
        self.groups: dict[tuple[str | None, ...], FindingGroup] = {}

    def add(
        self,
        kind: str,
        count: Ints,
        message: Callable[[int, int], str],
        *,
        fix: str | Callable[[int], str],
        column: str | None = None,
        split: str | None = None,
        severity: Severity = "error",
    ) -> None:
        """Adds one finding for each series that has offenders.

        Args:
            kind: As in `Finding`; so are `column`, `split` and `severity`.
            count: Offenders of each series, `[u]`.
            message: Writes the message from a series' position and count; called for the first few series by name.
            fix: What the user can do, or a function of the position that writes it.
            column: The column of all these findings.
            split: Their split.
            severity: Their severity.
        """
        codes = np.flatnonzero(count)
        if not len(codes):
            return
        # Bytes that are no UTF-8 show as a question mark in a box.
        names = {code: bytes(self._ids[code]).decode("utf-8", "replace") for code in codes.tolist()}
        found = [
            Finding(
                kind=kind,
                message=message(code, int(count[code])),
                fix=fix if isinstance(fix, str) else fix(code),
                severity=severity,
                series_id=names[code],
                column=column,
                split=split,
                count=int(count[code]),
            )
            for code in sorted(names, key=names.__getitem__)[:MAX_SERIES]
        ]
        key = found[0].group_key
        self.groups[key] = self.groups.get(key, FindingGroup()).merge(FindingGroup(tuple(found), len(codes)))


def plural(number: int, noun: str) -> str:
    """Returns a number of things: `1 row`, `2,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def time_text(seconds: int) -> str:
    """Returns a time in UTC, without its clock at midnight: `2001-12-29`, `2001-12-29T06:30:00Z`."""
    try:
        time = datetime.datetime.fromtimestamp(int(seconds), tz=datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return f"{int(seconds)} s since 1970"
    return time.strftime("%Y-%m-%d" if int(seconds) % 86_400 == 0 else "%Y-%m-%dT%H:%M:%SZ")


def listing(items: Sequence[str], total: int | None = None) -> str:
    """Returns the first offenders, and whether there are more: `a, b, ...`."""
    total = len(items) if total is None else total
    shown = list(items[:MAX_OFFENDERS])
    return ", ".join(shown) + (", ..." if total > len(shown) else "")
