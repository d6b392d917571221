"""What is wrong with a source, collected over all its blocks and told in one message.

Blocks are read on workers, where an exception would reach the user wrapped in
a stack trace. A worker therefore returns problems; the main process merges
them and raises.

    problem = find_problem(column="data.time: column 'ds'", rule="is empty", fix="Fill it in.",
                           wrong=np.array([False, True]), values=["2021-01-01", None])
    problem.count, problem.rows      # 1, ((1, "''"),)
"""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tapeline.schemas.errors import DataError

SHOWN = 5
"""Offending rows that a message shows; the others are counted."""

_LONGEST_VALUE = 60
_LINES = 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Problem:
    """One rule that rows of one column break.

    Attributes:
        column: Argument and column, as the message names them.
        rule: What is wrong, after "row 3 '12,5': ".
        fix: What the user can do.
        count: Rows that break the rule.
        rows: The first of them, each with its row number and its value.
        file: The file that they lie in; empty until the blocks are merged.
    """

    column: str
    rule: str
    fix: str
    count: int
    rows: tuple[tuple[int, str], ...] = ()
    file: str = ""

    def shifted(self, *, rows: int, file: str) -> "Problem":
        """The same problem with its row numbers counted from the start of `file`."""
        return dataclasses.replace(self, rows=tuple((row + rows, value) for row, value in self.rows), file=file)

    def __str__(self) -> str:
        if not self.rows:
            return f"{self.file}: {self.column}: {self.rule}. {self.fix}"
        shown = ", ".join(f"row {row} {value}" for row, value in self.rows)
        more = f" and {self.count - len(self.rows):,} more" if self.count > len(self.rows) else ""
        return f"{self.file}: {self.column}: {shown}{more}: {self.rule}. {self.fix}"


def show(value: Any) -> str:
    """Returns a value as messages show it: quoted, and cut when long; nothing between the quotes where it is missing."""
    # A missing value is None, or one of Arrow's that is not valid.
    text = "" if value is None or not getattr(value, "is_valid", True) else str(value)
    return repr(text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "...")


def find_problem(
    *, column: str, rule: str, fix: str, wrong: np.ndarray, values: Sequence[Any], first_row: int = 0
) -> list[Problem]:
    """Returns the problem that some rows have, or nothing.

    Args:
        column: Argument and column.
        rule: What is wrong with the rows.
        fix: What the user can do.
        wrong: bool `[N]`.
        values: The values of the rows, `[N]`; read only where `wrong`.
        first_row: Row number of the first value.
    """
    positions = np.flatnonzero(wrong)
    if not len(positions):
        return []
    rows = tuple((first_row + int(at), show(values[int(at)])) for at in positions[:SHOWN])
    return [Problem(column=column, rule=rule, fix=fix, count=len(positions), rows=rows)]


def merge_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Joins the problems of blocks that break the same rule in the same column of the same file."""
    merged: dict[tuple[str, ...], Problem] = {}
    for problem in problems:
        key = (problem.file, problem.column, problem.rule)
        before = merged.get(key)
        if before is None:
            merged[key] = problem
        else:
            rows = (before.rows + problem.rows)[:SHOWN]
            merged[key] = dataclasses.replace(before, count=before.count + problem.count, rows=rows)
    return list(merged.values())


def raise_problems(problems: Iterable[Problem]) -> None:
    """Raises one error that lists all problems; returns when there are none.

    Raises:
        DataError: There is a problem.
    """
    lines = [str(problem) for problem in merge_problems(problems)]
    if len(lines) == 1:
        raise DataError(lines[0])
    if lines:
        shown = "\n  ".join(lines[:_LINES])
        more = f"\n  and {len(lines) - _LINES:,} more" if len(lines) > _LINES else ""
        raise DataError(f"{len(lines):,} mistakes in the data (rows count from 0 under the header)\n  {shown}{more}")
