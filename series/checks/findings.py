"""What the data gate found: findings, and their totals over any number of series.

An error stops the pipeline; a warning is only reported.

>>> found = SeriesFindings(np.array([b"oil", b"gas"], object))
>>> found.add("gap", np.array([0, 3]), lambda code, count: f"{plural(count, 'gap')}.", fix="fill them.")
>>> totals = Totals(found.groups, series=2).merge(Totals(series=1))
>>> [finding.place + finding.message for group in totals.groups.values() for finding in group.shown]
["series 'gas': 3 gaps."]
"""

import dataclasses
import datetime
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
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


@dataclasses.dataclass(frozen=True)
class SplitTotal:
    """The extent of one split, over all series.

    Attributes:
        rows: Number of rows.
        first: Earliest time, epoch seconds; None without rows.
        last: Latest time.
        windows: Windows that fit, at stride 1; None where the time grid is too broken to count.
        longest: Steps that the longest series spans in this split.
        measured: Number of values by column, the target included.
    """

    rows: int = 0
    first: int | None = None
    last: int | None = None
    windows: int | None = 0
    longest: int = 0
    measured: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def merge(self, other: "SplitTotal") -> "SplitTotal":
        """Returns the extent of both."""
        firsts = [value for value in (self.first, other.first) if value is not None]
        lasts = [value for value in (self.last, other.last) if value is not None]
        known = self.windows is not None and other.windows is not None
        return SplitTotal(
            rows=self.rows + other.rows,
            first=min(firsts, default=None),
            last=max(lasts, default=None),
            windows=self.windows + other.windows if known else None,  # type: ignore[operator]
            longest=max(self.longest, other.longest),
            measured={
                column: self.measured.get(column, 0) + other.measured.get(column, 0)
                for column in {**self.measured, **other.measured}
            },
        )


@dataclasses.dataclass(frozen=True)
class Totals:
    """What the checks found over any number of series; merging does not depend on the order.

    Attributes:
        groups: Findings by severity, kind, column and split.
        splits: Extent of each of `SPLITS`.
        series: Number of series.
    """

    groups: dict[tuple[str | None, ...], FindingGroup] = dataclasses.field(default_factory=dict)
    splits: tuple[SplitTotal, ...] = (SplitTotal(),) * len(SPLITS)
    series: int = 0

    def merge(self, other: "Totals") -> "Totals":
        """Returns both in one."""
        keys = {**self.groups, **other.groups}
        return Totals(
            {key: self.groups.get(key, FindingGroup()).merge(other.groups.get(key, FindingGroup())) for key in keys},
            tuple(mine.merge(theirs) for mine, theirs in zip(self.splits, other.splits, strict=True)),
            self.series + other.series,
        )

    def judged(self, whole: Iterable[Finding]) -> list[FindingGroup]:
        """Returns the groups together with findings about the data as a whole.

        A split without one window is one error, not one more for every series.
        """
        whole = list(whole)
        empty = {finding.split for finding in whole if finding.kind == "no_windows"}
        kept = [
            group
            for (_, kind, _, split), group in self.groups.items()
            if not (kind in ("too_short", "no_rows") and split in empty)
        ]
        return kept + [FindingGroup.of(finding) for finding in whole]

    def as_json(self) -> str:
        """Returns one line of text."""
        groups = [dataclasses.asdict(group) for group in self.groups.values()]
        splits = [dataclasses.asdict(split) for split in self.splits]
        return json.dumps({"groups": groups, "splits": splits, "series": self.series})

    @classmethod
    def from_json(cls, line: str) -> "Totals":
        """Reads what `as_json` wrote."""
        tree = json.loads(line)
        groups = {}
        for group in tree["groups"]:
            shown = tuple(Finding(**finding) for finding in group["shown"])
            groups[shown[0].group_key] = FindingGroup(shown, group["total"])
        return cls(groups, tuple(SplitTotal(**split) for split in tree["splits"]), tree["series"])


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
