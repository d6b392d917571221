"""The data gate's report: for a reader, for a machine, and as the error that stops the pipeline.

>>> report = Report.gather([FindingGroup.of(Finding(kind="gap", message="3 gaps.", fix="fill them."))], splits=(), series=1)
>>> print(report.refusal())
the data gate refuses the data (1 series, 0 rows): 1 error, 0 warnings
  [gap] 3 gaps. Fix: fill them.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tapeline.components.data_gate.totals import SplitTotal
from tapeline.schemas.features import SPLITS
from tapeline.series.checks.findings import Finding, FindingGroup, Severity, plural, time_text


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """All that the gate found.

    Attributes:
        findings: Errors first.
        omitted: Findings that are counted and not shown, by severity and kind.
        splits: Extent of train, eval and test.
        series: Number of series.
        one_row_in: Of how many rows one was described by the statistics, by split, where it was not every row.
    """

    findings: tuple[Finding, ...]
    omitted: Mapping[tuple[Severity, str], int]
    splits: tuple[SplitTotal, ...]
    series: int
    one_row_in: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @classmethod
    def gather(
        cls,
        groups: Iterable[FindingGroup],
        *,
        splits: Sequence[SplitTotal],
        series: int,
        one_row_in: Mapping[str, int] | None = None,
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
        return cls(findings=ordered, omitted=omitted, splits=tuple(splits), series=series, one_row_in=one_row_in or {})

    def count(self, severity: Severity) -> int:
        """Number of findings of one severity, those not shown included."""
        shown = sum(finding.severity == severity for finding in self.findings)
        return shown + sum(number for (grade, _), number in self.omitted.items() if grade == severity)

    @property
    def refused(self) -> bool:
        """Whether an error was found."""
        return self.count("error") > 0

    @property
    def sampled(self) -> str:
        """Says that not every row was described by the statistics; "" where every row was."""
        parts = ", ".join(f"one row in {count:,} of {split}" for split, count in self.one_row_in.items())
        return f"Schema and drift were judged on a sample (checks.statistics_rows): {parts}." if parts else ""

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
        lines += [self.sampled] if self.sampled else []
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
            "sampled": self.sampled,
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
