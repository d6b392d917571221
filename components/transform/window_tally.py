"""What came of the windows: what each group tells, and what Transform refuses for it.

>>> Tally(windows={"train": 3}).merge(Tally(windows={"train": 4}, longest={"train": 9})).windows
{'train': 7}
"""

import dataclasses
import json

import numpy as np

from tapeline.components.transform.window_group import WindowPlan
from tapeline.schemas.errors import DataError
from tapeline.series.chunking import Grid, SplitSteps
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.scaling import refusal

UNMEASURED = "unmeasured"
"""Windows that are left out because too little of them was measured, in the counts."""

_MOST_PROBLEMS = 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tally:
    """Facts about the windows of any number of groups; their order does not matter.

    Attributes:
        windows: Windows in each split, and those left out.
        longest: Most steps of one series in each split that a forecast may lie in.
        unscaled: Series that have values but no scale.
        problems: What else is wrong, in words; the first few.
    """

    windows: dict[str, int] = dataclasses.field(default_factory=dict)
    longest: dict[str, int] = dataclasses.field(default_factory=dict)
    unscaled: tuple[bytes, ...] = ()
    problems: tuple[str, ...] = ()

    def merge(self, other: "Tally") -> "Tally":
        """Both in one."""
        kinds = {**self.windows, **other.windows}
        splits = {**self.longest, **other.longest}
        return Tally(
            windows={kind: self.windows.get(kind, 0) + other.windows.get(kind, 0) for kind in kinds},
            longest={split: max(self.longest.get(split, 0), other.longest.get(split, 0)) for split in splits},
            unscaled=self.unscaled + other.unscaled,
            problems=tuple(sorted(self.problems + other.problems)[:_MOST_PROBLEMS]),
        )

    def as_json(self) -> str:
        """One line of text; every byte of a name is a character of it."""
        names = [name.decode("latin-1") for name in self.unscaled]
        return json.dumps({**dataclasses.asdict(self), "unscaled": names})

    @classmethod
    def from_json(cls, line: str) -> "Tally":
        """Reads what `as_json` wrote."""
        tree = json.loads(line)
        names = tuple(name.encode("latin-1") for name in tree["unscaled"])
        return cls(**{**tree, "unscaled": names, "problems": tuple(tree["problems"])})

    def check(self, *, rows: dict[str, int], plan: WindowPlan) -> None:
        """Refuses what cannot be trained or scored on.

        Args:
            rows: Rows in each split.
            plan: How windows were cut.

        Raises:
            DataError: Series have no scale or two rows for one step, or a split has no window.
        """
        if self.unscaled:
            raise DataError(refusal(sorted(self.unscaled)))
        if self.problems:
            raise DataError("\n".join(self.problems))
        window, empty = plan.window, []
        for split, count in rows.items():
            if self.windows[split]:
                continue
            if self.longest[split] >= window.horizon:
                fix = (
                    f"every context has less than {window.min_observed:.0%} measured values (window.min_observed) or "
                    "its forecast none. Lower window.min_observed, or fill the series before"
                )
            else:
                fix = (
                    f"at most {self.longest[split]} of its steps lie in one series behind the {window.least_context} "
                    f"that a context needs (window.min_context), and a forecast takes {window.horizon} "
                    "(window.horizon). Give the split more time (split), or shorten window.horizon"
                )
            empty.append(f"{split}: {count} rows give no window: {fix}.")
        if empty:
            raise DataError("window: not every split can be trained or scored on.\n" + "\n".join(empty))


def unscaled_series(rows: SeriesRows) -> tuple[bytes, ...]:
    """Returns the series whose values the graph could not scale: their targets are infinite."""
    infinite = np.isinf(rows.columns[NUMBERS][:, 0])
    return tuple(rows.ids[np.unique(rows.code[infinite])].tolist())


def longest_steps(grid: Grid, splits: SplitSteps, *, context_length: int) -> dict[str, int]:
    """Returns the most steps of one series in each split that lie behind a context of so many steps."""
    found = {}
    for split, (start, end) in splits.items():
        steps = np.minimum(grid.last + 1, end) - np.maximum(grid.first + context_length, start)
        found[split] = max(0, int(steps.max()))
    return found
