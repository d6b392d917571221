"""Opens Parquet files, and nothing that a file brings is run.

Arrow before 14.0.1 unpickles the type of a column that calls itself `arrow.py_extension_type` (CVE-2023-47248), and a
pickle may name any function. `pyarrow_hotfix` takes that type out of Arrow when it is imported, so all that reads
Parquet goes through here.
"""

import pathlib

import pyarrow.parquet

from tapeline.schemas.stack import NEWER

if not NEWER:
    import pyarrow_hotfix  # noqa: F401


def open_parquet(file: str | pathlib.Path) -> pyarrow.parquet.ParquetFile:
    """Opens a file; it is closed at the end of a `with`."""
    return pyarrow.parquet.ParquetFile(file)
