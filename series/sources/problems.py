"""What is wrong with a source, collected over all its blocks and told in one message.

Blocks are read on workers, where an exception would reach the user wrapped in
a stack trace. A worker therefore returns problems; the main process merges
them and raises.

>>> column = Column(pa.array(["2021-01-01", None]), label="data.time: column 'ds'")
>>> column.note(np.array([False, True]), "is empty", "Fill it in")
>>> print(column.problems[0].shifted(rows=10, file="sales.csv"))
sales.csv: data.time: column 'ds': row 11 '': is empty. Fill it in
"""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from tapeline.schemas.errors import DataError, escaped
from tapeline.series.arrays import Bools

SHOWN = 5
"""Offending rows that a message shows; the others are counted."""

FEW_TEXTS = 20
"""Different texts up to which a column of texts looks like categories."""

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
        texts: Different texts where numbers should be, at most `FEW_TEXTS` and one more.
        values: How many values there are beside them, the texts included.
    """

    column: str
    rule: str
    fix: str
    count: int
    rows: tuple[tuple[int, str], ...] = ()
    file: str = ""
    texts: tuple[str, ...] = ()
    values: int = 0

    def merge(self, other: "Problem") -> "Problem":
        """Returns the same problem of both: counts added up, the first rows and texts."""
        return dataclasses.replace(
            self,
            count=self.count + other.count,
            rows=(self.rows + other.rows)[:SHOWN],
            texts=tuple(dict.fromkeys(self.texts + other.texts))[: FEW_TEXTS + 1],
            values=self.values + other.values,
        )

    @property
    def is_categories(self) -> bool:
        """Whether a covariate seems to hold categories: few different texts, again and again, and hardly a number."""
        worded = sum(any(letter.isalpha() for letter in text) for text in self.texts)
        return (
            self.column.startswith("features.")
            and 2 * worded > len(self.texts)
            and len(self.texts) <= FEW_TEXTS
            and 2 * self.count > max(self.values, 2 * len(self.texts))
        )

    def shifted(self, *, rows: int, file: str) -> "Problem":
        """Returns the same problem with its row numbers counted from the start of `file`."""
        return dataclasses.replace(self, rows=tuple((row + rows, value) for row, value in self.rows), file=file)

    def __str__(self) -> str:
        if self.is_categories:
            _, _, name = self.column.partition(": column ")
            shown = ", ".join(show_name(text) for text in sorted(self.texts))
            return (
                f"{self.file}: {self.column}: {self.count:,} of {self.values:,} values are text, not numbers, and look "
                f"like categories: {shown}. If they are, add features.categorical: [{name}]; else write numbers"
            )
        if not self.rows:
            return f"{self.file}: {self.column}: {self.rule}. {self.fix}"
        shown = ", ".join(f"row {row} {value}" for row, value in self.rows)
        more = f" and {self.count - len(self.rows):,} more" if self.count > len(self.rows) else ""
        return f"{self.file}: {self.column}: {shown}{more}: {self.rule}. {self.fix}"


def show(value: Any) -> str:
    """Returns a value as messages show it: quoted, and cut when long; nothing between the quotes where it is missing."""
    # A missing value is None, or one of Arrow's that is not valid.
    text = "" if value is None or not getattr(value, "is_valid", True) else str(value)
    return repr(cut(text))


def cut(text: str) -> str:
    """Returns a text, its end left out when it is long."""
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "..."


def show_name(name: str) -> str:
    """Returns a column's name as messages list it: without quotes, cut when long."""
    return escaped(cut(name))


class Column:
    """A column of a batch while it is read, and what is found wrong with its rows.

    Args:
        values: The column, `[N]`.
        label: Argument and column, as messages name them.
        first_row: Row number of the first value.
    """

    def __init__(self, values: pa.Array, *, label: str, first_row: int = 0) -> None:
        self.values = values
        self.label = label
        self.first_row = first_row
        self.problems: list[Problem] = []

    def note(self, wrong: Bools, rule: str, fix: str, *, texts: pa.Array | None = None, values: int = 0) -> None:
        """Notes rows that break a rule.

        Args:
            wrong: bool `[N]`.
            rule: What is wrong with the rows.
            fix: What the user can do.
            texts: What stands in these rows, where numbers should.
            values: Rows that have a value.
        """
        positions = np.flatnonzero(wrong)
        if len(positions):
            rows = tuple(self.shown(int(at)) for at in positions[:SHOWN])
            different = (
                () if texts is None else tuple(cut(text) for text in texts.unique()[: FEW_TEXTS + 1].to_pylist())
            )
            self.problems.append(
                Problem(
                    column=self.label,
                    rule=rule,
                    fix=fix,
                    count=len(positions),
                    rows=rows,
                    texts=different,
                    values=values,
                )
            )

    def note_all(self, rule: str, fix: str) -> None:
        """Notes every row."""
        self.note(np.ones(len(self.values), bool), rule, fix)

    def shown(self, at: int) -> tuple[int, str]:
        """Returns row number and value of a position, as messages show them."""
        return self.first_row + at, show(self.values[at])


def raise_problems(problems: Iterable[Problem]) -> None:
    """Raises one error that lists all problems; returns when there are none.

    Problems of blocks that break the same rule in the same column of the same file are told as one.

    Raises:
        DataError: There is a problem.
    """
    merged: dict[tuple[str, ...], Problem] = {}
    for problem in problems:
        key = (problem.file, problem.column, problem.rule)
        merged[key] = merged[key].merge(problem) if key in merged else problem
    lines = [str(problem) for problem in merged.values()]
    if len(lines) == 1:
        raise DataError(lines[0])
    if lines:
        shown = "\n  ".join(lines[:_LINES])
        more = f"\n  and {len(lines) - _LINES:,} more" if len(lines) > _LINES else ""
        raise DataError(f"{len(lines):,} mistakes in the data (rows count from 0 under the header)\n  {shown}{more}")
