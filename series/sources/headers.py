"""What the columns of a file must be: those that are needed, none twice, and the same in all files."""

import collections
import difflib
from collections.abc import Sequence

from tapeline.schemas.errors import DataError
from tapeline.series.sources.problems import cut, show_name

_NAMES = 40


def _names(columns: set[str]) -> list[str]:
    return [cut(column) for column in sorted(columns)[:_NAMES]]


def check_same_columns(columns: Sequence[str], file: str, *, expected: Sequence[str], first: str) -> None:
    """Refuses a file that has other columns than the first one.

    Args:
        columns: Those of the file.
        file: Its path.
        expected: Those of the first file.
        first: Its path.

    Raises:
        DataError: They differ in more than their order.
    """
    if set(columns) == set(expected):
        return
    missing, more = _names(set(expected) - set(columns)), _names(set(columns) - set(expected))
    raise DataError(
        f"data.source: {file!r} has other columns than {first!r} (lacks {missing}, has {more} more). Give all files the "
        "same columns, or match fewer files."
    )


def check_header(header: Sequence[str], file: str, *, needed: dict[str, str]) -> None:
    """Refuses a file that lacks a column, or names one twice.

    Args:
        header: All columns of the file, those of its folders among them.
        file: Its path.
        needed: The columns to read, each with the argument that names it.

    Raises:
        DataError: It does.
    """
    twice = [cut(column) for column, count in collections.Counter(header).items() if count > 1]
    if twice:
        raise DataError(
            f"data.source: {file!r} has more than one column named {twice[:_NAMES]} (folders' names are columns as well). "
            "Rename them."
        )
    for column, argument in needed.items():
        if column in header:
            continue
        close = difflib.get_close_matches(column, header, n=1)
        hint = f"Name the column in {argument}, or correct the header"
        if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
            hint = "This file seems to use another mark between columns: name it in data.separator"
        elif close:
            hint = f"Did you mean {close[0]!r}?"
        elif argument == "data.series_id":
            hint = "Name the column, or set data.series_id to null if the data hold one series"
        shown = ", ".join(map(show_name, header[:_NAMES])) + (", ..." if len(header) > _NAMES else "")
        raise DataError(f"{argument}: column {column!r} is not in {file!r} (columns: {shown}). {hint}.")
