"""What the data gate found: findings, their totals over many series, and the report.

    report = Report(findings=(finding,), omitted={}, splits=(), series=1)
    report.text()       # what report.txt holds
    report.refusal()    # the message of the error that stops the pipeline

An error stops the pipeline; a warning is only reported.
"""

import dataclasses
import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from tapeline.schemas.features import SINGLE_SERIES, SPLITS, TARGET

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
    def sort_key(self) -> tuple[bool, str, str, int, str, str]:
        """Errors first, then by kind, column, split (in the order of time), series and text."""
        split = SPLITS.index(self.split) if self.split in SPLITS else -1
        return (self.severity != "error", self.kind, self.column or "", split, self.series_id or "", self.message)


@dataclasses.dataclass(frozen=True)
class FindingGroup:
    """Findings of one kind about one column: the first few, and how many there are.

    `empty`, `merge` and `compute` (in that order) make a total over any number
    of series whose size does not grow with them; their order does not matter.
    """

    shown: tuple[Finding, ...] = ()
    total: int = 0

    @classmethod
    def of(cls, finding: Finding) -> "FindingGroup":
        """The group of one finding."""
        return cls((finding,), 1)

    def merge(self, other: "FindingGroup") -> "FindingGroup":
        """Both groups in one, the first series by name shown."""
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
        """The extent of both."""
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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """All that the gate found.

    Attributes:
        findings: Errors first.
        omitted: Findings that are counted and not shown, by severity and kind.
        splits: Extent of train, eval and test.
        series: Number of series.
    """

    findings: tuple[Finding, ...]
    omitted: Mapping[tuple[Severity, str], int]
    splits: tuple[SplitTotal, ...]
    series: int

    @classmethod
    def gather(
        cls,
        groups: Iterable[FindingGroup],
        *,
        splits: Sequence[SplitTotal],
        series: int,
    ) -> "Report":
        """Puts totals together, errors first."""
        findings: list[Finding] = []
        omitted: dict[tuple[Severity, str], int] = {}
        for group in groups:
            findings += group.shown
            if group.omitted:
                key = (group.shown[0].severity, group.shown[0].kind)
                omitted[key] = omitted.get(key, 0) + group.omitted
        ordered = tuple(sorted(findings, key=lambda finding: finding.sort_key))
        return cls(findings=ordered, omitted=omitted, splits=tuple(splits), series=series)

    def count(self, severity: Severity) -> int:
        """Number of findings of one severity, those not shown included."""
        shown = sum(finding.severity == severity for finding in self.findings)
        return shown + sum(number for (grade, _), number in self.omitted.items() if grade == severity)

    @property
    def refused(self) -> bool:
        """Whether an error was found."""
        return self.count("error") > 0

    def _section(self, severity: Severity) -> list[str]:
        found = [finding for finding in self.findings if finding.severity == severity]
        lines = []
        for number, finding in enumerate(found, start=1):
            lines.append(f"{number:3}. [{finding.kind}] {finding.place}{finding.message}")
            lines.append(f"     Fix: {finding.fix}")
        for (grade, kind), number in sorted(self.omitted.items()):
            if grade == severity:
                lines.append(f"     ... and {number:,} more of [{kind}], not listed.")
        return lines

    def text(self) -> str:
        """The report for a reader."""
        verdict = "REFUSED" if self.refused else "PASSED"
        lines = [f"Data gate: {verdict} ({_counts(self)})", ""]
        lines.append(f"{self.series:,} series")
        for name, split in zip(SPLITS, self.splits, strict=False):
            lines.append(f"  {name:5} {_extent(split)}")
        for severity, heading in (("error", "Errors"), ("warning", "Warnings")):
            section = self._section(severity)  # type: ignore[arg-type]
            if section:
                lines += ["", heading, *section]
        return "\n".join(lines) + "\n"

    def as_json(self) -> str:
        """The report for a machine."""
        tree: dict[str, Any] = {
            "refused": self.refused,
            "errors": self.count("error"),
            "warnings": self.count("warning"),
            "series": self.series,
            "splits": {name: dataclasses.asdict(split) for name, split in zip(SPLITS, self.splits, strict=False)},
            "findings": [dataclasses.asdict(finding) for finding in self.findings],
            "omitted": [
                {"severity": severity, "kind": kind, "count": number}
                for (severity, kind), number in sorted(self.omitted.items())
            ],
        }
        return json.dumps(tree, indent=2) + "\n"

    def refusal(self, *, limit: int = 18, report: str | None = None) -> str:
        """The message of the error that stops the pipeline: all errors, up to `limit` of them.

        Args:
            limit: Findings listed.
            report: Where the whole report can be read.
        """
        errors = [finding for finding in self.findings if finding.severity == "error"]
        size = f"{self.series:,} series, {plural(sum(split.rows for split in self.splits), 'row')}"
        lines = [f"the data gate refuses the data ({size}): {_counts(self)}"]
        lines += [f"  [{error.kind}] {error.place}{error.message} Fix: {error.fix}" for error in errors[:limit]]
        rest = self.count("error") - min(limit, len(errors))
        if rest:
            lines.append(f"  ... and {rest:,} more.")
        if report is not None:
            lines.append(f"The whole report: {report}")
        return "\n".join(lines)


def _counts(report: Report) -> str:
    errors, warnings = report.count("error"), report.count("warning")
    return f"{plural(errors, 'error')}, {plural(warnings, 'warning')}"


def _extent(split: SplitTotal) -> str:
    if split.first is None or split.last is None:
        return "no rows"
    windows = "windows not counted" if split.windows is None else f"{split.windows:,} windows"
    span = " to ".join(time_text(seconds) for seconds in (split.first, split.last))
    return f"{split.rows:,} rows, {span}, {windows}"


def plural(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def time_text(seconds: int) -> str:
    """A time in UTC, without its clock at midnight: `2001-12-29`, `2001-12-29T06:30:00Z`."""
    try:
        time = datetime.datetime.fromtimestamp(int(seconds), tz=datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return f"{int(seconds)} s since 1970"
    return time.strftime("%Y-%m-%d" if int(seconds) % 86_400 == 0 else "%Y-%m-%dT%H:%M:%SZ")


def listing(items: Sequence[str], total: int | None = None) -> str:
    """The first offenders, and whether there are more: `a, b, ...`."""
    total = len(items) if total is None else total
    shown = list(items[:MAX_OFFENDERS])
    return ", ".join(shown) + (", ..." if total > len(shown) else "")
