"""Where the rows come from: files by path, glob, folder or span, or a data set that statsmodels brings.

>>> find_source(DataConfig(source="statsmodels:co2", frequency="W-SAT"))
Source(files=(), root=None, spans=(), version=None, built_in='co2', separator=',')
"""

import dataclasses
import glob
import hashlib
import os
import pathlib
import typing
import urllib.parse

from tapeline.schemas.errors import ConfigError, DataError
from tapeline.schemas.sections import DataConfig
from tapeline.series.sources.folders import SUFFIXES, files_below, files_matching, is_readable
from tapeline.series.sources.spans import choose_spans, glob_of, has_spans

if typing.TYPE_CHECKING:
    import pandas as pd

_STATSMODELS = "statsmodels:"
_BUILT_IN = ("co2",)
_CHUNK = 1 << 20
_MISSING = "__HIVE_DEFAULT_PARTITION__"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """Files, or one built-in data set.

    Attributes:
        files: Sorted by path, span after span; empty for a built-in data set.
        root: Folder below which the names of folders hold columns, or None.
        spans: Numbers of the spans that were taken, ascending; empty where the source names none.
        version: Version of the newest span, or None.
        built_in: Name of statsmodels' data set, or None.
        separator: Mark between the fields of a CSV file.
    """

    files: tuple[pathlib.Path, ...] = ()
    root: pathlib.Path | None = None
    spans: tuple[int, ...] = ()
    version: int | None = None
    built_in: str | None = None
    separator: str = ","


def find_source(data: DataConfig) -> Source:
    """Returns what `data.source` names.

    Raises:
        DataError: There is nothing, or nothing that can be read.
        ConfigError: Its marks for spans do not go together.
    """
    if data.source is None:
        raise DataError(f"data.source: none is configured. Give the data with --data PATH.{_origin(data)}")
    if data.source.startswith(_STATSMODELS):
        name = data.source.removeprefix(_STATSMODELS)
        if name not in _BUILT_IN:
            known = ", ".join(_STATSMODELS + built_in for built_in in _BUILT_IN)
            raise DataError(f"data.source: got {data.source!r}, the built-in data sets are: {known}. Name one of them.")
        return Source(built_in=name)
    source = dataclasses.replace(_find_files(data), separator=data.separator_mark)
    for file in source.files:
        if not _is_utf8(str(file)):
            raise DataError(
                f"data.source: {os.fsencode(file)!r} is a path that is no UTF-8, and neither Arrow nor ML Metadata takes "
                "another. Rename the file or its folder."
            )
        if not is_readable(file.name):
            raise DataError(
                f"data.source: {str(file)!r} is no kind of file that can be read ({', '.join(SUFFIXES)}). "
                "Convert it, or rename it if it is one of these."
            )
        if not file.exists():
            raise DataError(f"data.source: {str(file)!r} is a link to a file that is not there. Correct or remove it.")
        if file.stat().st_size == 0:
            raise DataError(f"data.source: {str(file)!r} is empty. Give a file with a header and rows.")
    return source


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _find_files(data: DataConfig) -> Source:
    path = pathlib.Path(str(data.source)).expanduser()
    if data.spans > 1 and not has_spans(str(path)):
        raise ConfigError(
            f"data.spans: got {data.spans}, and data.source {data.source!r} names no span. Write {{SPAN}} where the "
            "number of the span stands, or leave data.spans out."
        )
    if path.is_file():
        return Source(files=(path,))
    if path.is_dir():
        below = tuple(files_below(path))
        if not below:
            raise DataError(
                f"data.source: the folder {str(path)!r} holds no file that can be read ({', '.join(SUFFIXES)}). "
                "Give another folder, a file or a glob with --data."
            )
        return Source(files=below, root=path)
    pattern = str(path)
    if has_spans(pattern):
        found = files_matching(glob_of(pattern))
        if found:
            chosen = choose_spans(pattern, list(map(str, found)), newest=data.spans)
            root = _root(glob_of(pattern))
            files = tuple(map(pathlib.Path, chosen.files))
            return Source(files=files, root=root, spans=chosen.spans, version=chosen.version)
    elif found := files_matching(pattern):
        return Source(files=tuple(found), root=_root(pattern))
    what = "no file matches" if glob.has_magic(pattern) or has_spans(pattern) else "no file"
    raise DataError(f"data.source: {what} {pattern!r}. Give the data with --data PATH.{_origin(data)}")


def _root(pattern: str) -> pathlib.Path:
    """The folder that a glob begins to search in."""
    path = pathlib.Path(pattern)
    while glob.has_magic(str(path)):
        path = path.parent
    return path


def _origin(data: DataConfig) -> str:
    return f" They can be had here: {data.origin}" if data.origin else ""


def load_built_in(name: str) -> "pd.DataFrame":
    """Returns one of statsmodels' data sets, its index as the first column.

    Args:
        name: Its name in `statsmodels.datasets`.
    """
    import importlib

    dataset = importlib.import_module(f"statsmodels.datasets.{name}").load_pandas().data
    frame: pd.DataFrame = dataset.rename_axis(dataset.index.name or "date").reset_index()
    return frame


def source_fingerprint(data: DataConfig) -> str:
    """Returns the SHA-256 of everything that the source holds, and of the files' names.

    Args:
        data: Names the source.

    Raises:
        DataError: There is nothing, or nothing that can be read.
    """
    source = find_source(data)
    digest = hashlib.sha256()
    if source.built_in is not None:
        frame = load_built_in(source.built_in)
        digest.update(f"{_STATSMODELS}{source.built_in}".encode())
        for column in frame.columns:
            digest.update(str(column).encode() + b"\0" + frame[column].to_numpy().tobytes())
        return digest.hexdigest()
    for file in source.files:
        # Name and size first: moving bytes from one file to the next changes the fingerprint. Folders may hold columns.
        name = file.relative_to(source.root) if source.root else file.name
        digest.update(f"{name}\0{file.stat().st_size}\0".encode())
        try:
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
        except OSError as error:
            raise DataError(
                f"data.source: {str(file)!r} cannot be read: {error.strerror}. Make the file readable."
            ) from error
    return digest.hexdigest()


def partition_of(file: str | os.PathLike[str], *, root: str | os.PathLike[str]) -> dict[str, str]:
    """Returns the columns that the folders between a root and a file name, as Hive, Spark and pandas write them.

    >>> partition_of("load/region=VIC/year=2021/part-0.parquet", root="load")
    {'region': 'VIC', 'year': '2021'}

    Such a column is text, the same in every row of a file; "" where a value is missing.

    Args:
        file: A path below `root`.
        root: Folder that the partitions begin in; folders above it name no columns.
    """
    columns = {}
    for folder in pathlib.PurePath(os.path.relpath(file, root)).parts[:-1]:
        name, equals, value = folder.partition("=")
        if name and equals:
            # Writers escape what a folder's name may not hold.
            text = urllib.parse.unquote(value)
            columns[urllib.parse.unquote(name)] = "" if text == _MISSING else text
    return columns
