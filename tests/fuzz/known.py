"""Inputs that pass wrongly today, each with what goes wrong and where.

A mutation in `KNOWN` must fail: once it is fixed, its test says so, and its line here goes. `RARE` names faults that
only some inputs of a mutation show; these are not counted.
"""

_QUOTE = "Arrow's CSV reader forgives {}; series/sources/reading.py `_csv_batches` checks no quotes"
_FOLDER = "files_below (series/sources/partitions.py) passes {} over without a word: its rows are lost"
_ZONE = "series/sources/timestamps.py `localize`: {}"
_LONG = "the message holds the whole {}, however long"
_RAW = "the message prints {} as it is, with characters that a terminal obeys"

KNOWN: dict[str, str] = {
    "csv: one quote opens in an unused column": _QUOTE.format("a quote that never closes: all rows after it are lost"),
    "csv: two quotes open in an unused column": _QUOTE.format("text behind a closing quote: rows between are lost"),
    "csv: quote in the middle of a number": _QUOTE.format('`"105.86"9`, read as 105.869'),
    "csv: quote in the middle of an id": _QUOTE.format("text behind a closing quote"),
    "csv: quote in the middle of a time": _QUOTE.format("text behind a closing quote"),
    "csv: quote in the middle of an unused field": _QUOTE.format("text behind a closing quote"),
    "csv: backslash before a quote": _QUOTE.format("text behind a closing quote"),
    "csv: quote at the end of the header, another below": (
        "`_read_header` (series/sources/reading.py) counts quotes and takes rows for a part of the header: they are lost"
    ),
    "csv: escape codes of a terminal in the header": _RAW.format("column names (`_check_header`)"),
    "csv: column names of many characters": _LONG.format("column names (`_check_header`)"),
    "csv: nan with a payload": "`_from_text` (series/sources/values.py): Arrow takes nan(1) for a missing value",
    "csv: beyond a double": "`_from_text` (series/sources/values.py): 1e400 becomes infinite",
    "csv: a day that the zone left out": _ZONE.format("a day that a zone left out becomes the next one"),
    "csv: before the zone was": _ZONE.format("pytz rounds the local mean time of before 1893 to minutes"),
    "csv: summer time after 2037": _ZONE.format("pytz knows no clock changes after 2037, so summer is an hour off"),
    "csv: id with a space behind it": "`read_series_ids` (series/sources/values.py) takes 'Wien ' for another series",
    "csv: id in another Unicode form": "`read_series_ids` (series/sources/values.py) takes ö and o + ¨ for two series",
    "bytes: byte order mark in the middle": "Arrow drops a byte order mark at the start of each block; harmless so far",
    "bytes: two byte order marks": _RAW.format("column names (`_check_header`)"),
    "bytes: bz2, in two parts, the second damaged": (
        "Python's bz2 ignores what follows the first part: rows are lost (`_unpacked`, series/sources/reading.py)"
    ),
    "bytes: xz, in two parts, the second damaged": (
        "Python's lzma ignores what follows the first part: rows are lost (`_unpacked`, series/sources/reading.py)"
    ),
    "parquet: decimals": "Arrow's cast from decimals is off by the last bit (series/sources/values.py `read_numbers`)",
    "parquet: long decimals": "Arrow's cast from decimals is off by the last bit (series/sources/values.py)",
    "parquet: times of an unknown zone": (
        "pyarrow's iter_batches raises pytz.UnknownTimeZoneError, which is none of DAMAGES (series/sources/reading.py)"
    ),
    "parquet: a type that runs code": (
        "series/sources/reading.py imports pyarrow without pyarrow_hotfix: Arrow before 14.0.1 unpickles column types"
    ),
    "folder: suffix in capitals": _FOLDER.format("B.CSV"),
    "folder: zip": _FOLDER.format("part.csv.zip"),
    "folder: zip alone, by another name": _FOLDER.format("delivery.zip"),
    "folder: half-written file": _FOLDER.format("part.csv.tmp"),
    "folder: backup with a tilde": _FOLDER.format("part.csv~"),
    "folder: tab-separated values": _FOLDER.format("part.tsv"),
    "folder: no suffix": _FOLDER.format("a file without suffix"),
    "folder: compressed, suffix in capitals": _FOLDER.format("part.csv.GZ"),
    "folder: compressed, of an unknown kind": _FOLDER.format("part.csv.lz4"),
    "folder: linked folder": _FOLDER.format("a link to a folder (os.walk follows none)"),
    "folder: locked folder": _FOLDER.format("a folder that may not be listed (os.walk without onerror)"),
    "folder: glob that matches a folder": "`_glob` (series/sources/source.py) drops folders: their rows are lost",
}

RARE: dict[str, str] = {
    "parquet: cut at the front": "cannot be printed",
    "parquet: end turned over": "cannot be printed",
}
"""Part of the fault's text by mutation: Thrift's messages hold raw bytes."""

OF_OLD_LIBRARIES = frozenset(
    {
        "bytes: byte order mark in the middle",
        "csv: before the zone was",
        "csv: nan with a payload",
        "csv: summer time after 2037",
        "parquet: decimals",
        "parquet: long decimals",
        "parquet: times of an unknown zone",
    }
)
"""Faults of Arrow 10 and pandas 1.5, which newer ones may not have: only with those must they show."""
