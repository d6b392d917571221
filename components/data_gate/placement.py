"""Which worker sees which rows: groups of whole series, and blocks of time of a long one.

    placement = Placement.of(survey)
    for key, some in placement.route(rows):
        ...                             # about `GROUP_ROWS` rows have one key

Series that fit into a group are never cut. A longer one is cut at times
between which it has about as many rows, wherever these lie in time: a stray
time makes no empty block, a wrong frequency no full one.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from tapeline.components.data_gate.rows import Rows
from tapeline.components.data_gate.survey import Survey
from tapeline.series.grouping.rows import GROUP_ROWS


@dataclasses.dataclass(frozen=True, eq=False)
class Placement:
    """A key for every row.

    Attributes:
        ids: The series, bytes, ascending, `[u]`.
        key: The key of each series, or of its first block, int64 `[u]`.
        groups: Keys below this one are groups of whole series.
        cuts: Times at which the blocks of a long series begin, but the first, by its position in `ids`.
    """

    ids: np.ndarray
    key: np.ndarray
    groups: int
    cuts: dict[int, np.ndarray]

    @classmethod
    def of(cls, survey: Survey, *, group_rows: int | None = None) -> "Placement":
        """Divides all rows.

        Args:
            survey: What is known of all series.
            group_rows: Rows in a group, about; as a rule `GROUP_ROWS`.
        """
        limit = GROUP_ROWS if group_rows is None else group_rows
        rows = survey.rows.sum(axis=1)
        long = rows > limit
        before = np.cumsum(np.where(long, 0, rows)) - np.where(long, 0, rows)
        key = before // limit
        groups = int(key.max(initial=0)) + 1
        cuts: dict[int, np.ndarray] = {}
        free = groups
        order = np.lexsort((survey.sampled_time, survey.sampled))
        owner, times = survey.sampled[order], survey.sampled_time[order]
        for at in np.flatnonzero(long).tolist():
            mine = times[slice(*np.searchsorted(owner, [at, at + 1]))]
            blocks = int(-(-rows[at] // limit))
            cuts[at] = np.unique(mine[np.arange(1, blocks) * len(mine) // blocks]) if len(mine) else mine
            key[at] = free
            free += len(cuts[at]) + 1
        return cls(survey.ids, key, groups, cuts)

    def route(self, rows: Rows) -> Iterator[tuple[int, Rows]]:
        """Yields rows by their key."""
        at = np.searchsorted(self.ids, rows.ids)
        key = self.key[at][rows.code]
        by_series = np.argsort(rows.code, kind="stable")
        borders = np.searchsorted(rows.code[by_series], np.arange(len(at) + 1))
        for code in np.flatnonzero(self.key[at] >= self.groups).tolist():
            mine = by_series[borders[code] : borders[code + 1]]
            key[mine] += np.searchsorted(self.cuts[int(at[code])], rows.timestamp[mine], side="right")
        order = np.argsort(key, kind="stable")
        for piece in np.split(order, np.flatnonzero(np.diff(key[order])) + 1):
            if len(piece):
                yield int(key[piece[0]]), rows.take(piece)
