"""What the gate found over any number of series, in a size that does not grow with them."""

import dataclasses
from collections.abc import Iterable

from tapeline.components.data_gate.findings import Finding, FindingGroup, SplitTotal
from tapeline.schemas.features import SPLITS


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
        """Both in one."""
        keys = {**self.groups, **other.groups}
        return Totals(
            {key: self.groups.get(key, FindingGroup()).merge(other.groups.get(key, FindingGroup())) for key in keys},
            tuple(mine.merge(theirs) for mine, theirs in zip(self.splits, other.splits, strict=True)),
            self.series + other.series,
        )

    def judged(self, whole: Iterable[Finding]) -> list[FindingGroup]:
        """The groups together with findings about the data as a whole.

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
