"""Inputs that pass wrongly today, each with what goes wrong and where.

A mutation in `KNOWN` must fail: once it is fixed, its test says so, and its line here goes. `RARE` names faults that
only some inputs of a mutation show; these are not counted.
"""

KNOWN: dict[str, str] = {
    "csv: before the zone was": (
        "series/sources/timestamps.py `localize`: pytz rounds the local mean time of before 1893 to minutes"
    ),
    "bytes: byte order mark in the middle": "Arrow drops a byte order mark at the start of each block; harmless so far",
    "parquet: bytes of floats apart": "Arrow 10 cannot read what it writes with BYTE_STREAM_SPLIT and nulls; it is refused",
}

RARE: dict[str, str] = {}
"""Part of the fault's text by mutation."""

OF_OLD_LIBRARIES = frozenset(
    {
        "bytes: byte order mark in the middle",
        "csv: before the zone was",
        "parquet: bytes of floats apart",
    }
)
"""Faults of Arrow 10 and pandas 1.5, which newer ones may not have: only with those must they show."""
