"""What the gate's checks found in all: findings and the extent of each split, over any number of series.

>>> Totals(series=2).merge(Totals(series=1)).series
3
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping

from tapeline.components.data_gate.scale_total import ScaleTotal
from tapeline.schemas.features import SPLITS
from tapeline.series.checks.findings import Finding, FindingGroup


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
        padded: How many of the windows have a context that begins before its series.
    """

    rows: int = 0
    first: int | None = None
    last: int | None = None
    windows: int | None = 0
    longest: int = 0
    measured: Mapping[str, int] = dataclasses.field(default_factory=dict)
    padded: int = 0

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
            padded=self.padded + other.padded,
        )


@dataclasses.dataclass(frozen=True)
class Totals:
    """What the checks found over any number of series; merging does not depend on the order.

    Attributes:
        groups: Findings by severity, kind, column and split.
        splits: Extent of each of `SPLITS`.
        series: Number of series.
        scale: What the train rows of all series make of a scale that they share.
    """

    groups: dict[tuple[str | None, ...], FindingGroup] = dataclasses.field(default_factory=dict)
    splits: tuple[SplitTotal, ...] = (SplitTotal(),) * len(SPLITS)
    series: int = 0
    scale: ScaleTotal = dataclasses.field(default_factory=ScaleTotal)

    def merge(self, other: "Totals") -> "Totals":
        """Returns both in one."""
        keys = {**self.groups, **other.groups}
        return Totals(
            {key: self.groups.get(key, FindingGroup()).merge(other.groups.get(key, FindingGroup())) for key in keys},
            tuple(mine.merge(theirs) for mine, theirs in zip(self.splits, other.splits, strict=True)),
            self.series + other.series,
            self.scale.merge(other.scale),
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
        scale = dataclasses.asdict(self.scale)
        return json.dumps({"groups": groups, "splits": splits, "series": self.series, "scale": scale})

    @classmethod
    def from_json(cls, line: str) -> "Totals":
        """Reads what `as_json` wrote."""
        tree = json.loads(line)
        groups = {}
        for group in tree["groups"]:
            shown = tuple(Finding(**finding) for finding in group["shown"])
            groups[shown[0].group_key] = FindingGroup(shown, group["total"])
        splits = tuple(SplitTotal(**split) for split in tree["splits"])
        return cls(groups, splits, tree["series"], ScaleTotal.from_tree(tree["scale"]))
