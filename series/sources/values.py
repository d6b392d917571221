"""From columns of values and of series ids to what a row holds, and nothing guessed.

Empty fields and NaN are missing. `TRUE` and `FALSE` are 1 and 0. `inf` is a
number here; the data gate refuses it. Everything else is reported.

>>> read_numbers(Column(pa.array(["1.5", "", "TRUE"]), label="data.target: column 'y'"))
array([1.5, nan, 1. ])
"""

import contextlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tapeline.series.arrays import Floats
from tapeline.series.sources.problems import Column

_NUMBER = r"(?i)^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity|nan)$"
_WRITE_NUMBERS = (
    "Write numbers with a decimal point (or set data.decimal: comma) and without thousands separators, and leave the field empty where a value is "
    "missing"
)


def read_numbers(column: Column, *, decimal: str = ".") -> Floats:
    """Reads a column of numbers, booleans or text, and notes the rows that hold none.

    Args:
        column: The column.
        decimal: Decimal mark of numbers that are text.

    Returns:
        float64 `[N]`, NaN where missing.
    """
    values, kind = column.values, column.values.type
    if pa.types.is_string(kind):
        return _from_text(column, decimal)
    if pa.types.is_boolean(kind):
        values = pc.cast(values, pa.int8())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        if not pa.types.is_null(kind):
            column.note_all(f"is of type {kind}, not a number", "Write the column as numbers, or name another one")
        return np.full(len(values), np.nan)
    elif pa.types.is_decimal(kind):
        # Arrow's own cast is off by the last bit; text is read exactly.
        values = pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())
    return _to_numpy(pc.cast(values, pa.float64(), safe=False))


def _to_numpy(numbers: pa.Array) -> Floats:
    return np.asarray(numbers.fill_null(np.nan).to_numpy(zero_copy_only=False), np.float64)


def _from_text(column: Column, decimal: str) -> Floats:
    trimmed = pc.utf8_trim_whitespace(column.values)
    if decimal != ".":
        # A point is no part of such a number: it may separate thousands.
        trimmed = pc.replace_substring(pc.replace_substring(trimmed, ".", "_"), decimal, ".")
    texts = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    # What is not finite is looked at twice: Arrow takes nan(1) for a missing value, and 1e400 for an infinite one.
    with contextlib.suppress(pa.ArrowInvalid):
        plain = pc.cast(texts, pa.float64())
        if pc.all(pc.is_finite(plain)).as_py() is not False:
            return _to_numpy(plain)
    lowered = pc.utf8_lower(texts)
    truth = pc.if_else(pc.equal(lowered, "true"), 1.0, pc.if_else(pc.equal(lowered, "false"), 0.0, None))
    # Arrow takes no plus sign in front of a number.
    bare = pc.replace_substring_regex(texts, r"^\+", "")
    readable = pc.match_substring_regex(texts, _NUMBER)
    numbers = pc.coalesce(truth, pc.cast(pc.if_else(readable, bare, None), pa.float64()))
    wrong = pc.and_(pc.is_null(numbers), pc.is_valid(texts)).to_numpy(zero_copy_only=False)
    column.note(
        wrong,
        "is text, not a number",
        _WRITE_NUMBERS,
        texts=texts.filter(pa.array(wrong)),
        values=len(texts) - texts.null_count,
    )
    beyond = pc.and_(pc.is_inf(numbers), pc.match_substring_regex(texts, "[0-9]")).fill_null(False)
    column.note(
        beyond.to_numpy(zero_copy_only=False),
        "is beyond the range of a double, 1.8e308",
        "Correct it, or write the column in a larger unit",
    )
    return _to_numpy(numbers)


def read_categories(column: Column) -> pa.Array:
    """Reads a column of categories, text or whole numbers, and notes the rows that hold neither.

    Returns:
        Binary `[N]`, without spaces around; empty where missing.
    """
    values, kind = column.values, column.values.type
    if pa.types.is_floating(kind):
        # Whole numbers with a missing one among them are often stored as floats.
        numbers = pc.if_else(pc.is_nan(values), None, values)
        whole = pc.and_(pc.is_finite(numbers), pc.equal(pc.floor(numbers), numbers)).fill_null(True)
        column.note(
            pc.invert(whole).to_numpy(zero_copy_only=False),
            "is not a whole number",
            "Write categories as text or whole numbers, or take the column out of features.categorical",
        )
        values = pc.cast(pc.if_else(whole, numbers, None), pa.int64(), safe=False)
    elif not (pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        if not pa.types.is_null(kind):
            column.note_all(f"is of type {kind}, not text or a whole number", "Write the categories as text")
        return pa.array([b""] * len(values), pa.binary())
    texts = pc.utf8_trim_whitespace(pc.cast(values, pa.string()).fill_null(""))
    column.note(
        pc.match_substring_regex(texts, r"[\n\r]").to_numpy(zero_copy_only=False),
        "holds a line break",
        "Write each category on one line",
    )
    return pc.cast(texts, pa.binary())


def read_series_ids(column: Column) -> pa.Array:
    """Reads the column that names the series, text or whole numbers, and notes the rows that name none.

    Returns:
        Binary `[N]`.
    """
    kind = column.values.type
    if not (pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)):
        column.note_all(f"is of type {kind}, not text or a whole number", "Write the series ids as text")
        return pa.array([b""] * len(column.values), pa.binary())
    texts = pc.cast(column.values, pa.string()).fill_null("")
    column.note(
        pc.equal(pc.utf8_trim_whitespace(texts), "").to_numpy(zero_copy_only=False),
        "names no series",
        "Give every row a series id, or set data.series_id to null if the data hold one series",
    )
    return pc.cast(texts, pa.binary())


def join_series_ids(columns: Sequence[Column]) -> pa.Array:
    """Reads the columns that name the series together, their values joined by `/`: `north/bread`.

    Args:
        columns: One or several.

    Returns:
        Binary `[N]`.
    """
    parts = [read_series_ids(column) for column in columns]
    if len(parts) == 1:
        return parts[0]
    for column, part in zip(columns, parts, strict=True):
        slashed = pc.match_substring(pc.cast(part, pa.string()), "/").to_numpy(zero_copy_only=False)
        column.note(slashed, "holds a /, which joins the columns of data.series_id", "Write another mark in its place")
    return pc.binary_join_element_wise(*parts, pa.scalar(b"/", pa.binary()))
