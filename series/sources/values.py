"""From columns of values and of series ids to what a row holds, and nothing guessed.

Empty fields and NaN are missing. `TRUE` and `FALSE` are 1 and 0. `inf` is a
number here; the data gate refuses it. Everything else is reported.

    numbers, problems = read_numbers(pa.array(["1.5", "", "TRUE"]), label="data.target: column 'y'")
    numbers       # [1.5, nan, 1.0]
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tapeline.series.sources.problems import Problem, find_problem

_NUMBER = r"(?i)^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity|nan)$"
_WRITE_NUMBERS = (
    "Write numbers with a decimal point and without thousands separators, and leave the field empty where a value is "
    "missing"
)


def read_numbers(column: pa.Array, *, label: str, first_row: int = 0) -> tuple[np.ndarray, list[Problem]]:
    """Reads a column of numbers.

    Args:
        column: Numbers, booleans or text, `[N]`.
        label: Argument and column, for messages.
        first_row: Row number of the first value.

    Returns:
        float64 `[N]`, NaN where missing, and what is wrong.
    """
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan), []
    if pa.types.is_string(kind):
        return _from_text(column, label=label, first_row=first_row)
    if pa.types.is_boolean(kind):
        column = pc.cast(column, pa.int8())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        wrong = np.ones(len(column), bool)
        rule = f"is of type {kind}, not a number"
        fix = "Write the column as numbers, or name another one"
        problems = find_problem(column=label, rule=rule, fix=fix, wrong=wrong, values=column, first_row=first_row)
        return np.full(len(column), np.nan), problems
    return _to_numpy(pc.cast(column, pa.float64(), safe=False)), []


def _to_numpy(numbers: pa.Array) -> np.ndarray:
    return numbers.fill_null(np.nan).to_numpy(zero_copy_only=False)


def _from_text(column: pa.Array, *, label: str, first_row: int) -> tuple[np.ndarray, list[Problem]]:
    trimmed = pc.utf8_trim_whitespace(column)
    texts = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    try:
        return _to_numpy(pc.cast(texts, pa.float64())), []
    except pa.ArrowInvalid:
        lowered = pc.utf8_lower(texts)
    truth = pc.if_else(pc.equal(lowered, "true"), 1.0, pc.if_else(pc.equal(lowered, "false"), 0.0, None))
    # Arrow takes no plus sign in front of a number.
    bare = pc.replace_substring_regex(texts, r"^\+", "")
    readable = pc.match_substring_regex(texts, _NUMBER)
    numbers = pc.coalesce(truth, pc.cast(pc.if_else(readable, bare, None), pa.float64()))
    wrong = pc.and_(pc.is_null(numbers), pc.is_valid(texts)).to_numpy(zero_copy_only=False)
    problems = find_problem(
        column=label, rule="is text, not a number", fix=_WRITE_NUMBERS, wrong=wrong, values=column, first_row=first_row
    )
    return _to_numpy(numbers), problems


def read_series_ids(column: pa.Array, *, label: str, first_row: int = 0) -> tuple[pa.Array, list[Problem]]:
    """Reads the column that names the series.

    Args:
        column: Text or whole numbers, `[N]`.
        label: Argument and column, for messages.
        first_row: Row number of the first value.

    Returns:
        Binary `[N]`, and what is wrong.
    """
    kind = column.type
    if not (pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)):
        rule, wrong = f"is of type {kind}, not text or a whole number", np.ones(len(column), bool)
        fix = "Write the series ids as text"
        problems = find_problem(column=label, rule=rule, fix=fix, wrong=wrong, values=column, first_row=first_row)
        return pa.array([b""] * len(column), pa.binary()), problems
    texts = pc.cast(column, pa.string()).fill_null("")
    wrong = pc.equal(pc.utf8_trim_whitespace(texts), "").to_numpy(zero_copy_only=False)
    fix = "Give every row a series id, or set data.series_id to null if the data hold one series"
    problems = find_problem(
        column=label, rule="names no series", fix=fix, wrong=wrong, values=column, first_row=first_row
    )
    return pc.cast(texts, pa.binary()), problems
